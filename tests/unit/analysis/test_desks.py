"""A desk is asked about the same thing by ever new people of other departments; other mail between them is no ask."""

from __future__ import annotations

import pytest

from analyser.analysis.audiences import desks

LIMITS = desks.DesksThresholds()
ANN, BOB, PAY, TAX, FEE, DUE, LAW, HELP, NEW = range(9)
PLACES = {ANN: "Sales", BOB: "Sales", PAY: "Finance", TAX: "Finance", FEE: "Finance", DUE: "Finance", LAW: "Legal"}
PRINCIPALS = [
    *({"actor": actor, "principal": f"p{actor}@contoso.example", "department": d} for actor, d in PLACES.items()),
    {"actor": HELP, "principal": "help@contoso.example", "kind": "shared"},
    {"actor": NEW, "principal": "new@contoso.example"},
]


@pytest.fixture(scope="session")
def asked(table, posted):
    """Asks among messages; a thread has as many messages as `length` says of it."""

    def run(*rows, length=2, limits=LIMITS):
        rows = [{"stem": "invoice", "thread": 0, **row} for row in rows]
        mail, parts = posted("mail", rows)
        threads = table("threads", [{"thread": t, "messages": length} for t in {row["thread"] for row in rows}])
        return desks.asks(mail, parts, table("principals", PRINCIPALS), threads, limits).to_pyarrow().to_pylist()

    return run


def test_a_thread_from_another_department_is_an_ask(asked):
    (ask,) = asked({"sender": ANN, "to": [PAY], "cc": [LAW, NEW]}, {"sender": TAX, "to": [ANN]})
    del ask["sent_at"]
    assert ask == {
        "thread": 0, "stem": "invoice", "asker": ANN, "asker_department": "Sales", "desk": "Finance",
        "answerer": TAX, "word": "invoice",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "length"),
    [
        ({"to": [PAY, TAX, FEE, DUE]}, 2),
        ({}, 7),
        ({"automatic": True}, 2),
        ({"external": True}, 2),
        ({"stem": None}, 2),
        ({"stem": "qa"}, 2),
        ({"to": [PAY, LAW]}, 2),
        ({"to": [PAY, NEW]}, 2),
        ({"to": [], "cc": [PAY]}, 2),
        ({"sender": TAX}, 2),
        ({"sender": NEW}, 2),
        ({"thread": 7}, 2),
    ],
    ids=[
        "four in To", "a long thread", "automatic", "external", "no stem", "no word", "two departments",
        "somebody of no department", "copied only", "from within", "asker of no department", "begun elsewhere",
    ],
)  # fmt: skip
def test_what_is_no_ask(asked, change, length):
    usual = {"sender": ANN, "to": [PAY, TAX, FEE]}
    assert asked(usual, length=6)
    assert not asked({**usual, **change}, length=length)


@pytest.mark.parametrize(
    ("answers", "answerers"),
    [
        ([], {None}),
        ([BOB, LAW, NEW], {None}),
        ([PAY, PAY, TAX, BOB], {PAY, TAX}),
    ],
    ids=["nobody", "others", "two inside"],
)
def test_only_people_of_the_desk_answer(asked, answers, answerers):
    rows = asked({"sender": ANN, "to": [PAY]}, *({"sender": who} for who in answers))
    assert {row["answerer"] for row in rows} == answerers
    assert len(rows) == len(answerers)


def test_an_answer_in_another_thread_is_none(asked):
    rows = asked({"sender": ANN, "to": [PAY]}, {"sender": BOB, "to": [PAY], "thread": 1}, {"sender": PAY, "thread": 1})
    assert {(row["thread"], row["answerer"]) for row in rows} == {(0, None), (1, PAY)}


def test_a_shared_mailbox_is_a_desk_of_its_own(asked):
    (ask,) = asked({"sender": ANN, "to": [HELP]}, {"sender": HELP})
    assert (ask["desk"], ask["answerer"]) == ("help@contoso.example", HELP)


def test_each_long_word_of_the_stem_is_a_row(asked):
    rows = asked({"sender": ANN, "to": [PAY], "stem": "new invoice for # vat"})
    assert sorted(row["word"] for row in rows) == ["for", "invoice", "new", "vat"]


def into(desk, words, n=8, start=0, **change):
    """Asks by ever new people of two departments in four weeks, every other one answered."""
    return [
        {
            "thread": start + i, "day": 7 * (i % 4), "asker": start + i, "asker_department": ("Sales", "Legal")[i % 2],
            "desk": desk, "answerer": None if i % 2 else 900, "word": word,
        }
        | {key: value(i) for key, value in change.items()}
        for i in range(n)
        for word in words.split()
    ]  # fmt: skip


