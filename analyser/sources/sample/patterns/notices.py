"""One writes, many read: status reports, broadcasts, regional notices, alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.sources.sample.organisation import SITES
from analyser.sources.sample.words import stem, vocabulary, words

if TYPE_CHECKING:
    from analyser.sources.sample.planting import Circle, Planting
    from analyser.sources.sample.post import Message

__all__ = ["alerts", "broadcast", "plant_report", "regional_notice", "status_report", "topics_of"]

MINUTES_PER_DAY = 1440
MOST_ANSWERED = 0.16  # of the reports so far


def topics_of(department: str | None) -> list[str]:
    """What a department writes about."""
    found = (list(entry["topics"]) for entry in vocabulary()["departments"] if entry["name"] == department)
    return next(found, ["strategy", "locations"])


def plant_report(
    planting: Planting,
    sender: int,
    circle: Circle,
    template: str,
    topic: str,
    *,
    every: int = 7,
    listed: int | None = None,
) -> list[Message]:
    """One sender's regular report to the same readers.

    Parameters
    ----------
    planting
        Where it is written.
    sender, circle
        Who writes, and who reads (the sender is in the circle).
    template, topic
        Subject line, and what stands for {topic} in it.
    every
        Days from one report to the next.
    listed
        Distribution list that is addressed instead of the readers.
    """
    dice, post = planting.dice, planting.post
    attached, answered = dice.pick((0.0, 0.9, 1.0)), dice.real(0.03, 0.14)
    missed, noise = dice.real(0.02, 0.12), dice.real(0.03, 0.12)
    in_copy = dice.chance(0.4)
    written: list[Message] = []
    heard = 0
    for sent, at in enumerate(planting.slots(sender, every, missed=missed), start=1):
        day = planting.worktime.day(at)
        readers = [listed] if listed is not None else planting.present(circle, day, noise)
        cut = max(1, round(len(readers) * 0.6)) if in_copy else len(readers)
        first = post.send(
            sender,
            readers[:cut],
            planting.subject(template, sender, at, topic=topic),
            at,
            cc=readers[cut:],
            attached=dice.chance(attached),
        )
        # what is often answered is a discussion: chance must not make one of a report
        answers = dice.whole(1, 2) if dice.chance(answered) and heard + 1 <= MOST_ANSWERED * sent else 0
        heard += answers > 0
        written += post.discuss(first, answers, everyone=0.3, speakers=circle.on(day) if listed is not None else ())
    return written


def status_report(planting: Planting) -> None:
    """Pattern 1: one sender, a fixed set, a rhythm, hardly an answer."""
    dice, company = planting.dice, planting.company
    templates = dice.some(words("status_report", "templates"), 8)
    departments = planting.departments()
    rhythms = [7, 7, 14 if planting.worktime.weeks > 24 else 7, 7, 28 if planting.worktime.weeks > 32 else 7, 7]  # noqa: PLR2004
    for number in planting.instances(7):
        name = departments[number % len(departments)]
        template, topic = templates[number % len(templates)], dice.pick(topics_of(name))
        own = planting.department(name)
        listed = company.list_of(f"DL {name}") if number % 4 == 3 else None  # noqa: PLR2004
        if listed is not None:
            circle = planting.standing(company.members[listed])
            sender = dice.pick(own)
            core: list[int] | None = own
        else:
            others = dice.some(planting.steady(), dice.whole(1, 4))
            circle = planting.circle([*own, *(i for i in others if i not in own)], dice.whole(6, 18))
            sender, core = circle.core[0], None
        written = plant_report(planting, sender, circle, template, topic, every=rhythms[number % 6], listed=listed)
        trap = "addressed to a list" if listed is not None else None
        planting.label("status_report", circle, written, stems=[stem(template, topic=topic)], core=core, trap=trap)


def broadcast(planting: Planting) -> None:
    """Pattern 2: few senders, many readers, no answers."""
    dice, company, worktime = planting.dice, planting.company, planting.worktime
    templates = dice.some(words("broadcast", "templates"), 6)
    for number in planting.instances(4):
        name = dice.pick([d for d in ("HR", "IT", "Finance", "Sales") if d in company.departments])
        senders = dice.some(planting.department(name), dice.whole(1, 2))
        by_list = number % 2 == 0
        if by_list:
            listed = company.list_of(dice.pick(("All staff", "Site London")))
            readers = list(company.members[listed])
        else:
            size = max(30, min(90, round(company.people * dice.real(0.12, 0.25))))
            readers = dice.some(planting.steady(), size)
        circle = planting.circle(readers, len(readers) + len(senders), churn=0.04, fixed=senders)
        chosen = (templates[number % 6], templates[(number + 3) % 6])
        topic = dice.pick(topics_of(name))
        written: list[Message] = []
        heard = 0
        for sent in range(1, planting.occasions(18, 34, 9) + 1):
            sender = dice.pick(senders)
            at = worktime.by_habit(sender, dice, 0, planting.last)
            if at is None:
                continue
            to = [listed] if by_list else planting.present(circle, worktime.day(at), 0.3)
            subject = planting.subject(dice.pick(chosen), sender, at, topic=topic)
            hidden = not by_list and dice.chance(0.15)  # careful writers put many readers into Bcc
            first = planting.post.send(
                sender, senders if hidden else to, subject, at, bcc=to if hidden else (), attached=dice.chance(0.3)
            )
            speakers = dice.some(circle.on(worktime.day(at)), 3)
            answers = int(dice.chance(0.05) and heard + 1 <= MOST_ANSWERED * sent)
            heard += answers
            written += planting.post.discuss(first, answers, everyone=0, speakers=speakers)
        planting.label("broadcast", circle, written, stems=[stem(t, topic=topic) for t in chosen], core=senders)


def regional_notice(planting: Planting) -> None:
    """Pattern 15: one notice in several copies, minutes apart, to people of different sites."""
    dice, company, worktime = planting.dice, planting.company, planting.worktime
    templates = dice.some(words("regional_notice", "templates"), 5)
    for number in planting.instances(3):
        template = templates[number % 5]
        sender = dice.pick(planting.steady())
        readers: dict[int, list[int]] = {}
        for site in range(len(SITES)):
            local = planting.steady([i for i in range(company.people) if company.principals[i].site == site])
            readers[site] = dice.some([i for i in local if i != sender], dice.whole(5, 22))
        everyone = [i for group in readers.values() for i in group]
        circle = planting.circle(everyone, len(everyone) + 1, churn=0.05, fixed=[sender])
        written: list[Message] = []
        for _ in range(planting.occasions(13, 24, 9)):
            at = worktime.by_habit(sender, dice, 0, planting.last)
            for site in readers if at is not None else ():
                member = set(circle.on(worktime.day(at or 0)))
                at = (at or 0) + dice.whole(60, 420)
                subject = planting.subject(template, sender, at, region=SITES[site].name)
                first = planting.post.send(
                    sender, [i for i in readers[site] if i in member], subject, at, attached=dice.chance(0.8)
                )
                written += planting.post.discuss(first, int(dice.chance(0.05)), everyone=0)
        planting.label("regional_notice", circle, written, stems=[stem(template)], core=[sender])


def alerts(planting: Planting) -> None:
    """Pattern 8: a machine writes day and night to the same people, who forward now and then."""
    dice, company, worktime = planting.dice, planting.company, planting.worktime
    templates = dice.some(words("alerts", "templates"), 7)
    services = company.places["service"][1:]
    technical = [d for d in ("IT", "Operations", "Production", "Customer Service") if d in company.departments]
    for number in planting.instances(4):
        sender, template = services[number % len(services)], templates[number % 7]
        readers = planting.department(technical[number % len(technical)])
        circle = planting.circle(readers, dice.whole(5, 12), churn=0.1)
        declared = True if number % 2 == 0 else None  # not every program says in the headers that it is one
        rate, topic = dice.real(0.8, 2.2), dice.pick(topics_of("IT"))
        written: list[Message] = []
        for day in range(worktime.days):
            for _ in range(dice.poisson(rate)):
                at = worktime.moment(sender, day, dice.real(0, MINUTES_PER_DAY - 1))
                subject = planting.subject(template, sender, at or 0, topic=topic) if at else ""
                first = planting.post.send(
                    sender, circle.on(day), subject, at, automatic=declared, importance=dice.pick(("normal", "high"))
                )
                if first is None:
                    continue
                written.append(first)
                if dice.chance(0.06):
                    written += _handed_on(planting, circle, first)
        planting.label("alerts", circle, written, stems=[stem(template, topic=topic)])


def _handed_on(planting: Planting, circle: Circle, alert: Message) -> list[Message]:
    """Somebody forwards an alert to a colleague, who answers."""
    who, to = planting.dice.some(circle.on(planting.worktime.day(alert.at)), 2)
    at = planting.worktime.after(who, alert.at, planting.dice.minutes(25))
    forward = planting.post.reply(alert, who, [to], at, forward=True)
    return planting.post.discuss(forward, planting.dice.whole(0, 2), median=30, drift=0)
