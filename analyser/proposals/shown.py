"""Proposals under pseudonyms."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyser.privacy import Pseudonyms

__all__ = ["pseudonymised", "without_mailbox"]


def pseudonymised(proposal: dict[str, Any], names: Pseudonyms) -> dict[str, Any]:
    """A proposal with pseudonyms in place of addresses; unchanged where pseudonyms are off."""
    if not names.enabled:
        return proposal
    told = without_mailbox(proposal, names)
    others = [{**other, "person": names.of(other["person"])} for other in told["second_owners"]]
    return {
        **told,
        "members": [names.of(person) for person in told["members"]],
        "owners": [names.of(person) for person in told["owners"]],
        # in the order of pseudonyms: that of names would tell something of them
        "second_owners": sorted(others, key=lambda other: str(other["person"])),
        "member_reasons": {names.of(person): reason for person, reason in told["member_reasons"].items()},
        "evidence": {key: value for key, value in told["evidence"].items() if key != "audience"},
    }


def without_mailbox(proposal: dict[str, Any], names: Pseudonyms) -> dict[str, Any]:
    """A proposal in whose words the address of a shared mailbox, which stands for its department, is a pseudonym."""
    topic = proposal["knowledge"]
    if not names.enabled or topic is None or "@" not in topic["department"]:
        return proposal
    words = json.dumps({key: proposal[key] for key in ("knowledge", "answers")}, ensure_ascii=False)
    renamed: dict[str, Any] = json.loads(words.replace(topic["department"], names.of(topic["department"])))
    return {**proposal, **renamed}
