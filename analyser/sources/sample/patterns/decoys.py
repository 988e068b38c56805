"""What looks like a pattern and is none; and patterns that lie on one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.sources.sample.patterns.groups import plant_group
from analyser.sources.sample.patterns.notices import plant_report, topics_of
from analyser.sources.sample.planting import Circle
from analyser.sources.sample.words import fill, stem, words

if TYPE_CHECKING:
    from analyser.sources.sample.planting import Planting
    from analyser.sources.sample.post import Message

__all__ = [
    "constant_copy",
    "frequent_pair",
    "monday_person",
    "nightly_report",
    "one_off_burst",
    "outside_mass_mail",
    "payroll_report",
    "same_people",
    "survey",
]


def same_people(planting: Planting) -> None:
    """Two purposes on the same people: two reports, or a report within a working group. Both are real."""
    dice = planting.dice
    departments = planting.departments()
    templates = dice.some(words("status_report", "templates"), 8)
    topics = dice.some(words("working_group", "names"), 16)
    for number in planting.instances(4):
        name = departments[number % len(departments)]
        circle = planting.circle(planting.department(name), dice.whole(6, 10), churn=0)
        identity = f"{planting.name}-{len(planting.labels) + 2}"
        template, topic = templates[number % 8], dice.pick(topics_of(name))
        written = plant_report(planting, circle.core[0], circle, template, topic)
        trap, stems = "same people, other purpose", [stem(template, topic=topic)]
        first = planting.label("status_report", circle, written, stems=stems, trap=trap, shares=[identity])
        if number % 2:
            template, topic = templates[(number + 4) % 8], f"{topic} details"
            written = plant_report(planting, circle.core[1], circle, template, topic)
            pattern, stems = "status_report", [stem(template, topic=topic)]
        else:
            topic = f"{topics[number % 16]} {name}"
            written = plant_group(planting, circle, topic, per_week=dice.real(1.5, 3))
            pattern, stems = "working_group", [stem(topic)]
        planting.label(pattern, circle, written, stems=stems, trap=trap, shares=[first])


def one_off_burst(planting: Planting) -> None:
    """Twenty mails in two days, and never again."""
    dice, worktime, post = planting.dice, planting.worktime, planting.post
    for _ in planting.instances(4):
        day, there = _two_busy_days(planting)
        circle = planting.circle(there, dice.whole(6, 10), churn=0)
        who, *others = circle.core
        subject = fill(dice.pick(words("decoys", "urgent")), dice)
        at = worktime.moment(who, day, dice.real(8 * 60, 10 * 60))
        first = post.send(who, others, subject, at, importance="high")
        written = post.discuss(first, dice.whole(16, 22), median=12, everyone=0.95, drift=0)
        planting.label(
            "project_burst", circle, written, decoy=True, trap="one-off burst", expected="none", stems=[stem(subject)]
        )


def _two_busy_days(planting: Planting) -> tuple[int, list[int]]:
    """A day on which, and on the next, most people work; and those of one site who do (a burst knows no time zones)."""
    worktime, site = planting.worktime, 0
    while True:
        day = planting.dice.whole(10, planting.last - 10)
        there = [i for i in planting.steady() if worktime.present[i, day : day + 2].all()]
        there = [i for i in there if planting.company.principals[i].site == site]
        if len(there) >= 10:  # noqa: PLR2004  as many as take part
            return day, there


def outside_mass_mail(planting: Planting) -> None:
    """Newsletters from outside to many single addresses."""
    dice, company, worktime, post = planting.dice, planting.company, planting.worktime, planting.post
    for number in planting.instances(3):
        sender = company.places["publisher"][number % len(company.places["publisher"])]
        template = words("decoys", "mass")[number % 3]
        readers = dice.some(planting.steady(), max(28, round(company.people * dice.real(0.08, 0.3))))
        every = dice.pick((7, 7, 3))
        written: list[Message] = []
        for day in range(dice.whole(0, 6), worktime.days, every):
            at = worktime.moment(sender, day, dice.real(5 * 60, 7 * 60))
            host = company.principals[sender].address.split("@")[1]
            subject = planting.subject(template, sender, at or 0) if at else ""
            first = post.send(sender, readers, subject, at, automatic=True, list_id=f"news.{host}")
            written += [first] if first else []
        circle = planting.standing(readers)
        trap = "mass mail from outside"
        planting.label(
            "broadcast", circle, written, decoy=True, trap=trap, expected="none", stems=[stem(template)], core=[]
        )


def frequent_pair(planting: Planting) -> None:
    """Two people who write to one another every other day."""
    dice, worktime, post = planting.dice, planting.worktime, planting.post
    for _ in planting.instances(6):
        one, two = dice.some(planting.steady(), 2)
        written: list[Message] = []
        for _message in range(round(dice.real(2, 4) * worktime.weeks)):
            who, other = (one, two) if dice.chance(0.5) else (two, one)
            at = worktime.by_habit(who, dice, 0, planting.last)
            if at is None:
                continue
            language = planting.company.language(who)
            subject = planting.subject(dice.pick(words("background", f"subjects_{language}")), who, at)
            first = post.send(who, [other], subject, at)
            written += post.discuss(first, dice.poisson(1.2), median=30, drift=0)
        circle = planting.standing((one, two))
        planting.label("working_group", circle, written, decoy=True, trap="one to one", expected="leave")


def payroll_report(planting: Planting) -> None:
    """As regular as any status report, but about salaries: must be left alone."""
    dice, company = planting.dice, planting.company
    templates = words("confidential", "weekly")
    for number in planting.instances(3):
        readers = [company.heads["Finance"], company.heads["Legal"], 0]
        sender = dice.pick(planting.department("HR"))
        circle = planting.circle(readers, 4, churn=0, fixed=[sender])
        template = templates[number % len(templates)]
        written = plant_report(planting, sender, circle, template, "")
        planting.label(
            "status_report", circle, written, decoy=True, trap="confidential", expected="leave", stems=[stem(template)]
        )


def monday_person(planting: Planting) -> None:
    """Somebody who deals with the week's mail on Monday morning: it looks weekly, and is about anything."""
    dice, worktime, post = planting.dice, planting.worktime, planting.post
    for _ in planting.instances(4):
        who = dice.pick(planting.steady())
        known = dice.some(planting.steady(), 14)
        written: list[Message] = []
        for week in range(worktime.weeks):
            for _message in range(dice.whole(2, 5)):
                if not worktime.present[who, week * 7]:
                    continue
                at = worktime.moment(who, week * 7, dice.real(8 * 60, 10 * 60))
                language = planting.company.language(who)
                subject = planting.subject(dice.pick(words("background", f"subjects_{language}")), who, at or 0)
                first = post.send(who, dice.some(known, dice.whole(1, 4)), subject, at)
                written += post.discuss(first, int(dice.chance(0.3)), drift=0)
        circle = planting.standing((who, *known))
        planting.label("status_report", circle, written, decoy=True, trap="Monday morning", expected="none", core=[who])


