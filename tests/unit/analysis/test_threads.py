"""Threads follow headers where they tell, conversations next, and subjects only with people and time."""

from __future__ import annotations

import networkx as nx
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.analysis import threads

ANN, BOB, CAT, DAN = range(4)
LIMITS = threads.ThreadsThresholds()
HEADERS = ("references", "in_reply_to", "conversation_id")


@pytest.fixture(scope="session")
def thread_of(engine, table):
    """Thread of each message, without `limits` by headers alone; `ids` are the Message-IDs of a message's copies."""

    def run(*rows, limits=LIMITS, order=None):
        order = order or range(len(rows))
        numbered = [{"message": n, **rows[n]} for n in order]
        copies = [{"message": row["message"], "internet_message_id": i} for row in numbered for i in row.get("ids", [])]
        messages = [{k: row[k] for k in ("message", *HEADERS) if k in row} for row in numbered]
        links = engine.keep(threads.header_links(table("messages", messages), table("copies", copies)))
        parts = [
            {"message": row["message"], "actor": actor, "role": role}
            for row in numbered
            for role, actors in (("from", [row.get("sender", ANN)]), ("to", row.get("to", ())))
            for actor in actors
        ]
        sent = [{k: v for k, v in row.items() if k not in {"ids", "to", *HEADERS}} for row in numbered]
        found = [links.to_pyarrow()]
        if limits:
            guesses = threads.subject_links(table("sent", sent), links, table("parts", parts), limits)
            found.append(guesses.to_pyarrow())
        found = threads.assemble(len(rows), *found)
        assert found["message"].to_pylist() == list(range(len(rows)))
        return found["thread"].to_pylist()

    return run


@pytest.mark.parametrize(
    "reply",
    [
        {"in_reply_to": "a"},
        {"references": ["a"]},
        {"references": ["lost", "a"], "in_reply_to": "a"},
        {"in_reply_to": "copy of a"},
    ],
)
def test_headers_tie_a_reply_to_any_copy_of_its_ancestor(thread_of, reply):
    assert thread_of({"ids": ["a", "copy of a"]}, {"ids": ["b"]}, {"ids": ["c"], **reply}) == [0, 1, 0]


def test_siblings_meet_in_an_ancestor_that_is_absent(thread_of):
    assert thread_of({"references": ["lost"]}, {"in_reply_to": "lost"}, {"in_reply_to": "other"}) == [0, 0, 2]


def test_a_generation_that_is_absent_is_bridged(thread_of):
    assert thread_of({"ids": ["a"]}, {"references": ["a", "lost"]}, {"in_reply_to": "lost"}) == [0, 0, 0]


def test_a_reply_dated_before_its_ancestor_still_belongs_to_it(thread_of):
    assert thread_of({"ids": ["b"], "in_reply_to": "a"}, {"ids": ["x"]}, {"ids": ["a"]}) == [0, 1, 0]


def test_cycles_and_self_references_end(thread_of):
    rows = [
        {"ids": ["a"], "references": ["b"]},
        {"ids": ["b"], "references": ["c", "a"]},
        {"ids": ["c"], "references": ["a"], "in_reply_to": "c"},
        {"ids": ["d"], "in_reply_to": "d"},
    ]
    assert thread_of(*rows) == [0, 0, 0, 3]


def test_conversations_tie_and_are_no_message_ids(thread_of):
    rows = [
        {"conversation_id": "x"},
        {"conversation_id": "y"},
        {"conversation_id": "x"},
        {"ids": ["x", "y"]},
        {},
    ]
    assert thread_of(*rows) == [0, 1, 0, 3, 4]


def test_no_messages_no_threads():
    links = pa.schema({"message": pa.int64(), "parent": pa.int64()}).empty_table()
    assert threads.assemble(0, links).num_rows == 0
    assert threads.assemble(2, links, links)["thread"].to_pylist() == [0, 1]


BEGUN = {"subject_key": "budget", "sender": ANN, "to": [BOB]}
ANSWER = {"subject_key": "budget", "sender": BOB, "to": [ANN]}


