"""Messages of the sample organisation, and the writing of threads.

A `Post` collects the messages of one part. Whoever writes must be employed, and so must be those who receive; mail
after the end of the period is not written. Addresses, identifiers and copies come later, in `delivery`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyser.sources.sample.dice import Dice
    from analyser.sources.sample.organisation import Company
    from analyser.sources.sample.worktime import Worktime

__all__ = ["Message", "Post"]

_REPLY = {"en": ("RE: ", "Re: "), "de": ("AW: ", "AW: ", "Re: "), "fr": ("RE : ", "RE: ")}
_FORWARD = {"en": ("FW: ", "Fwd: "), "de": ("WG: ",), "fr": ("TR: ", "TR : ")}
TAG = "[EXTERNAL] "
GREETINGS_FROM_THE_NORTH = 0.01  # a phone set to Swedish


@dataclass(slots=True, eq=False)
class Message:
    """One message. `sender` and recipients are positions in `Company.principals`, `at` seconds since 1970.

    `delivery` fills in the rest: `ids` are its Message-IDs, the smallest first, several where copies differ; `held`
    is False for mail between outsiders that no mailbox of the organisation holds.
    """

    at: int
    sender: int
    to: tuple[int, ...]
    cc: tuple[int, ...]
    bcc: tuple[int, ...]
    base: str
    subject: str
    parent: Message | None
    root: Message | None  # None: this message begins its thread
    attached: bool
    importance: str
    automatic: bool | None
    list_id: str | None
    ids: tuple[str, ...] = ()
    conversation: str = ""
    held: bool = True

    @property
    def thread(self) -> Message:
        """First message of its thread."""
        return self.root or self

    @property
    def recipients(self) -> tuple[int, ...]:
        """Everyone addressed."""
        return self.to + self.cc + self.bcc


@dataclass(slots=True)
class Post:
    """The outgoing mail of one part."""

    company: Company
    worktime: Worktime
    dice: Dice
    messages: list[Message] = field(default_factory=list)

    def send(
        self,
        sender: int,
        to: Iterable[int],
        subject: str,
        at: int | None,
        *,
        cc: Iterable[int] = (),
        bcc: Iterable[int] = (),
        attached: bool = False,
        importance: str = "normal",
        automatic: bool | None = None,
        list_id: str | None = None,
    ) -> Message | None:
        """Begin a thread; None if nobody can send or receive it then."""
        message = self._address(sender, at, to, cc, bcc)
        if message is None:
            return None
        outside = self.company.principals[sender].is_external
        message.base = f"{TAG}{subject}" if outside else subject
        message.subject, message.attached, message.importance = message.base, attached, importance
        message.automatic, message.list_id = automatic, list_id
        self.messages.append(message)
        return message

    def reply(
        self,
        parent: Message,
        sender: int,
        to: Iterable[int],
        at: int | None,
        *,
        cc: Iterable[int] = (),
        attached: bool = False,
        importance: str = "normal",
        forward: bool = False,
        base: str | None = None,
        automatic: bool | None = None,
    ) -> Message | None:
        """Answer or forward; `base` where the answer changes the subject. None if nobody can send or receive it."""
        message = self._address(sender, at, to, cc, ())
        if message is None:
            return None
        message.parent, message.root, message.base = parent, parent.thread, base or parent.base
        message.subject = self._prefixed(message, parent, forward=forward)
        message.attached, message.importance, message.automatic = attached, importance, automatic
        self.messages.append(message)
        return message

    def discuss(
        self,
        first: Message | None,
        answers: int,
        *,
        median: float = 90,
        everyone: float = 0.85,
        attached: float = 0.05,
        speakers: Sequence[int] = (),
        drift: float = 0.05,
    ) -> list[Message]:
        """Let a thread run on.

        Parameters
        ----------
        first
            The message that is answered.
        answers
            How many answers.
        median
            Median delay of an answer in working minutes.
        everyone
            Probability that an answer goes to all.
        attached
            Probability of attachments.
        speakers
            Who may answer if they received it; all recipients if empty.
        drift
            Probability that an answer drops one of the people, and the same that it adds one.
        """
        written = [first] if first else []
        for _ in range(answers if first else 0):
            last = written[-1]
            able = self._able(last, speakers)
            if not able:
                break
            who = self.dice.pick(able)
            to, cc = self._answered(last, who, drift) if self.dice.chance(everyone) else ([last.sender], [])
            at = self.worktime.after(who, last.at, self.dice.minutes(median, 1.1))
            answer = self.reply(last, who, to, at, cc=cc, attached=self.dice.chance(attached))
            if answer is None:
                break
            written.append(answer)
        return written

    def _answered(self, last: Message, who: int, drift: float) -> tuple[list[int], list[int]]:
        """To and Cc of an answer to all, one dropped or added by chance."""
        others = [i for i in last.recipients if i not in {who, last.sender}]
        if len(others) > 1 and self.dice.chance(drift):
            others.remove(self.dice.pick(others))
        if self.dice.chance(drift):
            others.append(self.dice.whole(0, self.company.people - 1))
        return [last.sender, *(i for i in others if i in last.to)], [i for i in others if i not in last.to]

    def _able(self, last: Message, speakers: Sequence[int]) -> list[int]:
        """Who received a message, directly or through a list, and may answer it."""
        seen = list(last.recipients)
        for group in last.recipients:
            seen.extend(self.company.members.get(group, ()))
        kinds = {"person", "shared", "external"}
        able = [i for i in dict.fromkeys(seen) if self.company.principals[i].kind in kinds and i != last.sender]
        return [i for i in able if i in speakers] if speakers else able

    def _address(
        self, sender: int, at: int | None, to: Iterable[int], cc: Iterable[int], bcc: Iterable[int]
    ) -> Message | None:
        day = self.worktime.day(at) if at is not None else -1
        if at is None or not 0 <= day < self.worktime.days or not self.worktime.employed[sender, day]:
            return None
        seen, kept = {sender}, []
        for field_ in (to, cc, bcc):
            able = [i for i in field_ if self.worktime.employed[i, day]]
            able = [i for i in dict.fromkeys(able) if i not in seen]
            seen.update(able)
            kept.append(tuple(able))
        if not any(kept):
            return None
        # the second is drawn last: two messages of one part rarely share it
        at += self.dice.whole(0, 59)
        return Message(at, sender, kept[0] or kept[1], kept[1] if kept[0] else (), kept[2], "", "", None, None,
                       attached=False, importance="normal", automatic=None, list_id=None)  # fmt: skip

    def _prefixed(self, message: Message, parent: Message, *, forward: bool) -> str:
        language = self.company.language(message.sender)
        if self.dice.chance(GREETINGS_FROM_THE_NORTH):
            prefix = "VB: " if forward else "SV: "
        else:
            prefix = self.dice.pick((_FORWARD if forward else _REPLY)[language])
        # most programs replace a prefix that they know and stack their own on the others
        stacked = self.dice.chance(0.15) and parent.subject.endswith(message.base) and parent.subject.count(": ") < 3  # noqa: PLR2004
        subject = prefix + (parent.subject if stacked else message.base)
        if self.company.principals[message.sender].is_external and not message.base.startswith(TAG):
            message.base = f"{TAG}{message.base}"
            subject = TAG + subject
        return subject
