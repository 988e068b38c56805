"""A desk is asked about the same thing by ever new people of other departments; other mail between them is no ask."""

from __future__ import annotations

import pyarrow as pa
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

    def run(*rows, length=2, principals=PRINCIPALS, inside=False):
        rows = [{"stem": "invoice", "thread": 0, **row} for row in rows]
        mail, parts = posted("mail", rows)
        threads = table("threads", [{"thread": t, "messages": length} for t in {row["thread"] for row in rows}])
        who = table("principals", principals)
        begun = desks.begun(mail, parts, who, threads, LIMITS)
        begun = begun.filter(begun.own if inside else ~begun.own)
        return desks.asks(begun, mail, who, LIMITS).to_pyarrow().to_pylist()

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


def test_whoever_answers_for_a_mailbox_without_a_department_is_inside(asked):
    rows = asked({"sender": ANN, "to": [HELP]}, {"sender": TAX}, {"sender": ANN})
    assert [row["answerer"] for row in rows] == [TAX]


def test_a_mailbox_of_a_department_belongs_to_it(asked):
    principals = [*(p for p in PRINCIPALS if p["actor"] != HELP), {**PRINCIPALS[HELP], "department": "Finance"}]
    (ask,) = asked({"sender": ANN, "to": [HELP]}, {"sender": LAW}, principals=principals)
    assert (ask["desk"], ask["answerer"]) == ("Finance", None)


def test_asks_from_within_are_kept_apart(asked):
    rows = [{"sender": TAX, "to": [PAY]}, {"sender": PAY}, {"sender": TAX}]
    assert not asked(*rows)
    (ask,) = asked(*rows, inside=True)
    assert (ask["asker"], ask["desk"], ask["answerer"]) == (TAX, "Finance", PAY)
    assert not asked({"sender": ANN, "to": [PAY]}, inside=True)


def test_each_long_word_of_the_stem_is_a_row(asked):
    rows = asked({"sender": ANN, "to": [PAY], "stem": "new invoice for # vat"})
    assert sorted(row["word"] for row in rows) == ["invoice", "vat"]


def test_greetings_and_names_are_no_words(asked):
    assert not asked({"sender": ANN, "to": [PAY], "stem": "hello thanks urgent question"})
    named = [{**PRINCIPALS[PAY], "display_name": "Max Power"}, *(p for p in PRINCIPALS if p["actor"] != PAY)]
    rows = asked({"sender": ANN, "to": [PAY], "stem": "invoice for max power"}, principals=named)
    assert [row["word"] for row in rows] == ["invoice"]


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
    """Asks of desks; `desk` is a department, or a team of it, that no clustering has parted."""

    def run(*rows, limits=LIMITS):
        known = table("asks", [{"department": "Finance", "stem": row["word"], **row} for row in rows])
        return desks.desks(known, desks.telling(known, limits), limits).to_pyarrow().to_pylist()

    return run


def test_many_outsiders_asking_about_one_thing_make_a_desk(found):
    rows = found(*into("Finance", "invoice"))
    assert sorted(row["thread"] for row in rows) == list(range(8))
    assert {(row["desk"], row["word"]) for row in rows} == {("Finance", "invoice")}
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
    assert {row["desk"] for row in found(*rows)} == ({"Finance"} if desk else set())


@pytest.mark.parametrize(("others", "desk"), [(30, True), (15, False)])
def test_a_word_used_elsewhere_tells_by_its_lift(found, others, desk):
    """Two thirds of the asks with this word go to one department: much, if few of all asks go there."""
    rows = [*into("Finance", "invoice"), *into("Legal", "invoice", n=4, start=100)]
    rows += [{**row, "thread": 500 + n} for n, row in enumerate(into("Sales", "lunch", n=others, asker=lambda _: 1))]
    assert ("Finance" in {row["desk"] for row in found(*rows)}) == desk


def test_a_word_counts_once_in_a_thread_that_several_answer(found):
    rows = into("Finance", "invoice", n=7)
    assert not found(*rows, *({**row, "answerer": 901} for row in rows))


