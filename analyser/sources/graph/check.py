"""The pre-flight check of a tenant: each step that a scan takes, tried once, with the fix for what fails."""

from __future__ import annotations

import asyncio
import email.utils
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec

from analyser.errors import AnalyserError, SourceError
from analyser.sources.checks import Check, Verdict
from analyser.sources.graph.answers import RefusedError
from analyser.sources.graph.auth import Tokens, roles_of
from analyser.sources.graph.client import Client
from analyser.sources.graph.clouds import cloud_of
from analyser.sources.graph.directory import DirectoryReader
from analyser.sources.graph.outcomes import reason_of
from analyser.sources.graph.permissions import ENDPOINTS, judge
from analyser.sources.service.answers import OverBudgetError
from analyser.sources.service.chosen import listed
from analyser.sources.service.tls import tls_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyser.config import GraphSource

__all__ = ["RBAC", "check_graph"]

SKEW: Final = 60.0
"""Seconds by which clocks may differ before tokens that were just issued are refused."""
SKEW_FATAL: Final = 300.0
TRIED: Final = 20
"""Mailboxes that are tried to find one that can be read."""

RBAC: Final = """\
limit the application to some mailboxes by RBAC for Applications, in Exchange Online PowerShell:
  New-ServicePrincipal -AppId CLIENT_ID -ObjectId SERVICE_PRINCIPAL_OBJECT_ID -DisplayName analyser
  New-ManagementScope -Name analyser -RecipientRestrictionFilter "MemberOfGroup -eq 'DISTINGUISHED_NAME_OF_A_GROUP'"
  New-ManagementRoleAssignment -App CLIENT_ID -Role "Application Mail.ReadBasic" -CustomResourceScope analyser
  Test-ServicePrincipalAuthorization -Identity CLIENT_ID -Resource user@contoso.com
then remove Mail.ReadBasic.All from the application in Entra: the two add up, and the scope would do nothing"""
"""What an administrator types; the documentation shows the same lines."""

_ANY: Final = msgspec.json.Decoder(dict[str, Any])


def check_graph(settings: GraphSource) -> Iterator[Check]:
    """Authority, clock, token, permissions, directory, a mailbox inside and one outside the scope."""

    def check(name: str, verdict: Verdict, said: str, fix: str | None = None) -> Check:
        return Check(settings.name, name, verdict, said, fix)

    cloud = cloud_of(settings)
    try:
        tokens = Tokens(settings)
    except AnalyserError as error:
        yield check("credential", Verdict.FAIL, str(error).splitlines()[0], error.fix)
        return
    yield check("credential", Verdict.PASS, "found")
    yield _clock(settings, cloud.authority)
    try:
        token = tokens.get()
    except SourceError as error:
        yield check("token", Verdict.FAIL, error.message, error.fix)
        tokens.close()
        return
    yield check("token", Verdict.PASS, f"given by {cloud.authority}")
    held = roles_of(token)
    yield from _permissions(settings, held)
    try:
        yield from asyncio.run(_mailboxes(settings, tokens, cloud.graph))
    finally:
        tokens.close()
    if settings.mailboxes != "all" and held is not None and ENDPOINTS["messages"].permission in held:
        yield check("scope", Verdict.WARN, "the application may read every mailbox of the tenant", RBAC)