def seven(start):
    """Seven askers for eight asks."""
    return lambda i: 7 * start + i % 7


@pytest.fixture(scope="session")
def found(table):
    def run(*rows, limits=LIMITS):
        return desks.desks(table("asks", rows), limits).to_pyarrow().to_pylist()

    return run


def test_many_outsiders_asking_about_one_thing_make_a_desk(found):
    rows = found(*into("Finance", "invoice"))
    assert sorted(row["thread"] for row in rows) == list(range(8))
    assert {(row["audience"], row["term"]) for row in rows} == {("desk Finance", "invoice")}
    assert {row["answerer"] for row in rows} == {900, None}


@pytest.mark.parametrize(
    "rows",
    [
        into("Finance", "invoice", n=7),
        into("Finance", "invoice", asker=seven(0)),
        into("Finance", "invoice", asker_department=lambda _: "Sales"),
        into("Finance", "invoice", day=lambda i: 7 * (i % 3)),
        into("Finance", "invoice", answerer=lambda i: 900 if i < 3 else None),
        [*into("Finance", "invoice"), *into("Legal", "invoice", start=100)],
        [row for n, word in enumerate(["invoice", "vat"]) for row in into("Finance", word, n=5, start=9 * n)],
        [*into("Finance", "invoice", asker=seven(0)), *into("Finance", "vat", start=9, asker=seven(1))],
    ],
    ids=[
        "seven asks", "seven askers", "one department", "three weeks", "hardly answered", "asked everywhere",
        "few asks about each of two things", "few askers about each of two things",
    ],
)  # fmt: skip
def test_what_is_no_desk(found, rows):
    assert not found(*rows)


@pytest.mark.parametrize(("elsewhere", "desk"), [(2, True), (4, False)])
def test_a_telling_word_is_hardly_written_to_others(found, elsewhere, desk):
    rows = [*into("Finance", "invoice"), *into("Legal", "invoice", n=elsewhere, start=100)]
    assert {row["audience"] for row in found(*rows)} == ({"desk Finance"} if desk else set())


@pytest.mark.parametrize(("others", "desk"), [(30, True), (15, False)])
def test_a_word_used_elsewhere_tells_by_its_lift(found, others, desk):
    """Two thirds of the asks with this word go to one department: much, if few of all asks go there."""
    rows = [*into("Finance", "invoice"), *into("Legal", "invoice", n=4, start=100)]
    rows += [{**row, "thread": 500 + n} for n, row in enumerate(into("Sales", "lunch", n=others, asker=lambda _: 1))]
    assert ("desk Finance" in {row["audience"] for row in found(*rows)}) == desk


def test_a_word_counts_once_in_a_thread_that_several_answer(found):
    rows = into("Finance", "invoice", n=7)
    assert not found(*rows, *({**row, "answerer": 901} for row in rows))


def test_several_who_answer_one_ask_do_not_make_the_others_unanswered(found):
    rows = [{**row, "answerer": who} for row in into("Finance", "invoice") for who in (901, 902, 903)]
    assert found(*(row if row["thread"] < 4 else {**row, "answerer": None} for row in rows))
    assert not found(*(row if row["thread"] < 3 else {**row, "answerer": None} for row in rows))


def test_desks_are_told_apart_and_what_bears_no_telling_word_is_left_out(found):
    rows = [*into("Finance", "invoice"), *into("Finance", "lunch", n=3, start=50), *into("Legal", "contract", start=90)]
    assert {(row["audience"], row["term"], row["thread"] // 50) for row in found(*rows)} == {
        ("desk Finance", "invoice", 0),
        ("desk Legal", "contract", 1),
    }


def test_a_desk_is_named_by_the_three_words_that_most_people_use(found):
    rows = [*into("Finance", "vat refund invoice bill"), *into("Finance", "refund", n=1, start=20)]
    assert {row["term"] for row in found(*rows)} == {"refund bill invoice"}
    assert len(found(*rows)) == 9


def test_who_answers_is_the_core_and_who_asks_the_periphery(table):
    rows = [
        {"audience": "x", "asker": ANN, "answerer": PAY},
        {"audience": "x", "asker": TAX, "answerer": None},
        {"audience": "x", "asker": LAW, "answerer": TAX},
        {"audience": "y", "asker": PAY, "answerer": HELP},
    ]
    people = table("people", [{"actor": actor} for actor in PLACES if actor != LAW])
    members = desks.members(table("desk_threads", rows), people).to_pyarrow().to_pylist()
    assert {(row["audience"], row["actor"], row["role"]) for row in members} == {
        ("x", ANN, "peripheral"),
        ("x", PAY, "core"),
        ("x", TAX, "core"),
        ("y", PAY, "peripheral"),
    }
    assert len(members) == 4
