"""Properties of directory objects, what of them comes without `$select`, and `$filter` over them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graph_server.odata import Problem, instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from graph_server.world import Group, User

__all__ = ["CONTACT_DEFAULT", "GROUP", "GROUP_DEFAULT", "TEAM", "USER", "USER_DEFAULT", "filtered"]

SKU = "6fd2c87f-b296-42f0-b197-1e91e994b900"
PLAN = "efb87545-963c-4e0d-99df-69c6916d9eb0"
USER_DEFAULT = [
    "id",
    "displayName",
    "givenName",
    "surname",
    "userPrincipalName",
    "mail",
    "jobTitle",
    "officeLocation",
    "mobilePhone",
    "businessPhones",
    "preferredLanguage",
]
GROUP_DEFAULT = [
    "id",
    "displayName",
    "description",
    "mail",
    "mailEnabled",
    "mailNickname",
    "securityEnabled",
    "groupTypes",
    "visibility",
    "proxyAddresses",
    "createdDateTime",
    "renewedDateTime",
    "resourceProvisioningOptions",
    "membershipRule",
    "classification",
]
CONTACT_DEFAULT = ["id", "displayName", "mail", "proxyAddresses"]
MAIL_KINDS = ("distribution_list", "mail_security_group", "microsoft_365_group", "team")


def _unified(group: Group) -> bool:
    return group.kind in ("microsoft_365_group", "team")


def _proxies(item: User | Group) -> list[str]:
    return [f"SMTP:{item.address}", *(f"smtp:{alias}" for alias in item.aliases)] if item.address else []


USER = {
    "id": lambda u: u.id,
    "displayName": lambda u: u.name,
    "givenName": lambda u: u.name.partition(" ")[0],
    "surname": lambda u: u.name.partition(" ")[2] or None,
    "userPrincipalName": lambda u: u.principal_name,
    "mail": lambda u: u.address,
    "proxyAddresses": _proxies,
    "otherMails": lambda _: [],
    "department": lambda u: u.department,
    "jobTitle": lambda u: u.title,
    "companyName": lambda u: u.company,
    "officeLocation": lambda u: u.office,
    "city": lambda u: u.office,
    "state": lambda _: None,
    "country": lambda u: u.country,
    "usageLocation": lambda _: "DE",
    "accountEnabled": lambda u: u.enabled,
    "userType": lambda u: u.type,
    "employeeId": lambda _: None,
    "employeeType": lambda _: None,
    "employeeHireDate": lambda _: None,
    "employeeOrgData": lambda _: None,
    "mobilePhone": lambda _: None,
    "businessPhones": lambda _: [],
    "preferredLanguage": lambda _: None,
    "mailNickname": lambda u: u.principal_name.partition("@")[0],
    "createdDateTime": lambda u: instant(u.created),
    "onPremisesSyncEnabled": lambda _: None,
    "assignedLicenses": lambda u: [{"skuId": SKU, "disabledPlans": []}] if u.licensed else [],
    "assignedPlans": lambda u: [_plan()] if u.licensed else [],
}
GROUP = {
    "id": lambda g: g.id,
    "displayName": lambda g: g.name,
    "description": lambda _: None,
    "classification": lambda _: None,
    "mail": lambda g: g.address,
    "mailNickname": lambda g: g.name.lower().replace(" ", "-"),
    "mailEnabled": lambda g: g.kind in MAIL_KINDS,
    "securityEnabled": lambda g: g.kind in ("security_group", "mail_security_group"),
    "groupTypes": lambda g: ["Unified"] if _unified(g) else [],
    "resourceProvisioningOptions": lambda g: ["Team"] if g.kind == "team" else [],
    "visibility": lambda g: "Private" if _unified(g) else None,
    "proxyAddresses": _proxies,
    "membershipRule": lambda _: None,
    "createdDateTime": lambda g: instant(g.renewed - 1_000_000),
    "renewedDateTime": lambda g: instant(g.renewed),
    "onPremisesSyncEnabled": lambda _: None,
    "isArchived": lambda g: g.archived if g.kind == "team" else None,
}
TEAM = {
    "id": lambda g: g.id,
    "displayName": lambda g: g.name,
    "description": lambda _: None,
    "visibility": lambda _: "private",
    "isArchived": lambda g: g.archived,
    "createdDateTime": lambda g: instant(g.renewed - 1_000_000),
    "webUrl": lambda g: f"https://teams.example/{g.id}",
}
FILTERS = {
    "id": lambda item: item.id,
    "mail": lambda item: item.address,
    "userPrincipalName": lambda item: item.principal_name,
    "displayName": lambda item: item.name,
    "department": lambda item: item.department,
    "userType": lambda item: item.type,
    "accountEnabled": lambda item: item.enabled,
    "mailEnabled": GROUP["mailEnabled"],
    "securityEnabled": GROUP["securityEnabled"],
    "proxyAddresses": _proxies,
    "groupTypes": GROUP["groupTypes"],
    "resourceProvisioningOptions": GROUP["resourceProvisioningOptions"],
}


def _plan() -> dict:
    at = "2021-01-01T00:00:00Z"
    return {"assignedDateTime": at, "capabilityStatus": "Enabled", "service": "exchange", "servicePlanId": PLAN}


def filtered(items: list, text: str) -> list:
    """`eq`, ``startswith`` and ``any(x:x eq …)``, joined by ``and`` or by ``or``."""
    if not text:
        return items
    both, parts = (any, re.split(r"\s+or\s+", text)) if " or " in text else (all, re.split(r"\s+and\s+", text))
    tests = [_test(part.strip()) for part in parts]
    return [item for item in items if both(test(item) for test in tests)]


def _test(part: str) -> Callable:
    value = r"(?:'((?:[^']|'')*)'|(true|false))"
    if match := re.fullmatch(rf"(\w+)/any\(\w+:\s*\w+\s+eq\s+{value}\)", part):
        get, wanted = _get(match[1]), match[2].lower()
        return lambda item: any(entry.lower() == wanted for entry in get(item))
    if match := re.fullmatch(r"startswith\((\w+),\s*'((?:[^']|'')*)'\)", part, re.IGNORECASE):
        get, start = _get(match[1]), match[2].lower()
        return lambda item: (get(item) or "").lower().startswith(start)
    if match := re.fullmatch(rf"(\w+)\s+eq\s+{value}", part):
        get, wanted = _get(match[1]), (match[2] or match[3]).replace("''", "'").lower()
        return lambda item: str(get(item)).lower() == wanted
    raise Problem.of(400, "Request_UnsupportedQuery", f"Unsupported or invalid query filter clause: {part}")


def _get(name: str) -> Callable:
    if name not in FILTERS:
        raise Problem.of(400, "Request_UnsupportedQuery", f"Property '{name}' is not filterable.")
    return FILTERS[name]