def _clock(settings: GraphSource, authority: str) -> Check:
    """The authority's clock against this machine's."""
    name = settings.name
    url = f"{authority}/v2.0/.well-known/openid-configuration"
    try:
        with httpx.Client(verify=tls_context(), timeout=15.0) as http:
            response = http.get(url)
    except httpx.TransportError as error:
        fix = "check network, proxy (HTTPS_PROXY) and certificates (SSL_CERT_FILE)"
        return Check(name, "authority", Verdict.FAIL, f"{authority} cannot be reached: {error}", fix)
    try:
        theirs = email.utils.parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return Check(name, "authority", Verdict.WARN, f"{authority} answers without a date", "compare the clocks")
    skew = abs((theirs.replace(tzinfo=theirs.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    said = f"{authority} answers; clocks differ by {skew:.0f} s"
    if skew <= SKEW:
        return Check(name, "authority", Verdict.PASS, said)
    verdict = Verdict.FAIL if skew > SKEW_FATAL else Verdict.WARN
    return Check(name, "authority", verdict, said, "set this machine's clock: tokens are refused otherwise")


def _permissions(settings: GraphSource, held: frozenset[str] | None) -> Iterator[Check]:
    name = settings.name
    if held is None:
        said = "the token does not say which permissions it carries"
        yield Check(name, "permissions", Verdict.WARN, said, "see the application's permissions in Entra")
        return
    mail = {"folders", "folder", "messages", "window", "message"}
    used = mail if not settings.people and settings.mailboxes != "all" else set(ENDPOINTS)
    found = judge(held, sorted(used))
    consent = "add it to the application in Entra and grant admin consent"
    for permission, purposes in found.missing.items():
        said = f"{permission} is missing: {'; '.join(purposes)}"
        is_mail = permission == ENDPOINTS["messages"].permission
        # RBAC for Applications gives mail without a role in the token: the mailboxes below tell
        verdict = Verdict.WARN if is_mail else Verdict.FAIL
        yield Check(
            name, "permissions", verdict, said, f"{consent}, or use RBAC for Applications" if is_mail else consent
        )
    for permission, purposes in found.missing_optional.items():
        yield Check(
            name, "permissions", Verdict.WARN, f"without {permission}: {'; '.join(purposes)} is not known", consent
        )
    for permission, why in found.too_much.items():
        fix = f"remove {permission} from the application: Mail.ReadBasic.All is enough"
        yield Check(name, "permissions", Verdict.WARN, f"{permission} is too much: it {why}", fix)
    if not found.missing:
        yield Check(name, "permissions", Verdict.PASS, f"held: {', '.join(sorted(held)) or 'none'}")


async def _mailboxes(settings: GraphSource, tokens: Tokens, root: str) -> list[Check]:
    """The directory, then one mailbox that can be read and one that cannot, among the first that are to be scanned."""
    name = settings.name
    client = Client(settings.model_copy(update={"retries_per_mailbox": min(3, settings.retries_per_mailbox)}), tokens)
    try:
        reader = DirectoryReader(client, root, name, None)
        found: list[Check] = []
        try:
            await reader.load_people()
            found.append(Check(name, "directory", Verdict.PASS, f"{len(reader.mailboxes()):,} people with an address"))
        except (RefusedError, OverBudgetError, SourceError) as error:
            verdict = Verdict.FAIL if settings.people or settings.mailboxes == "all" else Verdict.WARN
            found.append(Check(name, "directory", verdict, f"cannot be read: {error}", "grant User.Read.All"))
        try:
            wanted = await _wanted(settings, reader)
        except (RefusedError, OverBudgetError, SourceError) as error:
            return [*found, Check(name, "mailboxes", Verdict.FAIL, str(error).splitlines()[0], "correct 'mailboxes'")]
        return [*found, *await _scope(settings, client, root, reader, wanted)]
    finally:
        await client.close()


async def _wanted(settings: GraphSource, reader: DirectoryReader) -> list[str]:
    chosen = settings.mailboxes
    if isinstance(chosen, tuple):
        return list(chosen)
    if isinstance(chosen, Path):
        return await asyncio.to_thread(listed, chosen, settings.name)
    return reader.mailboxes() if chosen == "all" else await reader.members_of(chosen)


async def _scope(
    settings: GraphSource, client: Client, root: str, reader: DirectoryReader, wanted: list[str]
) -> list[Check]:
    async def tried(address: str) -> str | None:
        """Why a mailbox cannot be read; None if it can."""
        url = ENDPOINTS["folder"].url(root, query={"$select": "id"}, user=reader.key_of(address), folder="inbox")
        try:
            await client.get(url, _ANY, client.gate())
        except RefusedError as error:
            return reason_of(error)
        except OverBudgetError as error:
            return str(error)
        return None

    name = settings.name
    inside = dict(zip(wanted[:TRIED], await asyncio.gather(*map(tried, wanted[:TRIED])), strict=True))
    readable = [address for address, reason in inside.items() if reason is None]
    reasons = sorted({reason for reason in inside.values() if reason is not None})
    checks = []
    if readable:
        checks.append(Check(name, "inside the scope", Verdict.PASS, f"{readable[0]} can be read"))
    else:
        said = f"none of {len(inside)} mailboxes can be read: {'; '.join(reasons) or 'there are none'}"
        checks.append(
            Check(name, "inside the scope", Verdict.FAIL, said, "grant Mail.ReadBasic.All, or widen the scope")
        )
    left_out = set(map(str.lower, wanted))
    others = [address for address in reader.mailboxes() if address not in left_out]
    refused = next((f"{address}: {reason}" for address, reason in inside.items() if reason is not None), None)
    if others and await tried(others[0]) is None:
        said = f"{others[0]} is not to be scanned, and could be"
        checks.append(Check(name, "outside the scope", Verdict.WARN, said, RBAC))
    elif others:
        checks.append(Check(name, "outside the scope", Verdict.PASS, f"{others[0]} cannot be read, as it should be"))
    else:
        checks.append(Check(name, "outside the scope", Verdict.PASS, "every mailbox is to be scanned"))
    if refused is not None and readable:
        checks.append(
            Check(name, "mailboxes", Verdict.WARN, f"cannot be read: {refused}", "see docs/exchange-online.md")
        )
    return checks
