"""What every planted pattern needs: its own chance, circles of people that change, slots of a rhythm, labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyser.sources.sample.labels import Label
from analyser.sources.sample.words import fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from analyser.sources.sample.dice import Dice
    from analyser.sources.sample.organisation import Company
    from analyser.sources.sample.post import Message, Post
    from analyser.sources.sample.worktime import Worktime

__all__ = ["Circle", "Planting"]

REFERENCE_PEOPLE, REFERENCE_WEEKS = 400, 40


@dataclass(slots=True)
class Circle:
    """People who belong together, each from a first to a last day."""

    spans: dict[int, tuple[int, int]]
    first: int
    last: int

    def on(self, day: int) -> list[int]:
        """Who belongs to it on a day."""
        return [who for who, (first, last) in self.spans.items() if first <= day <= last]

    @property
    def core(self) -> list[int]:
        """Who belongs to it throughout."""
        return [who for who, (first, last) in self.spans.items() if first <= self.first and last >= self.last]


@dataclass(slots=True)
class Planting:
    """The bed of one pattern: where it writes its mail and its labels."""

    name: str
    company: Company
    worktime: Worktime
    dice: Dice
    post: Post
    labels: list[Label] = field(default_factory=list)

    @property
    def last(self) -> int:
        """Last day of the period."""
        return self.worktime.days - 1

    def instances(self, at_reference: int) -> range:
        """Numbers of the instances: `at_reference` at 400 people, in proportion else, at least one."""
        return range(max(1, round(at_reference * self.company.people / REFERENCE_PEOPLE)))

    def occasions(self, low: int, high: int, least: int) -> int:
        """How often something happens: `low` to `high` times in 40 weeks, in proportion else."""
        return max(least, round(self.dice.whole(low, high) * self.worktime.weeks / REFERENCE_WEEKS))

    def steady(self, among: Iterable[int] | None = None) -> list[int]:
        """People who neither join nor leave the organisation within the period."""
        employed = self.worktime.employed
        people = range(self.company.people) if among is None else among
        return [i for i in people if i < self.company.people and employed[i].all()]

    def department(self, name: str) -> list[int]:
        """Steady people of a department."""
        return self.steady(self.company.departments[name])

    def departments(self, *, of_size: int = 6) -> list[str]:
        """Departments with enough steady people, in random order."""
        return self.dice.some(
            [name for name in self.company.departments if len(self.department(name)) >= of_size],
            len(self.company.heads),
        )

    def circle(
        self,
        people: Sequence[int],
        size: int,
        *,
        churn: float = 0.12,
        first: int = 0,
        last: int | None = None,
        fixed: Sequence[int] = (),
    ) -> Circle:
        """Up to `size` of `people`; with probability `churn` each comes later or leaves earlier, but never `fixed`."""
        last = self.last if last is None else last
        chosen = [*fixed, *self.dice.some([i for i in people if i not in fixed], size - len(fixed))]
        spans, length = {}, last - first
        for position, who in enumerate(chosen):
            begin, end = first, last
            if position >= max(3, len(fixed)) and self.dice.chance(churn):
                if self.dice.chance(0.5):
                    begin = first + int(length * self.dice.real(0.15, 0.5))
                else:
                    end = last - int(length * self.dice.real(0.3, 0.7))
            spans[who] = (begin, end)
        return Circle(spans, first, last)

    def standing(self, people: Iterable[int]) -> Circle:
        """A circle that nobody joins or leaves."""
        return Circle(dict.fromkeys(people, (0, self.last)), 0, self.last)

    def present(self, circle: Circle, day: int, noise: float = 0.1) -> list[int]:
        """Who is written to on a day: the circle, now and then without one to three people, or with as many others."""
        people = circle.on(day)
        if len(people) > 4 and self.dice.chance(noise):  # noqa: PLR2004  a quarter at most is left out
            for who in self.dice.some(people, self.dice.whole(1, max(1, min(3, len(people) // 4)))):
                people.remove(who)
        if self.dice.chance(noise):
            others = self.dice.some(range(self.company.people), self.dice.whole(1, 3))
            people += [i for i in others if i not in people]
        return people

    def slots(self, who: int, every: int, *, missed: float, first: int = 0) -> Iterator[int]:
        """Times of a rhythm of `every` days on one weekday: holidays shift it by a day, absences and chance drop it."""
        weekday, minute = self.dice.whole(0, 4), self.dice.real(8 * 60 + 15, 16 * 60)
        for due in range(first + weekday, self.worktime.days, every):
            day = self.worktime.next_day(who, due)
            if day - due > 1 or self.dice.chance(missed):
                continue
            at = self.worktime.moment(who, day, minute + 20 * float(self.dice.rng.standard_normal()))
            if at is not None:
                yield at

    def subject(self, template: str, who: int, at: int, **fixed: str) -> str:
        """A subject line as somebody writes it at a time."""
        day = self.worktime.date(self.worktime.day(at))
        return fill(template, self.dice, self.company.language(who), day, **fixed)

    def label(
        self,
        pattern: str,
        circle: Circle,
        messages: Iterable[Message | None],
        *,
        expected: str = "space",
        decoy: bool = False,
        trap: str | None = None,
        stems: Iterable[str] = (),
        core: Sequence[int] | None = None,
        shares: Sequence[str] = (),
        existing: str | None = None,
    ) -> str:
        """Enter what was planted; its id."""
        kept = tuple(message for message in messages if message is not None)
        if not kept:
            raise ValueError(f"{self.name}: nothing was written for {pattern}")
        there = self.worktime.employed[:, circle.last]
        members = [who for who in circle.on(circle.last) if there[who]]
        core = circle.core if core is None else core
        former = sorted(set(circle.spans) - set(members))
        identity = f"{self.name}-{len(self.labels) + 1}"
        self.labels.append(
            Label(identity, pattern, decoy, trap, expected, tuple(sorted(members)), tuple(sorted(core)), tuple(former),
                  tuple(sorted(set(stems))), kept, tuple(shares), existing)
        )  # fmt: skip
        return identity
