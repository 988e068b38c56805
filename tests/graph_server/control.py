"""The door for tests: every public change and question, as one call in JSON over plain HTTP on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from graph_server.faults import Fault
from graph_server.message import Answer, json_answer
from graph_server.world import expected, outcomes

if TYPE_CHECKING:
    from collections.abc import Callable

    from graph_server.app import App, Options
    from graph_server.message import Request
    from graph_server.world import World

__all__ = ["CHANGES", "Control"]

CHANGES = (
    "add_messages",
    "update_message",
    "move_message",
    "delete_message",
    "add_folder",
    "move_folder",
    "delete_folder",
    "set_state",
    "expire_sync",
    "expire_directory",
    "add_user",
    "update_user",
    "delete_user",
    "update_group",
    "add_member",
    "remove_member",
)


class Control:
    """Answers ``POST /control`` with ``{"call": name, "args": […], "named": {…}}``; also the managed identity."""

    def __init__(self, app: App, load: Callable[[], tuple[World, Options]]) -> None:
        self.app, self.load = app, load

    async def handle(self, request: Request) -> Answer:
        if request.path != "/control":
            return self.app.entra.managed_identity(request)
        call = msgspec.json.decode(request.body)
        try:
            return json_answer({"is": self._call(call["call"], call.get("args", []), call.get("named", {}))})
        except Exception as problem:  # noqa: BLE001 - the caller raises it again
            return json_answer({"problem": f"{type(problem).__name__}: {problem}"}, status=400)

    def _call(self, name: str, args: list, named: dict) -> object:
        if name in CHANGES:
            return getattr(self.app.tenant, name)(*args, **named)
        return getattr(self, f"_{name}")(*args, **named)

    def _requests(self) -> list:
        return self.app.ledger.requests

    def _asked(self) -> int:
        return len(self.app.ledger.requests)

    def _violations(self) -> list:
        self.app.contract.settle()
        return self.app.ledger.violations

    def _peak(self) -> dict[str, int]:
        return self.app.ledger.peak

    def _checked(self) -> int:
        self.app.contract.settle()
        return self.app.contract.checked

    def _forgive(self) -> None:
        self.app.forgive()

    def _reset(self) -> None:
        self.app.contract.settle()
        self.app.begin(*self.load())

    def _clear_log(self) -> None:
        self.app.contract.settle()
        self.app.ledger.clear()

    def _inject(self, fault: dict) -> None:
        self.app.faults.inject(msgspec.convert(fault, Fault))

    def _clear_faults(self) -> None:
        self.app.faults.clear()

    def _fired(self) -> dict[str, int]:
        return dict(self.app.faults.fired)

    def _set(self, **options: object) -> None:
        for name, value in options.items():
            setattr(self.app.options, name, value)
        self.app.apply()

    def _expected(self, folders: str = "all", mailboxes: list[str] | None = None) -> list:
        chosen = None if mailboxes is None else set(mailboxes)
        found = sorted(expected(self.app.tenant.snapshot(), folders=folders, mailboxes=chosen))
        self.app.tenant.release()
        return found

    def _outcomes(self) -> dict[str, str]:
        return outcomes(self.app.tenant.world)

    def _traces(self) -> list[dict]:
        return self.app.traces.rows()

    def _world(self) -> object:
        content = msgspec.to_builtins(self.app.tenant.snapshot())
        self.app.tenant.release()
        return content
