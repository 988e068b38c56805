"""The door for tests: every public change and question, as one call in JSON over plain HTTP on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

import graph_server.control
from ews_server.faults import Fault
from ews_server.world import messages, outcomes

if TYPE_CHECKING:
    from ews_server.app import App

__all__ = ["CHANGES", "Control"]

CHANGES = (
    "add_messages",
    "update_message",
    "move_message",
    "delete_message",
    "add_folder",
    "move_folder",
    "rename_folder",
    "delete_folder",
    "set_state",
    "expire_sync",
    "add_user",
    "update_user",
    "delete_user",
    "update_group",
    "add_member",
    "remove_member",
)


class Control(graph_server.control.Control):
    """Answers ``POST /control`` with ``{"call": name, "args": […], "named": {…}}``."""

    app: App

    def _call(self, name: str, args: list, named: dict) -> object:
        if name in CHANGES:
            return getattr(self.app.store, name)(*args, **named)
        return getattr(self, f"_{name}")(*args, **named)

    def _violations(self) -> list:
        return self.app.ledger.violations

    def _checked(self) -> int:
        return self.app.contract.checked

    def _reset(self) -> None:
        self.app.begin(*self.load())

    def _clear_log(self) -> None:
        self.app.ledger.clear()

    def _inject(self, fault: dict) -> None:
        self.app.faults.inject(msgspec.convert(fault, Fault))

    def _build(self) -> tuple[int, ...]:
        return self.app.build

    def _messages(self, mailboxes: list[str] | None = None, archive: bool = False) -> list:
        chosen = None if mailboxes is None else set(mailboxes)
        found = messages(self.app.store.snapshot(), mailboxes=chosen, archive=archive)
        self.app.store.release()
        return [(box, message) for (box, _), message in sorted(found.items(), key=lambda item: item[0])]

    def _expected(self, mailboxes: list[str] | None = None, archive: bool = False) -> list:
        return [(box, message.id) for box, message in self._messages(mailboxes, archive)]

    def _outcomes(self) -> dict[str, str]:
        return outcomes(self.app.store.world)

    def _world(self) -> object:
        content = msgspec.to_builtins(self.app.store.snapshot())
        self.app.store.release()
        return content
