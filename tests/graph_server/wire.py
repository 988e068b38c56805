"""HTTP/1.1 and HTTP/2 by hand: only so can an answer be cut, mislabelled or reset on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h11

from graph_server.message import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from graph_server.message import Answer

__all__ = ["Connection"]

WINDOW = 1 << 20


class Connection(asyncio.Protocol):
    """What came by ALPN decides between `_Http1` and `_Http2`."""

    def __init__(self, handle: Callable[[Request], Awaitable[Answer]]) -> None:
        self.handle = handle
        self.tasks: set[asyncio.Task] = set()
        self.recent: deque[tuple[float, Request]] = deque(maxlen=100)
        self.speech: _Http1 | _Http2 | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        tls = transport.get_extra_info("ssl_object")
        second = tls is not None and tls.selected_alpn_protocol() == "h2"
        self.speech = _Http2(self) if second else _Http1(self)

    def data_received(self, data: bytes) -> None:
        self.speech.received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Nobody waits for the answers any more."""
        for task in self.tasks:
            task.cancel()

    def answered(self, request: Request) -> None:
        request.written()
        self.recent.append((time.monotonic(), request))

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def start(self, request: Request, send: Callable[[Request, Answer], Awaitable[None]]) -> asyncio.Task:
        """Answer in a task of its own, which ends with the connection."""

        async def run() -> None:
            try:
                await send(request, await self.handle(request))
            finally:
                request.done()

        task = asyncio.get_running_loop().create_task(run())
        self.tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            asyncio.get_running_loop().call_exception_handler({"message": "answer", "exception": task.exception()})
            self.transport.abort()

    async def reset(self) -> None:
        """What was written gets out, then the peer gets a reset."""
        await asyncio.sleep(0.01)
        if self.transport.is_closing():
            return
        for at, request in self.recent:
            if at > time.monotonic() - 1:
                request.lost()
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class _Http1:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.parser = h11.Connection(h11.SERVER)
        self.head: h11.Request | None = None
        self.body = bytearray()

    def received(self, data: bytes) -> None:
        try:
            self.parser.receive_data(data)
            self._parse()
        except h11.RemoteProtocolError:
            self.connection.transport.abort()

    def _parse(self) -> None:
        while True:
            event = self.parser.next_event()
            if event in (h11.NEED_DATA, h11.PAUSED) or isinstance(event, h11.ConnectionClosed):
                return
            if isinstance(event, h11.Request):
                self.head, self.body = event, bytearray()
            elif isinstance(event, h11.Data):
                self.body += event.data
            elif isinstance(event, h11.EndOfMessage):
                self._answer()
                return

    def _answer(self) -> None:
        headers = {name.decode().lower(): value.decode() for name, value in self.head.headers}
        request = Request(self.head.method.decode(), self.head.target.decode(), headers, bytes(self.body), "HTTP/1.1")
        self.connection.start(request, self._send)

    async def _send(self, request: Request, answer: Answer) -> None:
        body, length, whole = answer.parts()
        head = answer.head(length)
        if length is None:
            head["transfer-encoding"] = "chunked"
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        self.connection.write(f"HTTP/1.1 {answer.status} -\r\n{lines}\r\n".encode() + body)
        self.connection.answered(request)
        if answer.cut == "reset":
            await self.connection.reset()
        elif not whole:
            self.connection.transport.close()
        else:
            rest, _ = self.parser.trailing_data
            self.parser = h11.Connection(h11.SERVER)
            if rest:
                self.received(rest)


class _Http2:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.state.local_settings.initial_window_size = WINDOW
        self.state.initiate_connection()
        self.open: dict[int, tuple[dict[str, str], bytearray]] = {}
        self.running: dict[int, asyncio.Task] = {}
        self.window = asyncio.Event()
        self._flush()

    def _flush(self) -> None:
        if data := self.state.data_to_send():
            self.connection.write(data)

    def received(self, data: bytes) -> None:
        try:
            events = self.state.receive_data(data)
        except h2.exceptions.ProtocolError:
            self._flush()
            self._close()
            return
        for event in events:
            self._happened(event)
        self._flush()

    def _close(self) -> None:
        self.connection.stop()
        self.connection.transport.close()

    def _happened(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived():
                self.open[event.stream_id] = (dict(event.headers), bytearray())
            case h2.events.DataReceived():
                self.open[event.stream_id][1].extend(event.data)
                self.state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                self._answer(event.stream_id)
            case h2.events.StreamReset():
                if task := self.running.pop(event.stream_id, None):
                    task.cancel()
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                self.window.set()
            case h2.events.ConnectionTerminated():
                self._close()
            case _:
                pass

    def _answer(self, stream: int) -> None:
        headers, body = self.open.pop(stream)
        parts = urlsplit(headers[":path"])
        headers["host"] = headers.get(":authority", parts.netloc)
        plain = {name: value for name, value in headers.items() if not name.startswith(":")}
        request = Request(headers[":method"], headers[":path"], plain, bytes(body), "HTTP/2")
        task = self.connection.start(request, lambda request, answer: self._send(stream, request, answer))
        self.running[stream] = task
        task.add_done_callback(lambda _: self.running.pop(stream, None))

    async def _send(self, stream: int, request: Request, answer: Answer) -> None:
        body, length, _ = answer.parts()
        head = [(":status", str(answer.status)), *answer.head(length).items()]
        self.state.send_headers(stream, [(name.lower(), value) for name, value in head], end_stream=not body)
        view = memoryview(body)
        while view:
            room = min(self.state.local_flow_control_window(stream), self.state.max_outbound_frame_size, len(view))
            if not room:
                self._flush()
                self.window.clear()
                await self.window.wait()
                continue
            last = room == len(view) and answer.cut != "reset"
            self.state.send_data(stream, bytes(view[:room]), end_stream=last)
            view = view[room:]
        self.connection.answered(request)
        self._flush()
        if answer.cut == "reset":
            await self.connection.reset()
