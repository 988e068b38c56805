"""One asks, another answers or passes on: questions, approvals, scheduling, documents, onboarding, social mail."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from analyser.sources.sample.organisation import SITES
from analyser.sources.sample.patterns.notices import topics_of
from analyser.sources.sample.words import fill, stem, vocabulary, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyser.sources.sample.planting import Planting
    from analyser.sources.sample.post import Message

__all__ = ["approval_chain", "department_questions", "document_rounds", "onboarding", "scheduling", "social"]

FEW_ASKERS = 6
SHARED = {"IT": 2, "Customer Service": 0}  # departments that are asked through a shared mailbox


def department_questions(planting: Planting) -> None:
    """Pattern 3: many ask one department, few answer, one by one and again and again."""
    dice, company = planting.dice, planting.company
    departments = [d for d in vocabulary()["department_questions"] if d in company.departments]
    for number in planting.instances(5):
        name = departments[number % len(departments)]
        answerers = dice.some(planting.department(name), dice.whole(1, 4))
        shared = company.places["shared"][SHARED[name]] if name in SHARED else None
        askers = [i for i in range(company.people) if company.principals[i].department != name]
        rate = max(1.3, dice.real(2.5, 6) * company.people / 400)
        topics = dice.some(words("department_questions", name), dice.whole(2, 5))
        written: list[Message] = []
        asked: Counter[int] = Counter()
        for _ in range(round(rate * planting.worktime.weeks)):
            thread = _question(planting, dice.pick(askers), answerers, shared, dice.pick(topics))
            asked.update(message.sender for message in thread[:1])
            written += thread
        regular = [who for who, count in asked.items() if count > 1]
        if len(regular) < FEW_ASKERS:  # a short history: whoever has asked will ask again
            regular = list(asked)
        circle = planting.standing((*answerers, *regular))
        stems = [stem(topic) for topic in topics]
        trap = "asked through a shared mailbox" if shared is not None else None
        planting.label("department_questions", circle, written, stems=stems, core=answerers, trap=trap)


def _question(
    planting: Planting, asker: int, answerers: Sequence[int], shared: int | None, topic: str
) -> list[Message]:
    dice, post, worktime = planting.dice, planting.post, planting.worktime
    at = worktime.by_habit(asker, dice, 0, planting.last)
    if at is None:
        return []
    # the first of the answerers is the one whom everybody knows
    known = answerers[0] if dice.chance(0.5) else dice.pick(answerers)
    cc = dice.some([i for i in answerers if i != known], int(dice.chance(0.15)))
    subject = planting.subject(topic, asker, at)
    first = post.send(asker, [known if shared is None else shared], subject, at, cc=cc if shared is None else ())
    if first is None or not dice.chance(0.88):
        return [first] if first else []
    by = shared if shared is not None and dice.chance(0.3) else known
    answer = post.reply(first, by, [asker], worktime.after(known, at, dice.minutes(140)), attached=dice.chance(0.15))
    thanks = post.discuss(answer, 1, median=40, everyone=0, drift=0) if dice.chance(0.3) else [answer]
    return [message for message in (first, *thanks) if message]


def approval_chain(planting: Planting) -> None:
    """Pattern 4: a request goes up the same ladder, one hand at a time, and comes back."""
    dice, company = planting.dice, planting.company
    templates = dice.some(words("approval_chain", "templates"), 6)
    leads = dice.some([i for i, team in company.teams.items() if len(planting.steady(team)) > 2], len(company.teams))  # noqa: PLR2004
    for number in planting.instances(4):
        lead, template = leads[number % len(leads)], templates[number % 6]
        requesters = dice.some(planting.steady(company.teams[lead]), dice.whole(3, 6))
        above = company.principals[lead].manager or 0
        last = dice.pick([i for i in planting.department("Finance") if i not in {lead, above}])
        path = list(dict.fromkeys((lead, above, last)))
        pace = dice.real(60, 300)
        written: list[Message] = []
        for _ in range(planting.occasions(16, 42, 13)):
            written += _approval(planting, dice.pick(requesters), path, template, pace)
        circle = planting.standing((*requesters, *path))
        planting.label("approval_chain", circle, written, stems=[stem(template)], core=path)


def _approval(planting: Planting, asker: int, path: Sequence[int], template: str, pace: float) -> list[Message]:
    dice, post, worktime = planting.dice, planting.post, planting.worktime
    at = worktime.by_habit(asker, dice, 0, planting.last)
    if at is None:
        return []
    urgency = "high" if dice.chance(0.8) else "normal"
    subject = planting.subject(template, asker, at)
    step = post.send(asker, path[:1], subject, at, importance=urgency, attached=dice.chance(0.7))
    written = []
    for hand, following in zip(path, [*path[1:], asker], strict=True):
        if step is None:
            break
        written.append(step)
        at = worktime.after(hand, step.at, dice.minutes(pace, 0.6))
        if dice.chance(0.06):  # sent back at once
            following = asker  # noqa: PLW2901
        is_forward = following != asker
        step = post.reply(step, hand, [following], at, importance=urgency, forward=is_forward, attached=step.attached)
        if not is_forward:
            break
    return [*written, step] if step and step not in written else written


def scheduling(planting: Planting) -> None:
    """Pattern 5: many short messages until a date is found; then the invitation, with a room."""
    dice, company, worktime, post = planting.dice, planting.company, planting.worktime, planting.post
    templates = dice.some(words("scheduling", "templates"), 5)
    departments = planting.departments()
    for number in planting.instances(4):
        own = planting.department(departments[number % len(departments)])
        circle = planting.circle([*own, *dice.some(planting.steady(), 2)], dice.whole(5, 8), churn=0)
        template, invite = templates[number % 5], dice.pick(words("scheduling", "invite"))
        written: list[Message] = []
        for _ in range(planting.occasions(13, 26, 9)):
            people = dice.some(circle.core, dice.whole(2, 4))
            at = worktime.by_habit(people[0], dice, 0, planting.last - 4)
            if at is None:
                continue
            language = company.language(people[0])
            thing = dice.pick(words("background", f"things_{language}"))
            first = post.send(people[0], people[1:], fill(template, dice, language, thing=thing), at)
            thread = post.discuss(first, dice.whole(3, 6), median=100, everyone=0.95, attached=0, drift=0)
            if not thread:
                continue
            invited = worktime.after(people[0], thread[-1].at, dice.minutes(60))
            room = dice.pick(company.places["room"])
            call = post.send(people[0], [*people[1:], room], fill(invite, dice, thing=thing), invited)
            written += [*thread, *([call] if call else [])]
        planting.label("scheduling", circle, written, stems=[stem(template)])


def document_rounds(planting: Planting) -> None:
    """Pattern 6: a file goes to and fro in versions."""
    dice, worktime = planting.dice, planting.worktime
    templates = dice.some(words("document_rounds", "templates"), 6)
    departments = planting.departments()
    for number in planting.instances(4):
        own = planting.department(departments[number % len(departments)])
        circle = planting.circle([*own, *dice.some(planting.steady(), 3)], dice.whole(5, 8), churn=0)
        template, steady = templates[number % 6], dice.real(0.8, 1)
        written: list[Message] = []
        for _ in range(planting.occasions(9, 17, 7)):
            people = dice.some(circle.core, dice.whole(3, len(circle.core)))
            at = worktime.by_habit(people[0], dice, 0, planting.last - 7)
            if at is not None:
                written += _rounds(planting, people, template, at, steady)
        planting.label("document_rounds", circle, written, stems=[stem(template)])


def _rounds(planting: Planting, people: Sequence[int], template: str, at: int, steady: float) -> list[Message]:
    """One document: two or three editors alternate, the others are in copy."""
    dice, post = planting.dice, planting.post
    language = planting.company.language(people[0])
    fixed: dict[str, str] = {
        "thing": dice.pick(words("background", f"things_{language}")),
        "place": dice.pick(words("background", "places")),
    }
    fixed["name"] = dice.pick(words("names", f"{language}_last"))
    style = dice.pick(words("document_rounds", "versions"))
    editors, renames = people[: dice.whole(2, min(3, len(people)))], dice.chance(0.6)

    def title(version: int) -> str:
        return fill(template, dice, language, None, version=fill(style, dice, number=str(version)), **fixed)

    current = post.send(editors[0], people[1:], title(1), at, attached=True)
    written = [current] if current else []
    for version in range(2, dice.whole(4, 9)):
        if current is None:
            break
        who = editors[(version - 1) % len(editors)]
        due = planting.worktime.after(who, current.at, dice.minutes(260))
        to, cc = [i for i in editors if i != who], [i for i in people if i not in editors]
        base = title(version) if renames else None
        current = post.reply(current, who, to, due, cc=cc, attached=dice.chance(steady), base=base)
        written += [current] if current else []
    return written


def onboarding(planting: Planting) -> None:
    """Pattern 14: the same explanations to everyone new; a third of the time to those of one site only."""
    dice, company, worktime = planting.dice, planting.company, planting.worktime
    names = [name for name in ("HR", "IT", "Operations", "Production") if name in company.departments]
    joiners = [i for i in range(company.people) if not worktime.employed[i, 0]]
    at_main_site = [i for i in joiners if company.principals[i].site == 0]
    templates = dice.some(words("onboarding", "templates"), 6)
    for number in planting.instances(3):
        sender = dice.pick(planting.department(names[number % len(names)]))
        topic = dice.pick(topics_of(company.principals[sender].department))
        chosen = templates[number % 3 * 2 :][:2]
        greeted = at_main_site if number % 3 == 2 else joiners  # noqa: PLR2004
        originals: dict[str, Message] = {}
        written: list[Message] = []
        for joiner in sorted(greeted, key=lambda i: int(worktime.employed[i].argmax())):
            for template in chosen:
                subject = (template, topic)
                first = _greeting(planting, sender, joiner, subject, originals if number % 2 else {})
                written += planting.post.discuss(first, int(dice.chance(0.35)), everyone=0, drift=0)
        stems = [stem(t, topic=topic) for t in chosen]
        planting.label("onboarding", planting.standing((sender, *greeted)), written, stems=stems, core=[sender])


def _greeting(
    planting: Planting, sender: int, joiner: int, subject: tuple[str, str], originals: dict[str, Message]
) -> Message | None:
    """One explanation to one joiner: written anew, or forwarded from `originals`, which the first one enters."""
    dice, worktime = planting.dice, planting.worktime
    arrival = int(worktime.employed[joiner].argmax())
    at = worktime.by_habit(sender, dice, arrival, min(arrival + 24, planting.last))
    if at is None or dice.chance(0.1):
        return None
    boss = [planting.company.principals[joiner].manager or 0] if dice.chance(0.3) else []
    template, topic = subject
    old = originals.get(template)
    if old is not None and old.at < at:
        return planting.post.reply(old, sender, [joiner], at, cc=boss, forward=True, attached=True)
    line = planting.subject(template, sender, at, topic=topic)
    first = planting.post.send(sender, [joiner], line, at, cc=boss, attached=dice.chance(0.9))
    if first is not None:
        originals.setdefault(template, first)
    return first


def social(planting: Planting) -> None:
    """Pattern 11: cake, lost keys, new babies: many write once, some answer, all receive."""
    dice, company, worktime, post = planting.dice, planting.company, planting.worktime, planting.post
    lists = dice.some([f"Site {site.name}" for site in SITES], 3)
    lists = [name for name in lists if len(company.members[company.list_of(name)]) >= 12] or ["All staff"]  # noqa: PLR2004
    for number in planting.instances(3):
        listed = company.list_of(lists[number % len(lists)])
        readers = list(company.members[listed])
        by_name = number % 3 == 2  # noqa: PLR2004  somebody once picked all names, and everyone answers to all since
        templates = words("social", "templates")
        written: list[Message] = []
        for _ in range(planting.occasions(32, 55, 14)):
            who = dice.pick(readers)
            at = worktime.by_habit(who, dice, 0, planting.last)
            if at is None:
                continue
            to = [i for i in readers if dice.chance(0.96)] if by_name else [listed]
            first = post.send(who, to, planting.subject(dice.pick(templates), who, at), at, attached=dice.chance(0.1))
            speakers = dice.some(readers, 6)
            written += post.discuss(first, dice.poisson(1.8), median=25, everyone=0.35, speakers=speakers, drift=0)
        circle = planting.standing(readers)
        planting.label("social", circle, written, core=[])
