"""A request as it came in and an answer as it goes out, whatever the version of HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from graph_server.ledger import Logged

__all__ = ["Answer", "Request", "error", "json_answer"]


@dataclass(slots=True)
class Request:
    """`path` is decoded, `headers` have lower-case names.

    `written` is called when the whole answer is on its way; `done` then, and also if it never got so far; `lost` when
    the server broke the connection soon after, so that the client may not have the answer.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    protocol: str
    path: str = ""
    query: dict[str, str] = field(default_factory=dict)
    finishers: list = field(default_factory=list)
    promise: Callable[[], None] | None = None
    regret: Callable[[], None] | None = None
    claims: dict = field(default_factory=dict)
    entry: Logged | None = None
    mailbox: str | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.target)
        self.path = unquote(parts.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    def written(self) -> None:
        if self.promise:
            self.promise()
        self.done()

    def lost(self) -> None:
        if self.regret:
            self.regret()

    def done(self) -> None:
        while self.finishers:
            self.finishers.pop()()


@dataclass(slots=True)
class Answer:
    """`cut`: how the wire damages the body: None, ``reset``, ``right``, ``wrong``, ``chunked``; `items` in a page."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    cut: str | None = None
    items: int | None = None
    checked: bool = True

    def head(self, length: int | None) -> dict[str, str]:
        head = {"content-type": self.content_type, **self.headers}
        return head if length is None else head | {"content-length": str(length)}

    def parts(self) -> tuple[bytes, int | None, bool]:
        """What is sent of the body, the length that is said (None: none), and if the end is sent as an end."""
        half = self.body[: max(1, len(self.body) // 2)]
        match self.cut:
            case None:
                return self.body, len(self.body), True
            case "right":
                return half, len(half), True
            case "chunked":
                return half, None, True
            case _:
                return half, len(self.body), False


def json_answer(content: object, *, status: int = 200, items: int | None = None, **headers: str) -> Answer:
    return Answer(status, msgspec.json.encode(content), headers, items=items)


def error(status: int, code: str, message: str = "", **headers: str) -> Answer:
    """An error in the shape of Graph."""
    inner = {"date": "2025-11-25T10:00:00", "request-id": "5b6b1a0c-0000-4000-8000-5e1f5e1f5e1f"}
    body = {"error": {"code": code, "message": message or code, "innerError": inner}}
    return json_answer(body, status=status, **{name.replace("_", "-"): value for name, value in headers.items()})