def survey(planting: Planting) -> None:
    """Asked once, answered by many, one by one."""
    dice, company, worktime, post = planting.dice, planting.company, planting.worktime, planting.post
    for number in planting.instances(3):
        who = dice.pick(planting.department("HR"))
        subject = words("decoys", "survey")[number % 3]
        written: list[Message] = []
        while not written:
            at = worktime.by_habit(who, dice, 7, planting.last - 14)
            first = post.send(who, [company.list_of("All staff")], subject, at)
            written += [first] if first else []
        begun = written[0]
        for asked in dice.some(range(company.people), round(company.people * dice.real(0.25, 0.45))):
            answer = post.reply(begun, asked, [who], worktime.after(asked, begun.at, dice.minutes(200, 1.2)))
            written += [answer] if answer else []
        circle = planting.standing({m.sender for m in written})
        trap, stems = "one-off survey", [stem(subject)]
        planting.label(
            "department_questions", circle, written, decoy=True, trap=trap, expected="none", stems=stems, core=[who]
        )


def constant_copy(planting: Planting) -> None:
    """Two people who share one job: whatever one writes, the other has in copy, and answers."""
    dice, worktime, post = planting.dice, planting.worktime, planting.post
    departments = planting.departments()
    for number in planting.instances(3):
        one, two = dice.some(planting.department(departments[number % len(departments)]), 2)
        others = dice.some([i for i in planting.steady() if i not in {one, two}], 30)
        written: list[Message] = []
        for _ in range(round(dice.real(2, 4) * worktime.weeks)):
            who, twin = (one, two) if dice.chance(0.5) else (two, one)
            at = worktime.by_habit(who, dice, 0, planting.last)
            if at is None:
                continue
            language = planting.company.language(who)
            subject = planting.subject(dice.pick(words("background", f"subjects_{language}")), who, at)
            first = post.send(who, [dice.pick(others)], subject, at, cc=[twin])
            written += post.discuss(first, dice.poisson(0.8), everyone=1, drift=0)
        circle = planting.standing((one, two))
        planting.label("cc_for_cover", circle, written, decoy=True, trap="a pair in copy", expected="none")


def nightly_report(planting: Planting) -> None:
    """A program that reports every night to one person."""
    dice, company, worktime, post = planting.dice, planting.company, planting.worktime, planting.post
    templates = words("decoys", "nightly")
    for number in planting.instances(3):
        sender = company.places["service"][3 + number % 3]
        reader = dice.pick(planting.department("IT"))
        minute, template = dice.real(60, 300), templates[number % 3]
        written: list[Message] = []
        for day in range(worktime.days):
            at = worktime.moment(sender, day, minute + dice.real(0, 4))
            subject = planting.subject(template, sender, at or 0)
            first = post.send(sender, [reader], subject, at, automatic=True, attached=True)
            written += [first] if first else []
        circle = Circle({reader: (0, planting.last)}, 0, planting.last)
        stems = [stem(template)]
        planting.label("alerts", circle, written, decoy=True, trap="one reader", expected="none", stems=stems)
