"""Everyday mail: what people write to one another without any pattern.

Everyone has some twenty contacts, near ones and far ones, and writes to a few of them; activity is heavy-tailed,
subjects are one-off. Beside it: customers who write to shared mailboxes, partners, newsletters, automatic replies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyser.sources.sample.words import words

if TYPE_CHECKING:
    import numpy.typing as npt

    from analyser.sources.sample.planting import Planting
    from analyser.sources.sample.post import Message

__all__ = ["automatic_replies", "colleagues", "outside"]

THREADS_PER_WEEK = 0.92  # begun by one person
SIZES = np.array([0.56, 0.15, 0.1, 0.06, 0.04, 0.03, 0.02, 0.02, 0.01, 0.01])  # of one to ten recipients


def colleagues(planting: Planting) -> None:
    """Threads within and across departments."""
    dice, company, worktime = planting.dice, planting.company, planting.worktime
    activity = dice.rng.lognormal(0, 1, company.people)
    threads = dice.rng.poisson(activity / activity.mean() * THREADS_PER_WEEK * worktime.weeks)
    for who in range(company.people):
        contacts, weights = _contacts(planting, who)
        sizes = dice.rng.choice(len(SIZES), threads[who], p=SIZES / SIZES.sum()) + 1
        for size in sizes:
            at = worktime.by_habit(who, dice, 0, planting.last)
            if at is None:
                continue
            picks = np.searchsorted(weights, dice.rng.random(int(size)))
            _thread(planting, who, list(dict.fromkeys(contacts[i] for i in picks.tolist())), at)


def _thread(planting: Planting, who: int, people: list[int], at: int) -> None:
    dice, company, post = planting.dice, planting.company, planting.post
    language = company.language(who)
    subject = planting.subject(dice.pick(words("background", f"subjects_{language}")), who, at)
    if dice.chance(0.006):  # lists are for everyday mail too
        people = [company.list_of(f"DL {company.principals[who].department}")]
    cut = len(people) if len(people) == 1 or dice.chance(0.4) else dice.whole(1, len(people))
    blind = [int(dice.whole(0, company.people - 1))] if dice.chance(0.015) else []
    first = post.send(
        who, people[:cut], subject, at, cc=people[cut:], bcc=blind, attached=dice.chance(0.18),
        importance="high" if dice.chance(0.04) else "normal",
    )  # fmt: skip
    answers = min(int(dice.rng.geometric(0.48)) - 1, 12)
    thread = post.discuss(first, answers, median=95, everyone=0.7, attached=0.07, drift=0.1)
    if thread and dice.chance(0.03):  # somebody passes it on to a third
        last = thread[-1]
        by = dice.pick([i for i in last.recipients if company.principals[i].kind == "person"] or [last.sender])
        due = planting.worktime.after(by, last.at, dice.minutes(60))
        post.reply(last, by, [dice.whole(0, company.people - 1)], due, forward=True, attached=last.attached)


def _contacts(planting: Planting, who: int) -> tuple[list[int], npt.NDArray[np.float64]]:
    """A person's contacts, and their cumulative probability: few get most."""
    dice, company = planting.dice, planting.company
    person = company.principals[who]
    near = [i for i in range(company.people) if company.principals[i].manager == person.manager and i != who]
    near += [person.manager] if person.manager is not None else []
    own = company.departments[person.department or ""]
    chosen = [*dice.some(near, 6), *dice.some(own, 7), *dice.some(range(company.people), 9)]
    contacts = dice.some([i for i in dict.fromkeys(chosen) if i != who], len(chosen))
    weights = np.arange(1, len(contacts) + 1) ** -0.7
    return contacts, np.asarray(np.cumsum(weights / weights.sum()) - 1e-12)


def outside(planting: Planting) -> None:
    """Customers and partners who write to shared mailboxes and to single people, and newsletters."""
    dice, company, worktime, post = planting.dice, planting.company, planting.worktime, planting.post
    strangers = [i for people in company.partners.values() for i in people]
    desks = [i for i in company.places["shared"] if company.principals[i].department in company.departments]
    for _ in range(round(company.people * worktime.weeks * 0.09)):
        who, desk = dice.pick(strangers), dice.pick(desks)
        by = dice.pick(company.departments[company.principals[desk].department or ""])
        at = worktime.by_habit(who, dice, 0, planting.last)
        if at is not None:
            asks_desk = dice.chance(0.6)
            subject = planting.subject(dice.pick(words("background", "enquiries")), who, at)
            first = post.send(who, [desk if asks_desk else by], subject, at, attached=dice.chance(0.2))
            answering = desk if asks_desk and dice.chance(0.6) else by
            if first is not None and dice.chance(0.7):
                post.reply(first, answering, [who], worktime.after(by, first.at, dice.minutes(200)))
    for _ in range(round(company.people * worktime.weeks * 0.05)):
        sender, reader = dice.pick(company.places["publisher"]), dice.whole(0, company.people - 1)
        at = worktime.moment(sender, dice.whole(0, planting.last), dice.real(0, 1439))
        subject = planting.subject(dice.pick(words("background", "newsletters")), sender, at or 0)
        host = company.principals[sender].address.split("@")[1]
        declared = True if dice.chance(0.8) else None
        post.send(sender, [reader], subject, at, automatic=declared, list_id=f"offers.{host}" if declared else None)


def automatic_replies(planting: Planting, messages: list[Message]) -> None:
    """Some of those who are away answer by program, once in a while."""
    dice, company, worktime = planting.dice, planting.company, planting.worktime
    for message in messages:
        if message.parent is not None or len(message.to) != 1 or message.automatic:
            continue
        reader, day = message.to[0], worktime.day(message.at)
        if reader >= company.people or worktime.present[reader, day] or not dice.chance(0.12):
            continue
        if worktime.date(day).weekday() > 4:  # noqa: PLR2004
            continue
        answer = planting.post.reply(
            message,
            reader,
            [message.sender],
            message.at + dice.whole(5, 90),
            automatic=True,
            base=f"Automatic reply: {message.base}",
        )
        if answer is not None:
            answer.subject = answer.base
