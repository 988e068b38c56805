"""What all collections share: preferences, `$select`, signed tokens, pages and their faults."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from graph_server.message import Answer, error, json_answer

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from graph_server.faults import Fault
    from graph_server.message import Request

__all__ = [
    "FORBIDDEN",
    "Problem",
    "chosen",
    "clauses",
    "forbidden",
    "instant",
    "link",
    "links",
    "page",
    "page_size",
    "parse_instant",
    "preferences",
    "scramble",
    "select",
    "token_of",
]

FORBIDDEN = frozenset(
    {
        "body",
        "bodypreview",
        "uniquebody",
        "attachments",
        "extensions",
        "singlevalueextendedproperties",
        "multivalueextendedproperties",
        "internetmessageheaders",
    }
)
SECRET = b"graph-server"
PAGE_KINDS = frozenset({"duplicate", "replay", "reorder", "partial"})


class Problem(Exception):
    """An answer instead of the normal one."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer

    @classmethod
    def of(cls, status: int, code: str, message: str = "", **headers: str) -> Problem:
        return cls(error(status, code, message, **headers))


def link(base: str, path: str, name: str, content: dict) -> str:
    """An absolute link with an opaque token."""
    return f"{base}{quote(path, safe='/')}?${name}={_seal(content)}"


def _seal(content: dict) -> str:
    body = base64.urlsafe_b64encode(msgspec.json.encode(content)).rstrip(b"=")
    return body.decode() + "." + hmac.new(SECRET, body, hashlib.sha256).hexdigest()[:12]


def token_of(request: Request) -> dict | None:
    """Content of the token in a link, None for a first request. Raises `Problem` for a token that is not ours."""
    names = [name for name in request.query if name.lower() in ("$skiptoken", "$deltatoken")]
    text = request.query[names[0]] if names else ""
    if text in ("", "latest"):
        return None
    body, _, sign = text.partition(".")
    if hmac.new(SECRET, body.encode(), hashlib.sha256).hexdigest()[:12] != sign:
        raise Problem.of(400, "BadRequest", f"Badly formed token: {text[:40]}")
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, msgspec.DecodeError) as problem:
        raise Problem.of(400, "BadRequest", "Badly formed token.") from problem


def preferences(request: Request) -> dict[str, str]:
    """The Prefer header: lower-case names, values without quotation marks."""
    found = {}
    for part in request.headers.get("prefer", "").split(","):
        name, _, value = part.partition("=")
        found[name.strip().lower()] = value.strip().strip('"')
    return found


def page_size(request: Request, *, default: int, most: int, top: bool = True) -> int:
    """By `$top` (if `top`), else by preference, else `default`; cut to `most`."""
    wanted = request.query.get("$top") if top else None
    wanted = wanted or preferences(request).get("odata.maxpagesize") or str(default)
    if not wanted.isdigit() or int(wanted) < 1:
        raise Problem.of(400, "BadRequest", f"Page size {wanted} is no positive number.")
    return min(int(wanted), most)


def select(request: Request) -> list[str]:
    """Names without the casts before them."""
    return [name.strip().rpartition("/")[2] for name in request.query.get("$select", "").split(",") if name.strip()]


def forbidden(request: Request) -> list[str]:
    """Names of what a reader of metadata must not ask for."""
    names = re.findall(r"[A-Za-z_]+", request.query.get("$select", "") + " " + request.query.get("$expand", ""))
    bad = [name for name in names if name.lower() in FORBIDDEN]
    segments = [
        part for part in request.path.split("/") if part.lower() in FORBIDDEN | {"$value", "events", "calendar"}
    ]
    return bad + segments + (["$search"] if "$search" in request.query else [])


def chosen(item: object, names: Sequence[str], known: dict[str, Callable]) -> dict:
    """The wanted properties of an item; an unknown name is a bad request, as in Graph."""
    try:
        return {name: known[name](item) for name in names}
    except KeyError as missing:
        raise Problem.of(400, "BadRequest", f"Could not find a property named {missing}.") from missing


def clauses(text: str, grammar: str) -> list[re.Match]:
    """The clauses of a `$filter` that joins with `and`; each must match `grammar` whole."""
    found = [re.fullmatch(grammar, part.strip()) for part in re.split(r"\s+and\s+", text)]
    if not all(found):
        raise Problem.of(400, "BadRequest", f"Invalid filter clause: {text}")
    return found


@cache
def instant(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as problem:
        raise Problem.of(400, "BadRequest", f"{text} is no time.") from problem


def links(answer: dict, **found: str | None) -> dict:
    return answer | {f"@odata.{name}": link for name, link in found.items() if link}


def page(value: list, context: str, **found: str | None) -> Answer:
    return json_answer(links({"@odata.context": context}, **found) | {"value": value}, items=len(value))


def scramble(value: list, before: list, faults: list[Fault], draw: random.Random) -> list:
    """The items of a page with duplicates, replays of `before`, half items, or in another order."""
    for fault in faults:
        match fault.kind:
            case "duplicate":
                value = value + draw.sample(value, min(3, len(value)))
            case "replay":
                value = before + value
            case "reorder":
                value = draw.sample(value, len(value))
            case "partial":
                names = ("id", "isRead", "parentFolderId")
                full = [item for item in value if "isRead" in item and "@removed" not in item]
                value = value + [{name: item[name] for name in names if name in item} for item in full[:3]]
    return value
