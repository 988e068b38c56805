"""Many write to many: working groups, bridges, decisions, copies for cover, projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyser.sources.sample.patterns.notices import topics_of
from analyser.sources.sample.words import fill, stem, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyser.sources.sample.planting import Circle, Planting
    from analyser.sources.sample.post import Message

__all__ = ["bridge", "cc_for_cover", "decision_thread", "plant_group", "project_burst", "working_group"]


def plant_group(
    planting: Planting,
    circle: Circle,
    topic: str,
    *,
    section: str = "working_group",
    per_week: float,
    noise: float = 0.12,
) -> list[Message]:
    """Weeks of reply-all among the people of a circle; about one week in twelve is quiet.

    Parameters
    ----------
    planting, circle
        Where it is written, and by whom.
    topic
        What stands for {topic} in the subjects.
    section
        Of the vocabulary, with the templates.
    per_week
        Mean number of threads in a week that is not quiet.
    noise
        Probability that a message leaves people out, and the same that it adds some.
    """
    dice, worktime, post = planting.dice, planting.worktime, planting.post
    templates = dice.some(words(section, "templates"), 4)
    answers, quiet = dice.real(1, 2.4), dice.real(0.02, 0.15)
    written: list[Message] = []
    for week in range(circle.first // 7, circle.last // 7 + 1):
        threads = 0 if dice.chance(quiet) else max(1, dice.poisson(per_week))
        for _ in range(threads):
            who = dice.pick(circle.on(week * 7) or circle.core)
            at = worktime.by_habit(who, dice, week * 7, min(week * 7 + 6, circle.last))
            if at is None:
                continue
            people = [i for i in planting.present(circle, worktime.day(at), noise) if i != who]
            cut = len(people) if dice.chance(0.6) else dice.whole(1, max(1, len(people)))
            subject = planting.subject(dice.pick(templates), who, at, topic=topic)
            first = post.send(who, people[:cut], subject, at, cc=people[cut:], attached=dice.chance(0.15))
            written += post.discuss(first, dice.poisson(answers), everyone=0.93, drift=noise / 3)
    return written


def working_group(planting: Planting) -> None:
    """Pattern 13: a group that works by reply-all."""
    dice, company = planting.dice, planting.company
    departments = planting.departments()
    topics = dice.some(words("working_group", "names"), 16)
    for number in planting.instances(8):
        people = list(planting.department(departments[number % len(departments)]))
        if number % 2:  # every other one crosses departments
            people = [
                *dice.some(people, 4),
                *dice.some(planting.department(departments[(number + 3) % len(departments)]), 4),
            ]
        circle = planting.circle(list(dict.fromkeys(people)), dice.whole(5, 11))
        topic = topics[number % 16] if number < 16 else f"{topics[number % 16]} {number // 16 + 1}"  # noqa: PLR2004
        written = plant_group(planting, circle, topic, per_week=dice.real(1.3, 3.6))
        existing = None
        if number < 2:  # noqa: PLR2004  the first has a team already, the second had one
            team = company.add_group(f"group-{stem(topic).replace(' ', '-')}", topic, circle.core, "team")
            existing = company.principals[team].address
            if number:
                company.last_activity[team] = planting.worktime.date(-200)
        stems = [stem(topic)]
        trap = ("a team of these people exists", "a team of these people lies idle")[number] if existing else None
        planting.label("working_group", circle, written, stems=stems, trap=trap, existing=existing)


def bridge(planting: Planting) -> None:
    """Pattern 12: two departments that talk through one or two people."""
    dice, worktime, post = planting.dice, planting.worktime, planting.post
    departments = planting.departments()
    templates = words("bridge", "templates")
    for number in planting.instances(4):
        one, two = departments[number % len(departments)], departments[(number + 1) % len(departments)]
        first_side = dice.some(planting.department(one), dice.whole(3, 6))
        second_side = dice.some(planting.department(two), dice.whole(3, 6))
        spanners = [first_side[0], second_side[0]][: 1 + number % 2]
        circle = planting.circle([*first_side, *second_side], 12, churn=0.08, fixed=spanners)
        topic, chosen = dice.pick(topics_of(one)), dice.some(templates, 3)
        written: list[Message] = []
        for week in range(worktime.weeks):
            for _ in range(max(1, dice.poisson(1.4)) if dice.chance(0.93) else 0):
                who = dice.pick(spanners if dice.chance(0.85) else circle.core)
                at = worktime.by_habit(who, dice, week * 7, week * 7 + 6)
                if at is None:
                    continue
                people = [i for i in planting.present(circle, worktime.day(at)) if i != who]
                subject = planting.subject(dice.pick(chosen), who, at, topic=topic)
                begun = post.send(who, people, subject, at, attached=dice.chance(0.25))
                speakers = [*spanners, dice.pick(second_side)] if dice.chance(0.75) else ()
                written += post.discuss(begun, dice.poisson(1), everyone=0.85, speakers=speakers)
        stems = [stem(t, topic=topic) for t in chosen]
        trap = "rests on one person" if len(spanners) == 1 else None
        planting.label("bridge", circle, written, stems=stems, core=spanners, trap=trap)


def decision_thread(planting: Planting) -> None:
    """Pattern 9: long reply-all threads over days; people are added, the senior ones late."""
    dice, company = planting.dice, planting.company
    templates = dice.some(words("decision_thread", "templates"), 5)
    departments = planting.departments()
    for number in planting.instances(4):
        own = planting.department(departments[number % len(departments)])
        head = company.heads[departments[number % len(departments)]]
        other = planting.department(departments[(number + 2) % len(departments)])
        people = [i for i in dict.fromkeys([*dice.some(own, 5), *dice.some(other, 3)]) if i != head]
        circle = planting.circle(people, dice.whole(6, 8), churn=0.05)
        template = templates[number % 5]
        written: list[Message] = []
        for _ in range(planting.occasions(8, 13, 5)):
            written += _decision(planting, circle, head, template, dice.pick(circle.core))
        circle.spans[head] = (0, planting.last)
        planting.label("decision_thread", circle, written, stems=[stem(template)])


def _decision(planting: Planting, circle: Circle, head: int, template: str, who: int) -> list[Message]:
    dice, post, worktime = planting.dice, planting.post, planting.worktime
    at = worktime.by_habit(who, dice, 0, planting.last - 10)
    if at is None:
        return []
    people = dice.some(circle.on(worktime.day(at)), max(5, len(circle.spans) - 2))
    late = [i for i in circle.on(worktime.day(at)) if i not in people and i != who]
    current = post.send(who, people, planting.subject(template, who, at), at, attached=dice.chance(0.4))
    inside = list(dict.fromkeys([who, *people]))
    written = [current] if current else []
    length = dice.whole(9, 16)
    for step in range(1, length):
        if current is None:
            break
        answering = dice.pick([i for i in current.recipients if i in inside])  # whoever has received it
        if late and dice.chance(0.3):
            inside.append(late.pop())
        if step == length * 2 // 3:
            inside.append(head)
        due = worktime.after(answering, current.at, dice.minutes(170))
        to = [current.sender] if dice.chance(0.08) else [i for i in inside if i != answering]
        current = post.reply(current, answering, to, due)
        written += [current] if current else []
    return written


def cc_for_cover(planting: Planting) -> None:
    """Pattern 10: a manager is in copy of everything and never answers; copies grow along the thread."""
    dice, company, worktime, post = planting.dice, planting.company, planting.worktime, planting.post
    leads = dice.some([i for i, team in company.teams.items() if len(planting.steady(team)) > 3], len(company.teams))  # noqa: PLR2004
    for number in planting.instances(4):
        boss = leads[number % len(leads)]
        team = planting.circle(planting.steady(company.teams[boss]), 9, churn=0)
        above = company.principals[boss].manager or 0
        topic = dice.pick(topics_of(company.principals[boss].department))
        chosen = dice.some(words("cc_for_cover", "templates"), 3)
        per_week = dice.real(2, 5)
        written: list[Message] = []
        for _ in range(round(per_week * worktime.weeks)):
            who, *to = dice.some(team.core, dice.whole(2, 3))
            at = worktime.by_habit(who, dice, 0, planting.last)
            if at is None:
                continue
            cc = [boss] if dice.chance(0.9) else []
            begun = post.send(who, to, planting.subject(dice.pick(chosen), who, at, topic=topic), at, cc=cc)
            written += _covered(planting, begun, [*cc, boss, above, *team.core]) if begun else []
        circle = planting.standing((boss, *team.core))
        stems = [stem(t, topic=topic) for t in chosen]
        planting.label("cc_for_cover", circle, written, expected="norm", stems=stems, core=[boss, *team.core])


def _covered(planting: Planting, begun: Message, copied: Sequence[int]) -> list[Message]:
    """Answers between those in To; each may take one more into copy."""
    dice, current, written = planting.dice, begun, [begun]
    watching, waiting = list(begun.cc), [i for i in dict.fromkeys(copied) if i not in {begun.sender, *begun.recipients}]
    for _ in range(dice.poisson(1.3)):
        who = dice.pick(current.to)
        if waiting and dice.chance(0.4):
            watching.append(waiting.pop(0))
        due = planting.worktime.after(who, current.at, dice.minutes(110))
        answer = planting.post.reply(current, who, [current.sender], due, cc=[i for i in watching if i != who])
        if answer is None:
            break
        written.append(answer)
        current = answer
    return written


def project_burst(planting: Planting) -> None:
    """Pattern 7: new people from several departments, dense for some weeks, then silence; some return by season."""
    dice = planting.dice
    names, seasons = dice.some(words("project_burst", "names"), 10), dice.some(words("project_burst", "seasons"), 5)
    for number in planting.instances(6):
        name = seasons[number // 3 % 5] if number % 3 == 1 else names[number % 10]
        sides = [dice.some(planting.department(d), dice.whole(2, 4)) for d in planting.departments(of_size=4)[:4]]
        people = [i for side in sides for i in side]
        circle = planting.circle(people, dice.whole(6, 14), churn=0.1)
        length = max(21, min(dice.whole(5, 14), planting.worktime.weeks // 3) * 7)
        windows = _windows(planting, number % 3, length)
        templates = dice.some(words("project_burst", "templates"), 5)
        written = [m for window in windows for m in _burst(planting, circle, window, name, templates)]
        # one in three is over and will not return: recognised, but no space comes too late for it
        over = number % 3 == 2  # noqa: PLR2004
        planting.label(
            "project_burst",
            circle,
            written,
            expected="none" if over else "space",
            trap=("still running", "returns by season", "over")[number % 3],
            stems=[stem(name)],
        )


def _windows(planting: Planting, kind: int, length: int) -> list[tuple[int, int]]:
    """Days in which the project lives: up to the end, twice, or once and long ago."""
    last = planting.last
    if kind == 0:
        return [(last - length, last)]
    if kind == 1:
        begin = planting.dice.whole(0, 14)
        return [(begin, begin + length * 2 // 3), (last - length * 2 // 3, last)]
    begin = planting.dice.whole(7, max(8, last // 3))
    return [(begin, min(begin + length, last - 28))]


def _burst(
    planting: Planting, circle: Circle, window: tuple[int, int], name: str, templates: Sequence[str]
) -> list[Message]:
    dice, worktime, post = planting.dice, planting.worktime, planting.post
    first, last = window
    peaks = [dice.whole(first, last) for _ in range(max(2, (last - first) // 9))]
    written: list[Message] = []
    for _ in range(round((last - first) / 7 * dice.real(5, 11))):
        who = dice.pick(circle.core)
        peak = dice.pick(peaks)
        day = worktime.next_day(who, min(max(peak + dice.whole(-1, 2), first), last))
        at = worktime.moment(who, day, dice.real(8 * 60, 18 * 60)) if day <= last else None
        if at is None:
            continue
        people = [i for i in planting.present(circle, day, 0.15) if i != who]
        language = planting.company.language(who)
        subject = fill(dice.pick(templates), dice, language, worktime.date(day), project=name)
        begun = post.send(who, people, subject, at, attached=dice.chance(0.3))
        written += post.discuss(begun, dice.poisson(1.6), median=45, everyone=0.9)
    return written