STRANGERS = {"subject_key": "budget", "sender": CAT, "to": [DAN]}
SECOND = {
    "reply in time": ({**ANSWER, "answers": True, "day": 90}, True),
    "reply too late": ({**ANSWER, "answers": True, "day": 90.01}, False),
    "reply under another subject": ({**ANSWER, "answers": True, "subject_key": "plan"}, False),
    "reply without subject": ({**ANSWER, "answers": True, "subject_key": None}, False),
    "reply by a stranger": ({**ANSWER, "sender": CAT, "answers": True, "day": 80}, True),
    "reply to a stranger": ({**ANSWER, "to": [CAT], "answers": True, "day": 80}, True),
    "reply between strangers in time": ({**STRANGERS, "answers": True, "day": 30}, True),
    "reply between strangers too late": ({**STRANGERS, "answers": True, "day": 30.01}, False),
    "unmarked answer in time": ({**ANSWER, "day": 3}, True),
    "unmarked answer too late": ({**ANSWER, "day": 3.01}, False),
    "unmarked by a stranger": ({**ANSWER, "sender": CAT}, False),
    "unmarked to a stranger": ({**ANSWER, "to": [CAT]}, False),
    "unmarked by the same sender": ({**BEGUN, "to": [ANN, BOB]}, False),
}


def test_an_equal_subject_ties_by_prefix_people_and_gap(thread_of):
    """Each case has a subject of its own, so that one run tells all."""
    rows = [
        {**row, "subject_key": row["subject_key"] and f"{row['subject_key']} {name}"}
        for name, (second, _) in SECOND.items()
        for row in (BEGUN, second)
    ]
    found = thread_of(*rows)
    joined = {name: found[2 * n] == found[2 * n + 1] for n, name in enumerate(SECOND)}
    assert joined == {name: expected for name, (_, expected) in SECOND.items()}


def test_messages_without_subject_are_not_alike(thread_of):
    nothing = {"subject_key": None, "answers": True}
    assert thread_of({**BEGUN, **nothing}, {**ANSWER, **nothing}) == [0, 1]


@pytest.mark.parametrize("step", [1, 7])
def test_a_report_under_one_title_is_a_new_thread_each_time(thread_of, step):
    assert thread_of(*({**BEGUN, "day": step * n} for n in range(8))) == list(range(8))


def test_a_report_handed_round_weekly_is_a_new_thread_each_time(thread_of):
    assert thread_of(*({**(ANSWER if n % 2 else BEGUN), "day": 7 * n} for n in range(6))) == list(range(6))


def test_answers_find_their_own_week_of_a_report(thread_of):
    report = {"subject_key": "weekly", "sender": ANN, "to": [BOB, CAT]}
    answer = {"subject_key": "weekly", "sender": BOB, "to": [ANN], "answers": True}
    rows = [{**report, "day": 0}, {**answer, "day": 1}, {**report, "day": 7}, {**answer, "day": 8}]
    assert thread_of(*rows) == [0, 0, 2, 2]


def test_those_who_wrote_to_one_another_come_before_the_latest(thread_of):
    rows = [
        BEGUN,
        {"subject_key": "budget", "sender": CAT, "to": [BOB], "day": 1},
        {"subject_key": "budget", "sender": DAN, "to": [CAT], "day": 2},
        {**ANSWER, "answers": True, "day": 3},
    ]
    assert thread_of(*rows) == [0, 1, 2, 0]
    assert thread_of(*rows[:3], {**ANSWER, "to": [DAN, CAT], "answers": True, "day": 3}) == [0, 1, 2, 1]


def test_among_equals_the_latest_is_answered(thread_of):
    rows = [BEGUN, {**BEGUN, "day": 1}, {**ANSWER, "answers": True, "day": 2}]
    assert thread_of(*rows) == [0, 1, 1]


def test_only_as_many_earlier_messages_are_compared_as_configured(thread_of):
    others = [{"subject_key": "budget", "sender": CAT, "to": [DAN], "day": 31 + n} for n in range(3)]
    rows = [BEGUN, *others, {**ANSWER, "answers": True, "day": 70}]
    assert thread_of(*rows, limits=threads.ThreadsThresholds(candidates=4))[4] == 0
    assert thread_of(*rows, limits=threads.ThreadsThresholds(candidates=3))[4] == 4


