"""When people work: sites, public holidays, absences, first and last days, and everyone's own habit.

Times are whole seconds since 1970 in UTC; days count from the first day of the period, minutes from local midnight.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from analyser.errors import MissingExtraError
from analyser.sources.sample.dice import Dice
from analyser.sources.sample.organisation import SITES, Company, Principal, Site

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["DAY", "MORNING", "Worktime", "timetable"]

MORNING, EVENING = 8 * 60, 18 * 60
DAY = 86_400
WEEKEND = 5  # Saturday
SLOTS = 10  # working hours of a day
ILL = 0.015  # of all days
MONDAY_MORNING = 0.06  # share of people who write most of their mail then


@dataclass(slots=True)
class Worktime:
    """Presence and habits of every principal.

    Parameters
    ----------
    start
        First day, a Monday.
    days
        Length of the period.
    present
        Shape (principals, days): who works when; services always do.
    employed
        Shape (principals, days): whose mailbox exists.
    habit
        Shape (people, 50): cumulative probability of a person's sending hours, Monday 8:00 to Friday 18:00.
    """

    start: date
    days: int
    present: npt.NDArray[np.bool_]
    employed: npt.NDArray[np.bool_]
    habit: npt.NDArray[np.float64]
    _offset: list[list[int]]  # seconds east of UTC by site and day
    _site: list[int]
    _next: list[list[int]]  # next day of presence by principal and day; `days` where there is none

    @property
    def weeks(self) -> int:
        """Length of the period in weeks."""
        return self.days // 7

    def date(self, day: int) -> date:
        """The day as a date."""
        return self.start + timedelta(days=day)

    def day(self, at: int) -> int:
        """The day (UTC) of a time."""
        return (at - _midnight(self.start)) // DAY

    def next_day(self, who: int, day: int) -> int:
        """First day from `day` on which somebody works; `days` if there is none."""
        return self._next[who][day] if 0 <= day < self.days else self.days

    def moment(self, who: int, day: int, minute: float) -> int | None:
        """A local time as UTC; None outside the period."""
        if not 0 <= day < self.days:
            return None
        return _midnight(self.start) + day * DAY + int(minute * 60) - self._offset[self._site[who]][day]

    def by_habit(self, who: int, dice: Dice, first: int, last: int) -> int | None:
        """A time from `first` to `last` (days) at which somebody may well write; None if never present."""
        for _ in range(8):
            monday = dice.whole(first // 7, max(first, last) // 7) * 7
            slot = int(np.searchsorted(self.habit[who % len(self.habit)], dice.real(0, 1)))
            day = monday + min(slot, 5 * SLOTS - 1) // SLOTS
            if first <= day <= last and day < self.days and self.present[who, day]:
                return self.moment(who, day, MORNING + 60 * (slot % SLOTS) + dice.real(0, 60))
        return None

    def after(self, who: int, at: int, minutes: float) -> int | None:
        """`minutes` of somebody's working time after `at`; None if the period ends before."""
        zero, offset = _midnight(self.start), self._offset[self._site[who]]
        local = at + offset[min(max((at - zero) // DAY, 0), self.days - 1)] - zero
        day, minute = local // DAY, max((local % DAY) / 60, MORNING)
        following = self.next_day(who, day if minute < EVENING else day + 1)
        minute = minute if following == day else MORNING
        while following < self.days and minutes > EVENING - minute:
            minutes -= EVENING - minute
            following, minute = self.next_day(who, following + 1), MORNING
        return self.moment(who, following, minute + minutes)


def timetable(company: Company, start: date, weeks: int, seed: int) -> Worktime:
    """Presence and habits of everyone.

    Raises
    ------
    MissingExtraError
        The library of public holidays is not installed.
    """
    days = weeks * 7
    workdays = _workdays(start, days)
    principals = company.principals
    employed = np.ones((len(principals), days), dtype=bool)
    present = np.array([workdays[p.site] if p.kind != "service" else np.ones(days, dtype=bool) for p in principals])
    for position in range(company.people):
        employed[position] = _employed(principals[position], start, days)
    present[: company.people] &= ~_absent(company.people, start, days, Dice(seed, "absence"))
    present &= employed
    return Worktime(
        start,
        days,
        present,
        employed,
        _habits(company.people, Dice(seed, "habits")),
        [_offsets(site, start, days) for site in SITES],
        [p.site for p in principals],
        _following(present),
    )


def _midnight(day: date) -> int:
    return (day.toordinal() - date(1970, 1, 1).toordinal()) * DAY


def _workdays(start: date, days: int) -> list[npt.NDArray[np.bool_]]:
    """Days that are neither weekend nor public holiday, by site."""
    try:
        import holidays  # noqa: PLC0415  an extra: only the sample organisation needs it
    except ModuleNotFoundError as error:
        raise MissingExtraError("sample", wanted_for="the sample organisation's public holidays") from error
    dates = [start + timedelta(days=day) for day in range(days)]
    years = range(dates[0].year, dates[-1].year + 1)
    free = [holidays.country_holidays(site.country, subdiv=site.subdivision, years=years) for site in SITES]
    return [np.array([d.weekday() < WEEKEND and d not in closed for d in dates]) for closed in free]


def _offsets(site: Site, start: date, days: int) -> list[int]:
    zone = ZoneInfo(site.zone)
    noons = (datetime.combine(start + timedelta(days=day), time(12), tzinfo=UTC) for day in range(days))
    # clocks change at night, so that one offset serves a whole day
    return [int(noon.astimezone(zone).utcoffset().total_seconds()) for noon in noons]  # type: ignore[union-attr]


def _employed(person: Principal, start: date, days: int) -> npt.NDArray[np.bool_]:
    day = np.arange(days)
    first = (person.joined - start).days if person.joined else 0
    last = (person.left - start).days if person.left else days
    return (day >= first) & (day <= last)


def _absent(people: int, start: date, days: int, dice: Dice) -> npt.NDArray[np.bool_]:
    """Holidays in blocks of one to three weeks, mostly in summer and at Christmas, and single days of illness."""
    absent = dice.rng.random((people, days)) < ILL
    weeks = days // 7
    month = np.array([(start + timedelta(weeks=week)).month for week in range(weeks)])
    season = np.where(np.isin(month, (7, 8, 12)), 4.0, 1.0)
    season /= season.sum()
    for person in range(people):
        left = dice.poisson(5 * weeks / 52)
        while left > 0:
            block = min(left, dice.whole(1, 3))
            first = int(dice.rng.choice(weeks, p=season)) * 7
            absent[person, first : first + block * 7] = True
            left -= block
    return absent


def _habits(people: int, dice: Dice) -> npt.NDArray[np.float64]:
    """Everyone's week: a weekday profile times an hour profile, both far from flat; some write on Monday mornings."""
    weekdays = dice.rng.dirichlet(np.full(5, 2.5), people)
    hours = dice.rng.dirichlet(np.array([1.2, 3, 4, 3, 1.5, 2, 3, 3, 2, 0.8]), people)
    week = weekdays[:, :, None] * hours[:, None, :]
    monday = dice.rng.random(people) < MONDAY_MORNING
    week[monday, 0, :3] += 0.6
    flat = week.reshape(people, 5 * SLOTS)
    return np.asarray(np.cumsum(flat / flat.sum(axis=1, keepdims=True), axis=1))


def _following(present: npt.NDArray[np.bool_]) -> list[list[int]]:
    days = present.shape[1]
    position = np.where(present, np.arange(days), days)
    following: list[list[int]] = np.minimum.accumulate(position[:, ::-1], axis=1)[:, ::-1].tolist()
    return following
