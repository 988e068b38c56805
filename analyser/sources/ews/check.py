"""The pre-flight check of an Exchange server: each step that a scan takes, tried once, with the fix for what fails."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from analyser.errors import AnalyserError
from analyser.sources.checks import Check, Verdict
from analyser.sources.ews import soap
from analyser.sources.ews.client import Client
from analyser.sources.ews.outcomes import RefusedError
from analyser.sources.ews.source import EwsSource
from analyser.sources.service.answers import OverBudgetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyser import config

__all__ = ["MICROSOFT", "SCOPE", "THROTTLING", "check_ews"]

MICROSOFT: Final = (
    "outlook.office365.com",
    "outlook.office.com",
    "outlook.office365.us",
    "outlook-dod.office365.us",
    "webmail.apps.mil",
    "partner.outlook.cn",
    "outlook.office.de",
)
"""Where Exchange Online answers, in each cloud."""

TRIED: Final = 20
"""Mailboxes that are tried to find one that can be read."""
RETRIES: Final = 3
_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_ANSWERS: Final = ("ErrorNameResolutionNoResults",)
_VERSIONS: Final = frozenset({"ErrorInvalidServerVersion", "ErrorWrongServerVersion", "ErrorSchemaValidation"})

SCOPE: Final = """\
let the account read some mailboxes alone, in the Exchange Management Shell:
  New-ManagementScope -Name analyser -RecipientRestrictionFilter "MemberOfGroup -eq 'DISTINGUISHED_NAME_OF_A_GROUP'"
  New-ManagementRoleAssignment -Role ApplicationImpersonation -User svc-scan -CustomRecipientWriteScope analyser
then remove assignments without a scope: Get-ManagementRoleAssignment -Role ApplicationImpersonation"""
"""What an administrator types; the documentation shows the same lines."""

THROTTLING: Final = """\
give the account a throttling policy of its own, in the Exchange Management Shell:
  New-ThrottlingPolicy -Name analyser -ThrottlingPolicyScope Regular -EwsMaxConcurrency 27 -EwsCutoffBalance 3000000
  Set-ThrottlingPolicyAssociation -Identity svc-scan -ThrottlingPolicy analyser"""
"""What an administrator types; the documentation shows the same lines."""


def check_ews(settings: config.EwsSource) -> Iterator[Check]:
    """Endpoint, sign-in, version, a mailbox inside and one outside the scope."""

    def check(name: str, verdict: Verdict, said: str, fix: str | None = None) -> Check:
        return Check(settings.name, name, verdict, said, fix)

    host = (urlsplit(settings.endpoint).hostname or "").lower()
    if host in MICROSOFT:
        said = f"{host} is Exchange Online, which has Exchange Web Services switched off since October 2026"
        fix = "read it through Microsoft Graph: type = 'graph', see docs/exchange-online.md"
        yield check("endpoint", Verdict.FAIL, said, fix)
        return
    few = settings.model_copy(update={"retries_per_mailbox": min(RETRIES, settings.retries_per_mailbox)})
    try:
        source = EwsSource(few, batch_size=1, earliest=_EARLIEST)
    except AnalyserError as error:
        yield check("account", Verdict.FAIL, str(error).splitlines()[0], error.fix)
        return
    yield check(
        "account", Verdict.PASS, f"{settings.username or settings.client_id or 'of the ticket'}, {settings.auth}"
    )
    found = asyncio.run(_sign_in(few))
    yield found
    try:
        if found.verdict is Verdict.FAIL:
            return
        try:
            wanted = [mailbox.name for mailbox in source.mailboxes()]
        except AnalyserError as error:
            yield check("mailboxes", Verdict.FAIL, error.message, error.fix)
            return
        everyone = source.known_addresses()
    finally:
        source.close()
    others = sorted(everyone - set(wanted))
    yield from asyncio.run(_scope(few, wanted, others[0] if others else None))


async def _sign_in(settings: config.EwsSource) -> Check:
    """Ask the address list about the account itself: what every account may do."""
    client = Client(settings)
    name, version = settings.name, settings.version
    try:
        await client.call(soap.resolve_name(settings.username or "analyser"), client.gate(), passing=_ANSWERS)
    except OverBudgetError as error:
        fix = "check endpoint, network and certificates (REQUESTS_CA_BUNDLE)"
        return Check(name, "endpoint", Verdict.FAIL, f"{settings.endpoint} does not answer: {error}", fix)
    except RefusedError as error:
        if error.code in _VERSIONS:
            fix = "set 'version' to one that the server knows: Exchange2013_SP1"
            return Check(name, "version", Verdict.FAIL, f"the server does not speak {version}: {error}", fix)
        fix = "check username, password and auth; Set-CASMailbox -EwsEnabled, and what the virtual directory EWS allows"
        return Check(name, "endpoint", Verdict.FAIL, f"{settings.endpoint}: {error.reason}", fix)
    finally:
        await client.close()
    return Check(name, "endpoint", Verdict.PASS, f"{settings.endpoint} answers, speaks {version} and knows the account")


async def _scope(settings: config.EwsSource, wanted: list[str], outside: str | None) -> list[Check]:
    name, client = settings.name, Client(settings)

    async def tried(address: str) -> str | None:
        """Why a mailbox cannot be read; None if it can."""
        owner = address if settings.access == "delegate" else None
        body = soap.get_folders(["inbox"], owner)
        try:
            await client.call(body, client.gate(), mailbox=address)
        except RefusedError as error:
            return error.reason
        except OverBudgetError as error:
            return str(error)
        return None

    try:
        inside = dict(zip(wanted[:TRIED], await asyncio.gather(*map(tried, wanted[:TRIED])), strict=True))
        opened = await tried(outside) is None if outside is not None else False
    finally:
        await client.close()
    return [*_inside(name, inside), _outside(name, outside, opened=opened)]


def _inside(name: str, inside: dict[str, str | None]) -> Iterator[Check]:
    readable = [address for address, reason in inside.items() if reason is None]
    reasons = sorted({reason for reason in inside.values() if reason is not None})
    if not readable:
        said = f"none of {len(inside)} mailboxes can be read: {'; '.join(reasons) or 'there are none'}"
        yield Check(name, "inside the scope", Verdict.FAIL, said, SCOPE)
        return
    yield Check(name, "inside the scope", Verdict.PASS, f"{readable[0]} can be read")
    refused = next((f"{address}: {reason}" for address, reason in inside.items() if reason is not None), None)
    if refused is not None:
        fix = "see docs/exchange-on-premises.md"
        yield Check(name, "mailboxes", Verdict.WARN, f"cannot be read: {refused}", fix)


def _outside(name: str, outside: str | None, *, opened: bool) -> Check:
    if outside is None:
        said = "no mailbox is known that is not to be scanned; name a 'directory' to have one tried"
        return Check(name, "outside the scope", Verdict.PASS, said)
    if opened:
        return Check(name, "outside the scope", Verdict.WARN, f"{outside} is not to be scanned, and could be", SCOPE)
    return Check(name, "outside the scope", Verdict.PASS, f"{outside} cannot be read, as it should be")
