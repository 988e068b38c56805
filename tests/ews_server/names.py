"""The address list: ResolveNames and ExpandDL, and what clients ask of the server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ews_server.items import Writer
from ews_server.soap import M, Refusal, T, attribute, failure, success, tag

if TYPE_CHECKING:
    from ews_server.app import App, Exchange
    from ews_server.world import Group, User

__all__ = ["Names"]

KINDS = {
    "distribution_list": "PublicDL",
    "mail_security_group": "PublicDL",
    "team": "GroupMailbox",
    "microsoft_365_group": "GroupMailbox",
}


class Names:
    """Each method answers one operation with its response messages."""

    def __init__(self, app: App) -> None:
        self.app, self.store, self.writer = app, app.store, Writer(app.store)

    def resolve(self, exchange: Exchange) -> list[tuple[str, str]]:
        """One name; an X.500 address or SMTP address finds its one owner, a beginning all who have it."""
        call = exchange.call
        full = (call.element.get("ReturnFullContactData") or "").lower() in ("true", "1")
        found = self._search((call.text("UnresolvedEntry") or "").strip().lower())
        if not found:
            return [failure(Refusal("ErrorNameResolutionNoResults"))]
        most = self.app.options.resolve_limit
        shown = found[:most]
        inner = "".join(self._resolution(one, full=full) for one in shown)
        last = attribute("IncludesLastItemInRange", len(shown) == len(found))
        content = f"<m:ResolutionSet{attribute('TotalItemsInView', len(shown))}{last}>{inner}</m:ResolutionSet>"
        exchange.entry.items = len(shown)
        if len(found) > 1:
            return [failure(Refusal("ErrorNameResolutionMultipleResults"), kind="Warning", content=content)]
        return [success(content)]

    def _search(self, text: str) -> list[User | Group]:
        text = text.removeprefix("ex:").removeprefix("smtp:").removeprefix("=")
        if address := self.store.by_x500.get(text):
            return [user for user in self.store.users.values() if user.address == address]
        everyone = [*self.store.users.values(), *(group for group in self.store.groups.values() if group.address)]
        exact = [one for one in everyone if text in (one.address, *one.aliases)]
        if exact or not text or text.startswith("/o="):
            return exact
        return [one for one in everyone if one.name.lower().startswith(text) or one.address.startswith(text)]

    def _resolution(self, one: User | Group, *, full: bool) -> str:
        return f"<t:Resolution>{self._mailbox(one)}{self._contact(one) if full else ''}</t:Resolution>"

    def _mailbox(self, one: User | Group) -> str:
        if hasattr(one, "kind"):
            kind = KINDS[one.kind]
        else:
            kind = "Contact" if one.contact or one.type == "Guest" else "Mailbox"
        inner = (tag("Name", one.name), tag("EmailAddress", one.address), tag("RoutingType", "SMTP"))
        return f"<t:Mailbox>{''.join(inner)}{tag('MailboxType', kind)}</t:Mailbox>"

    def _contact(self, one: User | Group) -> str:
        addresses = [f"SMTP:{one.address}", *(f"smtp:{alias}" for alias in one.aliases)][:3]
        entries = "".join(f'<t:Entry Key="EmailAddress{n}">{a}</t:Entry>' for n, a in enumerate(addresses, 1))
        parts = [tag("DisplayName", one.name)]
        person = not hasattr(one, "kind")
        if person and one.company:
            parts.append(tag("CompanyName", one.company))
        parts += [f"<t:EmailAddresses>{entries}</t:EmailAddresses>", tag("ContactSource", "ActiveDirectory")]
        if person:
            chief = self.store.users.get(one.manager or "")
            named = (
                ("Department", one.department),
                ("JobTitle", one.title),
                ("Manager", chief and chief.name),
                ("OfficeLocation", one.office),
            )
            parts += [tag(name, value) for name, value in named if value]
        return f"<t:Contact>{''.join(parts)}</t:Contact>"

    def expand(self, exchange: Exchange) -> list[tuple[str, str]]:
        """One level of a list."""
        name = exchange.call.element.findtext(f"{M}Mailbox/{T}EmailAddress") or ""
        group = next((g for g in self.store.groups.values() if name.lower() in (g.address, *g.aliases)), None)
        if group is None:
            raise Refusal("ErrorNameResolutionNoResults")
        known = self.store.users | self.store.groups
        members = [known[key] for key in group.members if key in known and known[key].address]
        inner = "".join(self._mailbox(member) for member in members)
        total = attribute("TotalItemsInView", len(members)) + attribute("IncludesLastItemInRange", "true")
        exchange.entry.items = len(members)
        return [success(f"<m:DLExpansion{total}>{inner}</m:DLExpansion>")]

    def time_zones(self, exchange: Exchange) -> list[tuple[str, str]]:
        zone = '<t:TimeZoneDefinition Id="UTC" Name="(UTC) Coordinated Universal Time"/>'
        return [success(f"<m:TimeZoneDefinitions>{zone}</m:TimeZoneDefinitions>")]

    def convert(self, exchange: Exchange) -> list[tuple[str, str]]:
        """No id is converted; a client that asks for nonsense, to learn the version, learns it."""
        asked = exchange.call.element.find(f"{M}SourceIds")
        return [failure(Refusal("ErrorInvalidIdMalformed")) for _ in asked]
