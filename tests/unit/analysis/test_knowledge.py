"""Every figure of locked knowledge against plain reckoning over a small world, and on cases that are right by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from statistics import mean, median

import numpy as np
import pyarrow as pa
import pytest

from analyser.analysis import knowledge
from analyser.config import Savings
from analyser.lake.schema import TABLES

LIMITS = knowledge.KnowledgeThresholds()
SAVINGS = Savings(minutes_per_sent=5, minutes_per_read=2.5)
TAX, PAY, FEE, HELP = 50, 51, 52, 60
"""Three people who answer, and a shared mailbox; askers are numbered from 1."""

TOPIC = "desk Finance: vat"
PLACE = ("Sales", "Legal", "IT")


def place(asker):
    return PLACE[asker % 3]


class World:
    """Asks with their answers, from which both the tables and the reference are made."""

    def __init__(self):
        self.asks, self.mail, self.parts, self.inside = [], [], [], []

    def send(self, thread, day, sender, *readers, external=False):
        number = len(self.mail)
        on = {sender, *readers} - {HELP}
        self.mail.append(
            {"message": number, "thread": number if thread is None else thread, "day": day, "sender": sender}
            | {"reach": len(on), "external": external}
        )
        self.parts.append({"message": number, "actor": sender, "role": "from"})
        self.parts += [{"message": number, "actor": r, "role": "cc" if n else "to"} for n, r in enumerate(readers)]
        return number

    def ask(self, day, asker, *answers, to=TAX, word="vat", stem="vat", audience=TOPIC):
        """An ask; each answer is (days later, who, further readers)."""
        thread = self.send(None, day, asker, to)
        for later, who, *further in answers:
            self.send(thread, day + later, who, asker, *further)
        self.asks.append((audience, thread, day, asker, {who for _, who, *_ in answers} or {None}, word, stem))
        return thread

    def rows(self):
        return [
            {
                "audience": audience, "department": "Finance", "thread": thread, "day": day, "asker": asker,
                "asker_department": place(asker), "answerer": answerer, "word": each, "stem": stem,
            }
            for audience, thread, day, asker, answerers, word, stem in self.asks
            for answerer in answerers
            for each in word.split()
        ]  # fmt: skip


PRINCIPALS = [
    *({"actor": n, "principal": f"p{n}@contoso.example"} for n in (*range(1, 41), TAX, PAY, FEE)),
    {"actor": HELP, "principal": "help@contoso.example", "kind": "shared"},
]


@pytest.fixture(scope="session")
def measured(engine, table):
    def run(world, limits=LIMITS, savings=SAVINGS):
        names = sorted({ask[0] for ask in world.asks})
        kinds = pa.schema({"audience": pa.string(), "terms": pa.list_(pa.string())})
        terms = engine.memory(pa.table({"audience": names, "terms": [["vat"]] * len(names)}, kinds))
        asks = knowledge.Asks(
            table("asks", world.rows()),
            table("asks", world.inside).select("audience", "thread", "asker"),
            table("mail", world.mail),
            table("parts", world.parts),
            table("principals", PRINCIPALS),
        )
        found = knowledge.knowledge(asks, terms, savings, limits).to_pyarrow()
        declared = found.select([c.name for c in TABLES["knowledge"].columns])
        assert set(found.column_names) >= set(declared.column_names)
        return knowledge.read(declared)

    return run


# by hand


def test_a_topic_by_hand(measured):
    world = World()
    world.ask(0, 1, (0.5, TAX))
    world.ask(1, 2, (0.25, TAX, PAY))
    world.ask(8, 1, (1, PAY))
    world.ask(15, 3)
    (topic,) = measured(world).values()
    assert (topic.knowledge, topic.audience, topic.department, topic.terms) == (1, TOPIC, "Finance", ("vat",))
    assert (topic.asks, topic.outside_askers, topic.departments_asking, topic.weeks) == (4, 3, 3, 3)
    assert topic.asker_departments == ("IT", "Legal", "Sales")
    assert topic.department_askers == (1, 1, 1)
    assert topic.answered_share == 0.75
    assert topic.first_answer_hours == 12
    assert topic.private_share == pytest.approx(2 / 3)
    assert topic.answerers == 2
    assert topic.effective_answerers == pytest.approx(1 / ((2 / 3) ** 2 + (1 / 3) ** 2))
    # the second and the fourth ask are by new people, after an answer about the same; the third is by a known one
    assert topic.reasked_share == 0.5
    # seven messages; four to TAX, three answers to one reader, one of them copied
    assert topic.messages == 7
    assert topic.hours_per_week == pytest.approx((7 * 5 + 8 * 2.5) / 60 / 3, abs=1e-6)
    assert (topic.inside_askers, topic.inside_asks, topic.mailbox_share) == (0, 0, 0)


def test_only_the_first_answer_counts(measured):
    world = World()
    world.ask(0, 1, (3, TAX), (1, PAY, FEE), (5, FEE))
    (topic,) = measured(world).values()
    assert (topic.first_answer_hours, topic.answerers, topic.private_share) == (24, 1, 0)


@pytest.mark.parametrize(("further", "external", "private"), [((), False, 1), ((FEE,), False, 0), ((), True, 0)])
def test_private_is_what_reaches_the_asker_alone(measured, further, external, private):
    world = World()
    thread = world.ask(0, 1)
    world.send(thread, 1, TAX, 1, *further, external=external)
    world.asks[0] = (*world.asks[0][:4], {TAX}, *world.asks[0][5:])
    (topic,) = measured(world).values()
    assert topic.private_share == private


def test_nothing_answered_leaves_the_figures_of_answers_empty(measured):
    world = World()
    world.ask(0, 1)
    (topic,) = measured(world).values()
    assert (topic.answered_share, topic.answerers, topic.reasked_share) == (0, 0, 0)
    assert topic.first_answer_hours is topic.private_share is topic.effective_answerers is None
    assert topic.silent_weeks is topic.answered_share_when_silent is None
    assert not topic.locked


def test_answers_in_the_name_of_a_mailbox_hide_who_answers(measured):
    world = World()
    world.ask(0, 1, (1, HELP), to=HELP)
    world.ask(2, 2, (1, HELP), to=HELP)
    (topic,) = measured(world).values()
    assert (topic.answered_share, topic.answerers, topic.effective_answerers) == (1, 0, None)
    assert (topic.mailbox_share, topic.space, topic.locked) == (1, "ticket_queue", True)
    # the mailbox is no reader: two asks, two answers with one reader each
    assert topic.hours_per_week == pytest.approx((4 * 5 + 2 * 2.5) / 60, abs=1e-6)


def test_what_another_word_was_answered_is_not_asked_again(measured):
    world = World()
    world.ask(0, 1, (1, TAX), word="vat")
    world.ask(4, 2, (1, TAX), word="invoice")
    world.ask(6, 3, word="invoice")
    world.ask(7, 4, word="invoice vat")
    (topic,) = measured(world).values()
    assert topic.reasked_share == 0.5


def test_an_ask_before_its_answer_came_is_not_asked_again(measured):
    world = World()
    world.ask(0, 1, (3, TAX))
    world.ask(3, 2)
    world.ask(3.01, 3)
    (topic,) = measured(world).values()
    assert topic.reasked_share == pytest.approx(1 / 3)


def test_silent_are_weeks_without_any_mail_of_the_one_who_answers_most(measured):
    world = World()
    world.ask(0, 1, (1, TAX))
    world.ask(1, 2, (1, TAX))
    world.ask(7, 3, (4, PAY))  # TAX writes nothing at all in this week
    world.ask(8, 4)
    world.ask(14, 5)  # TAX answers nothing, but is there
    world.send(None, 15, TAX, FEE)
    (topic,) = measured(world).values()
    assert (topic.silent_weeks, topic.silent_asks) == (1, 2)
    assert topic.answered_share_when_silent == 0.5
    assert topic.answered_share_else == pytest.approx(2 / 3)
    assert (topic.first_answer_hours_when_silent, topic.first_answer_hours_else) == (96, 24)


def test_people_of_the_department_who_ask_are_counted_apart(measured):
    world = World()
    world.ask(0, 1, (1, TAX))
    world.inside = [{"audience": TOPIC, "thread": n, "asker": 20 + n % 2} for n in (100, 101, 102)]
    world.inside.append({"audience": "desk of no topic", "thread": 103, "asker": 30})
    (topic,) = measured(world).values()
    assert (topic.inside_askers, topic.inside_asks, topic.outside_askers, topic.asks) == (2, 3, 1, 1)


def test_topics_are_numbered_by_what_they_cost(measured):
    world = World()
    world.ask(0, 1, audience="a")
    for day in (0, 1, 2):
        world.ask(day, 2, (1, TAX), audience="b")
    found = measured(world)
    assert [(t.audience, t.knowledge) for t in found.values()] == [("b", 1), ("a", 2)]


def test_without_asks_there_are_no_topics(measured):
    assert measured(World()) == {}


def test_hours_follow_the_settings(measured):
    world = World()
    world.ask(0, 1, (1, TAX))
    (topic,) = measured(world, savings=Savings(minutes_per_sent=60, minutes_per_read=30)).values()
    assert topic.hours_per_week == pytest.approx(3)


# verdicts, on both edges of every threshold

OPEN = {"effective_answerers": 4.0, "private_share": 0.5, "departments_asking": 2, "reasked_share": 0.25}
SPACE = {"mailbox_share": 0.0, "repeated_share": 0.0}


@pytest.fixture(scope="session")
def verdict(engine):
    def run(**change):
        rows = engine.memory(pa.table({name: [value] for name, value in {**OPEN, **SPACE, **change}.items()}))
        found = rows.select(locked=knowledge.locks(rows, LIMITS), space=knowledge.space_for(rows, LIMITS))
        return found.to_pyarrow().to_pylist()[0]

    return run


@pytest.mark.parametrize(
    ("change", "locked"),
    [
        ({}, True),
        ({"effective_answerers": 4.01}, False),
        ({"private_share": 0.49}, False),
        ({"departments_asking": 1}, False),
        ({"reasked_share": 0.24}, False),
    ],
)
def test_locked_is_what_passes_every_threshold(verdict, change, locked):
    assert verdict(**change)["locked"] == locked


@pytest.mark.parametrize(
    ("mailbox", "repeated", "space"),
    [
        (0.5, 1.0, "ticket_queue"),
        (0.49, 0.8, "knowledge_page"),
        (0.49, 0.79, "qa_community"),
    ],
)
def test_what_would_open_it(verdict, mailbox, repeated, space):
    assert verdict(mailbox_share=mailbox, repeated_share=repeated)["space"] == space


@pytest.mark.parametrize(("askers", "share"), [(3, 1), (2, 0)])
def test_a_question_is_the_same_if_enough_people_ask_it_in_the_same_words(measured, askers, share):
    world = World()
    for n in range(4):
        world.ask(n, 1 + n % askers, stem="vat #")
    (topic,) = measured(world).values()
    assert topic.repeated_share == share


# against plain reckoning


def grown(seed):
    """A random world: two topics, three answerers of unequal diligence, a mailbox, absences, copies."""
    dice = np.random.default_rng(seed)
    world = World()
    away = {who: set(dice.choice(8, 2, replace=False).tolist()) for who in (TAX, PAY, FEE)}
    for _ in range(60):
        day, asker = float(dice.uniform(0, 56)), int(dice.integers(1, 15))
        answers = []
        for _ in range(int(dice.integers(0, 3))):
            who = int(dice.choice([TAX, PAY, FEE, HELP], p=[0.5, 0.2, 0.2, 0.1]))
            later = float(dice.exponential(2)) + 0.01
            if who == HELP or int((day + later) // 7) not in away[who]:
                answers.append((later, who, *([FEE] if dice.random() < 0.2 and who != FEE else [])))
        word = str(dice.choice(["vat", "invoice", "vat invoice"]))
        to = HELP if dice.random() < 0.3 else TAX
        stem = f"{word} {dice.choice(list('abc'))}"
        world.ask(day, asker, *answers, to=to, word=word, stem=stem, audience=str(dice.choice(["a", "b"])))
    return world


def reckoned(world, audience):
    """The same figures by loops over lists."""
    asks = sorted((a for a in world.asks if a[0] == audience), key=lambda a: (a[2], a[1]))
    answers = {}
    for _, thread, _, asker, who, *_ in asks:
        given = [m for m in world.mail if m["thread"] == thread != m["message"] and m["sender"] in who]
        assert asker not in who
        answers[thread] = min(given, key=lambda m: (m["day"], m["message"])) if given else None
    first = {thread: m for thread, m in answers.items() if m}
    day = {a[1]: a[2] for a in asks}
    hours = {thread: (m["day"] - day[thread]) * 24 for thread, m in first.items()}
    people = Counter(m["sender"] for m in first.values() if m["sender"] != HELP)
    main = min(people, key=lambda who: (-people[who], who))
    there = {int(m["day"] // 7) for m in world.mail if m["sender"] == main}
    silent = [a for a in asks if int(a[2] // 7) not in there]
    other = [a for a in asks if int(a[2] // 7) in there]
    known: dict[str, float] = {}
    for a in asks:
        if a[1] in first:
            for word in a[5].split():
                known[word] = min(known.get(word, 1e9), first[a[1]]["day"])
    met, again = set(), 0
    for a in asks:
        again += a[3] not in met and any(known.get(word, 1e9) < a[2] for word in a[5].split())
        met.add(a[3])
    stems = defaultdict(set)
    for a in asks:
        stems[a[6]].add(a[3])
    threads = {a[1] for a in asks}
    mail = [m for m in world.mail if m["thread"] in threads]
    numbers = {m["message"] for m in mail}
    read = sum(p["message"] in numbers and p["role"] != "from" and p["actor"] != HELP for p in world.parts)
    to = {p["message"]: p["actor"] for p in world.parts if p["role"] == "to"}
    weeks = [int(a[2] // 7) for a in asks]

    def answered(some):
        return mean(a[1] in first for a in some) if some else None

    def middle(some):
        found = [hours[a[1]] for a in some if a[1] in hours]
        return median(found) if found else None

    return {
        "asks": len(asks),
        "outside_askers": len({a[3] for a in asks}),
        "weeks": len(set(weeks)),
        "weeks_span": max(weeks) - min(weeks) + 1,
        "answered_share": answered(asks),
        "first_answer_hours": middle(asks),
        "private_share": mean(m["reach"] <= 2 for m in first.values()),
        "effective_answerers": people.total() ** 2 / sum(n * n for n in people.values()),
        "answerers": len(people),
        "reasked_share": again / len(asks),
        "silent_weeks": len({int(a[2] // 7) for a in silent}),
        "silent_asks": len(silent),
        "answered_share_when_silent": answered(silent),
        "answered_share_else": answered(other),
        "first_answer_hours_when_silent": middle(silent),
        "first_answer_hours_else": middle(other),
        "mailbox_share": mean(to[a[1]] == HELP for a in asks),
        "repeated_share": mean(len(stems[a[6]]) >= 3 for a in asks),
        "messages": len(mail),
        "hours_per_week": (len(mail) * 5 + read * 2.5) / 60 / (max(weeks) - min(weeks) + 1),
    }


@pytest.mark.parametrize("seed", range(8))
def test_figures_are_those_of_plain_reckoning(measured, seed):
    world = grown(seed)
    found = measured(world)
    assert found.keys() == {"a", "b"}
    for audience, topic in found.items():
        for name, value in reckoned(world, audience).items():
            # times are kept to the microsecond
            assert getattr(topic, name) == (value if value is None else pytest.approx(value, abs=1e-3)), name
        askers = defaultdict(set)
        for a in world.asks:
            if a[0] == audience:
                askers[place(a[3])].add(a[3])
        assert dict(zip(topic.asker_departments, topic.department_askers, strict=True)) == {
            name: len(who) for name, who in askers.items()
        }
        assert list(topic.department_askers) == sorted(topic.department_askers, reverse=True)


@pytest.mark.parametrize("seed", range(3))
def test_figures_keep_within_their_bounds(measured, seed):
    for topic in measured(grown(100 + seed)).values():
        assert 1 <= topic.effective_answerers <= topic.answerers
        assert 0 <= topic.reasked_share <= topic.outside_askers / topic.asks
        assert topic.weeks <= topic.weeks_span
        assert topic.silent_asks <= topic.asks
        assert sum(topic.department_askers) == topic.outside_askers
        assert timedelta(hours=topic.first_answer_hours) > timedelta(0)
