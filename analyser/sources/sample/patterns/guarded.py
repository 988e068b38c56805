"""What is not to become a space: threads with outsiders are parked, confidential mail is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.sources.sample.patterns.notices import topics_of
from analyser.sources.sample.words import stem, words

if TYPE_CHECKING:
    from analyser.sources.sample.planting import Planting
    from analyser.sources.sample.post import Message

__all__ = ["confidential", "external"]

FEW = 3  # people of a department


def external(planting: Planting) -> None:
    """Pattern 16: a team and a partner outside."""
    dice, company, worktime, post = planting.dice, planting.company, planting.worktime, planting.post
    departments = planting.departments()
    partners = dice.some(sorted(company.partners), len(company.partners))
    for number in planting.instances(5):
        name = departments[number % len(departments)]
        circle = planting.circle(planting.department(name), dice.whole(4, 7), churn=0.08)
        outside = dice.some(company.partners[partners[number % len(partners)]], dice.whole(2, 4))
        topic = f"{partners[number % len(partners)].split('.')[0].title()} {dice.pick(topics_of(name))}"
        chosen = dice.some(words("external", "templates"), 3)
        written: list[Message] = []
        for _ in range(round(dice.real(1.2, 2.6) * worktime.weeks)):
            who = dice.pick(outside if dice.chance(0.45) else circle.core)
            at = worktime.by_habit(who, dice, 0, planting.last)
            if at is None:
                continue
            inside = planting.present(circle, worktime.day(at))
            others = outside if dice.chance(0.92) else []  # now and then they confer among themselves
            people = [i for i in (*others, *inside) if i != who]
            begun = post.send(who, people, planting.subject(dice.pick(chosen), who, at, topic=topic), at,
                              attached=dice.chance(0.3))  # fmt: skip
            written += post.discuss(begun, dice.poisson(1.6), median=160, everyone=0.92, drift=0.01)
        stems = [stem(t, topic=topic) for t in chosen]
        planting.label("external", circle, written, expected="defer", stems=stems)


def confidential(planting: Planting) -> None:
    """Pattern 17: three to six people of HR, Legal and the head concerned; nobody is ever added."""
    dice, company, worktime, post = planting.dice, planting.company, planting.worktime, planting.post
    for number in planting.instances(4):
        home = ("HR", "Legal")[number % 2]
        heads = [i for name, i in company.heads.items() if name != home]
        people = planting.department(home)
        if len(people) <= FEW:  # in a small organisation the two departments handle such cases together
            people = sorted({*planting.department("HR"), *planting.department("Legal")})
        circle = planting.circle(people, dice.whole(3, 5), churn=0, fixed=[dice.pick(heads)])
        chosen = dice.some(words("confidential", "templates"), 4)
        fixed = {
            "topic": dice.pick(topics_of(home)),
            "partner": dice.pick(sorted(company.partners)).split(".")[0].title(),
        }
        written: list[Message] = []
        for week in range(worktime.weeks):
            for _ in range(dice.poisson(1.4)):
                who = dice.pick(circle.core)
                at = worktime.by_habit(who, dice, week * 7, week * 7 + 6)
                if at is None:
                    continue
                urgency = "high" if dice.chance(0.3) else "normal"
                # not every subject betrays what it is about
                template = "Follow-up to our call" if dice.chance(0.12) else dice.pick(chosen)
                subject = planting.subject(template, who, at, **fixed)
                people = [i for i in circle.core if i != who]
                begun = post.send(who, people, subject, at, importance=urgency, attached=dice.chance(0.4))
                written += post.discuss(begun, dice.poisson(1.5), everyone=1, drift=0)
        stems = [stem(t, **fixed) for t in chosen]
        planting.label("confidential", circle, written, expected="leave", stems=stems)