def test_several_who_answer_one_ask_do_not_make_the_others_unanswered(found):
    rows = [{**row, "answerer": who} for row in into("Finance", "invoice") for who in (901, 902, 903)]
    assert found(*(row if row["thread"] < 4 else {**row, "answerer": None} for row in rows))
    assert not found(*(row if row["thread"] < 3 else {**row, "answerer": None} for row in rows))


def test_desks_are_told_apart_and_what_bears_no_telling_word_is_left_out(found):
    rows = [*into("Finance", "invoice"), *into("Finance", "lunch", n=3, start=50), *into("Legal", "contract", start=90)]
    assert {(row["desk"], row["word"], row["thread"] // 50) for row in found(*rows)} == {
        ("Finance", "invoice", 0),
        ("Legal", "contract", 1),
    }


def test_asks_of_no_team_make_words_common_and_no_desk(found):
    rows = into("Finance", "invoice")
    elsewhere = [{**row, "desk": None} for row in into("Legal", "invoice", n=4, start=100)]
    assert found(*rows)
    assert {row["desk"] for row in found(*rows, *elsewhere[:2])} == {"Finance"}
    assert not found(*rows, *elsewhere)


@pytest.mark.parametrize(("more", "desk"), [(0, True), (1, False)])
def test_a_few_who_ask_again_and_again_are_no_public(found, more, desk):
    """Eight who ask once are 8 in effect; with one who asks twice, 81/11 = 7.4."""
    rows = into("Finance", "invoice", n=8 + more, asker=lambda i: i % 8)
    assert bool(found(*rows)) == desk


# who was on an ask


@pytest.fixture(scope="session")
def on(table, posted):
    """Who was on asks: {(thread, actor): handles}."""

    def run(*rows, principals=PRINCIPALS):
        mail, parts = posted("mail", [{"stem": "invoice", "thread": 0, **row} for row in rows])
        threads = table("threads", [{"thread": t, "messages": 2} for t in {row.get("thread", 0) for row in rows}])
        who = table("principals", principals)
        begun = desks.begun(mail, parts, who, threads, LIMITS)
        asks = desks.asks(begun.filter(~begun.own), mail, who, LIMITS)
        found = desks.involved(asks, parts, who).to_pyarrow().to_pylist()
        return {(row["thread"], row["actor"]): row["handles"] for row in found}

    return run


def test_who_answers_handles_an_ask_and_who_was_asked_or_copied_was_on_it(on):
    found = on({"sender": ANN, "to": [PAY], "cc": [FEE, LAW]}, {"sender": TAX})
    assert found == {(0, PAY): False, (0, FEE): False, (0, TAX): True}


def test_what_nobody_answers_was_handled_by_those_who_were_asked(on):
    assert on({"sender": ANN, "to": [PAY, TAX], "cc": [FEE]}) == {(0, PAY): True, (0, TAX): True, (0, FEE): False}


def test_a_shared_mailbox_handles_what_it_was_asked_whoever_answers(on):
    principals = [*(p for p in PRINCIPALS if p["actor"] != HELP), {**PRINCIPALS[HELP], "department": "Finance"}]
    found = on({"sender": ANN, "to": [HELP]}, {"sender": TAX}, principals=principals)
    assert found == {(0, HELP): True, (0, TAX): True}


# teams


def handled(who, words, n, start):
    """Asks of Finance that `who` handles (the first of them) or was on."""
    rows = [{"thread": start + i, "desk": "Finance", "word": word} for i in range(n) for word in words.split()]
    on = [
        {"thread": start + i, "desk": "Finance", "actor": actor, "handles": actor == who[0]}
        for i in range(n)
        for actor in who
    ]
    return rows, on


@pytest.fixture(scope="session")
def counted(engine, table):
    def run(*parts, limits=LIMITS):
        rows = table("asks", [row for part in parts for row in part[0]])
        kinds = pa.schema({"thread": pa.int64(), "desk": pa.string(), "actor": pa.int32(), "handles": pa.bool_()})
        on = engine.memory(pa.Table.from_pylist([row for part in parts for row in part[1]], kinds))
        words = engine.memory(pa.table({"desk": ["Finance"] * 2, "word": ["invoice", "vat"]}))
        return [found.to_pyarrow() for found in desks.joint(on, rows, words, limits)]

    return run


def test_an_ask_is_shared_out_among_its_telling_words(counted):
    by_word, pairs = counted(handled([PAY], "invoice vat lunch", 4, 0), handled([TAX], "vat", 4, 10))
    found = {(row["actor"], row["word"]): (row["asks"], row["mentions"]) for row in by_word.to_pylist()}
    assert found == {(PAY, "invoice"): (2.0, 4), (PAY, "vat"): (2.0, 4), (TAX, "vat"): (4.0, 4)}
    assert {(row["actor"], row["other"]): row["asks"] for row in pairs.to_pylist()} == {
        (PAY, PAY): 4,
        (TAX, TAX): 4,
    }


def test_joint_asks_are_those_with_a_telling_word_that_both_were_on(counted):
    _, pairs = counted(
        handled([PAY, TAX], "invoice", 4, 0), handled([TAX], "vat", 5, 10), handled([PAY, TAX], "lunch", 4, 20)
    )
    assert {(row["actor"], row["other"]): row["asks"] for row in pairs.to_pylist()} == {
        (PAY, PAY): 4,
        (TAX, TAX): 5,
        (PAY, TAX): 4,
        (TAX, PAY): 4,
    }


@pytest.mark.parametrize(("n", "kept"), [(3, {TAX}), (4, {PAY, TAX})])
def test_who_handles_too_few_asks_belongs_to_no_team(counted, n, kept):
    by_word, pairs = counted(handled([PAY], "invoice", n, 0), handled([TAX], "vat", 9, 10))
    assert set(by_word["actor"].to_pylist()) == set(pairs["actor"].to_pylist()) == kept


def test_only_the_busiest_answerers_are_compared(counted):
    limits = LIMITS.model_copy(update={"max_answerers": 2})
    parts = [handled([who], "vat", 4 + who, 20 * who) for who in (PAY, TAX, FEE)]
    by_word, _ = counted(*parts, limits=limits)
    assert set(by_word["actor"].to_pylist()) == {TAX, FEE}


def test_teams_are_found_department_by_department(counted):
    parts = (handled([PAY], "invoice", 9, 0), handled([TAX], "invoice", 9, 10), handled([FEE], "vat", 9, 20))
    by_word, pairs = counted(*parts)
    other = [t.set_column(0, "desk", pa.array(["Legal"] * len(t))) for t in (by_word, pairs)]
    found = desks.teams(pa.concat_tables([by_word, other[0]]), pa.concat_tables([pairs, other[1]]), LIMITS).to_pylist()
    assert {(row["desk"], row["actor"]): row["team"] for row in found} == {
        (desk, actor): team for desk in ("Finance", "Legal") for actor, team in ((PAY, 0), (TAX, 0), (FEE, 1))
    }


def test_no_asks_make_no_teams(counted):
    assert desks.teams(*counted(handled([PAY], "lunch", 9, 0)), LIMITS).num_rows == 0


def test_an_ask_belongs_to_the_team_that_handled_it(engine, table):
    rows, on = handled([PAY, TAX], "invoice", 1, 0)
    more, beside = handled([LAW], "invoice", 1, 1)
    kinds = pa.schema({"thread": pa.int64(), "desk": pa.string(), "actor": pa.int32(), "handles": pa.bool_()})
    team = engine.memory(pa.table({"desk": ["Finance"] * 2, "actor": pa.array([PAY, TAX], pa.int32()), "team": [1, 0]}))
    asks = table("asks", [*rows, *more]).drop("department")
    found = desks.by_team(asks, engine.memory(pa.Table.from_pylist([*on, *beside], kinds)), team)
    assert {row["thread"]: (row["department"], row["desk"]) for row in found.to_pyarrow().to_pylist()} == {
        0: ("Finance", "Finance\n1"),
        1: ("Finance", None),
    }


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
