"""Basic, and NTLM by challenge and response; NTLM signs in a connection, Basic a request."""

from __future__ import annotations

import base64
import binascii
import os
import struct
from typing import TYPE_CHECKING

import msgspec
import spnego
import spnego.exceptions

from graph_server.message import Answer
from graph_server.wire import Connection

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from graph_server.message import Request

__all__ = ["Credentials", "Login", "SignedConnection"]


class Credentials(msgspec.Struct, kw_only=True):
    """What the service account signs in with."""

    ca_file: str = ""
    domain: str = "CONTOSO"
    account: str = "scanner"
    password: str = "pa55 word, with everything"  # noqa: S105 - of this server alone

    @property
    def username(self) -> str:
        return f"{self.domain}\\{self.account}"


class SignedConnection(Connection):
    """A connection that remembers its handshake; requests find it in their claims."""

    def __init__(self, handle: Callable[[Request], Awaitable[Answer]]) -> None:
        super().__init__(handle)
        self.handshake: object | None = None
        self.signed_in = False

    def start(self, request: Request, send: Callable[[Request, Answer], Awaitable[None]]) -> asyncio.Task:
        request.claims["connection"] = self
        return super().start(request, send)


class Login:
    """Who may pass: `offers` are the schemes of ``WWW-Authenticate``."""

    def __init__(self, credentials: Credentials, folder: Path) -> None:
        self.credentials, self.offers = credentials, ["ntlm", "basic"]
        users = folder / "ntlm-users"
        users.write_text(f"{credentials.domain}:{credentials.account}:{credentials.password}\n", encoding="utf-8")
        os.environ["NTLM_USER_FILE"] = str(users)  # where pyspnego looks

    def check(self, request: Request) -> Answer | None:
        """None if the request may pass, else the 401."""
        connection: SignedConnection = request.claims["connection"]
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        match scheme.lower():
            case "basic" if "basic" in self.offers:
                return None if self._basic(token) else self.refuse(connection)
            case "ntlm" if "ntlm" in self.offers:
                return self._ntlm(connection, token)
            case "":
                return None if connection.signed_in else self.refuse(connection)
            case _:
                return self.refuse(connection)

    def refuse(self, connection: SignedConnection, challenge: str = "") -> Answer:
        """401 with what is offered; the connection must sign in anew."""
        connection.signed_in = False
        names = {"ntlm": ("WWW-Authenticate", f"NTLM {challenge}".strip()), "basic": ("www-authenticate", "Basic")}
        headers = dict(names[offer] for offer in self.offers if not challenge or offer == "ntlm")
        if "www-authenticate" in headers:
            headers["www-authenticate"] = 'Basic realm="localhost"'
        return Answer(401, b"", headers, content_type="text/html", checked=False)

    def _basic(self, token: str) -> bool:
        try:
            name, _, password = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        own = self.credentials
        known = {own.username.lower(), own.account, f"{own.account}@{own.domain}.example".lower()}
        return name.lower() in known and password == own.password

    def _ntlm(self, connection: SignedConnection, token: str) -> Answer | None:
        try:
            message = base64.b64decode(token, validate=True)
            if connection.handshake is None or message[8:9] == b"\x01":
                connection.handshake = spnego.server(
                    "localhost", "HTTP", protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm
                )
            answer = connection.handshake.step(message)
        except (binascii.Error, spnego.exceptions.SpnegoError, struct.error, ValueError):
            connection.handshake = None
            return self.refuse(connection)
        if not connection.handshake.complete:
            return self.refuse(connection, base64.b64encode(answer).decode())
        connection.handshake, connection.signed_in = None, True
        return None