def test_a_reply_whose_ancestor_is_here_is_not_guessed(thread_of):
    rows = [
        {**BEGUN, "ids": ["a"]},
        {**BEGUN, "ids": ["b"], "day": 1},
        {**ANSWER, "answers": True, "day": 2, "in_reply_to": "a"},
    ]
    assert thread_of(*rows) == [0, 1, 0]


def test_a_reply_to_an_absent_message_is_guessed(thread_of):
    assert thread_of({**BEGUN, "ids": ["a"]}, {**ANSWER, "answers": True, "in_reply_to": "lost"}) == [0, 0]


IDS = st.sampled_from("abcdefgh")
EXCHANGES = st.lists(
    st.fixed_dictionaries(
        {
            "ids": st.lists(IDS, max_size=2),
            "references": st.lists(IDS, max_size=3),
            "in_reply_to": st.none() | IDS,
            "conversation_id": st.none() | st.sampled_from("ab"),
            "subject_key": st.none() | st.sampled_from(["budget", "plan"]),
            "sender": st.sampled_from([ANN, BOB, CAT]),
            "to": st.sets(st.sampled_from([ANN, BOB, CAT])).map(sorted),
            "answers": st.booleans(),
        }
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=5)
@given(rows=EXCHANGES, data=st.data())
def test_the_order_of_rows_changes_nothing_and_a_thread_bears_its_first_message(thread_of, rows, data):
    rows = [{**row, "day": n} for n, row in enumerate(rows)]
    found = thread_of(*rows)
    assert all(thread <= n and found[thread] == thread for n, thread in enumerate(found))
    assert thread_of(*rows, order=data.draw(st.permutations(range(len(rows))))) == found


@settings(deadline=None, max_examples=12)
@given(rows=EXCHANGES)
def test_headers_alone_give_the_components_of_what_messages_name(thread_of, rows):
    graph = nx.Graph()
    for n, row in enumerate(rows):
        graph.add_node(n)
        graph.add_edges_from((n, i) for i in (*row["ids"], *row["references"], row["in_reply_to"]) if i)
        if row["conversation_id"]:
            graph.add_edge(n, ("conversation", row["conversation_id"]))
    parts = [{n for n in part if isinstance(n, int)} for part in nx.connected_components(graph)]
    assert thread_of(*rows, limits=None) == [min(part) for n in range(len(rows)) for part in parts if n in part]


@pytest.fixture(scope="session")
def summary(table, posted):
    """The row of `threads` of one thread whose first message is 0; all people but those in `strangers` count."""

    def run(*rows, flags=(), strangers=()):
        messages, parts = posted("sent", rows)
        known = {flag["message"]: flag for flag in flags}
        found = threads.summaries(
            messages,
            messages.select("message", thread=0 * messages.message),
            parts,
            table("flags", [known.get(n, {"message": n}) for n in range(len(rows))]),
            table("people", [{"actor": a} for a in (ANN, BOB, CAT, DAN) if a not in strangers]),
        )
        return found.to_pyarrow().to_pylist()[0]

    return run


def test_a_thread_is_summed_up(summary):
    found = summary(
        {"sender": ANN, "to": [BOB, CAT], "has_attachments": True},
        {"sender": ANN, "to": [BOB], "day": 0.5, "has_attachments": True},
        {"sender": BOB, "to": [ANN, DAN], "day": 1, "has_attachments": None},
        {"sender": CAT, "to": [ANN], "day": 2, "has_attachments": True},
        flags=[{"message": 0, "stem": "budget"}, {"message": 2, "stem": "another", "external": True}],
        strangers=[DAN],
    )
    assert (found["messages"], found["senders"], found["people"]) == (4, 3, 3)
    assert (found["last_sent"] - found["first_sent"]).days == 2
    assert (found["first_sender"], found["stem"], found["external"]) == (ANN, "budget", True)
    assert (found["with_attachments"], found["attaching_senders"]) == (3, 2)
    assert found["first_reply_hours"] == 24


def test_who_only_writes_again_has_no_answer(summary):
    found = summary({"sender": ANN}, {"sender": ANN, "day": 1}, strangers=[ANN])
    assert found["first_reply_hours"] is None
    assert (found["people"], found["senders"], found["external"], found["with_attachments"]) == (0, 1, False, 0)
