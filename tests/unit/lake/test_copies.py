from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyser.lake.store import Lake
from analyser.sources.mbox import MboxSource

NOW = datetime(2024, 5, 31, 23, 59, 59, tzinfo=UTC)
KINDS = {"messages", "recipients", "copies"}


@pytest.fixture
def messages_of(tools, folder):
    """Ingest rows as one mailbox; returns the messages and the recipients of each."""

    def run(*rows, **options):
        report = tools.ingest(folder, tools.MemorySource("s", {"box": tools.records(*rows)}, version=None), **options)
        found = tools.content(folder)
        recipients = {}
        for row in found["recipients"]:
            recipients.setdefault(row["message_key"], {})[row["address"]] = row["role"]
        assert report.total.read == report.total.new + report.total.merged == len(rows)
        assert {row["message_key"] for row in found["messages"]} == {row["message_key"] for row in found["copies"]}
        return [(row, recipients.get(row["message_key"], {})) for row in found["messages"]]

    return run


def test_copies_with_different_message_ids_collapse(messages_of, tools):
    rows = [tools.record("Plan", internet_message_id=f"<{n}@x>", item_id=f"i{n}") for n in range(3)]
    ((message, recipients),) = messages_of(*rows)
    assert message["internet_message_id"] == "<0@x>"
    assert recipients == {"b@contoso.example": "to"}


@pytest.mark.parametrize(
    "other",
    [
        {"sender": "z@contoso.example"},
        {"sent_at": NOW},
        {"subject": "Plans"},
        {"to": ("z@contoso.example",)},
    ],
)
def test_another_sender_second_subject_or_recipient_makes_another_message(messages_of, tools, other):
    assert len(messages_of(tools.record(), tools.record(**other))) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"subject": "RE: plan"},
        {"sent_at": datetime(2024, 5, 6, 7, 8, 9, 999_999, tzinfo=UTC)},
        {"to": (), "cc": ("b@contoso.example",)},
        {"bcc": ("z@contoso.example",)},
        {"to": ("b@contoso.example", "c@contoso.example")},
        {"to": ()},
        {"to": (), "bcc": ("b@contoso.example",)},
    ],
)
def test_prefix_fraction_role_bcc_overlap_and_no_recipients_make_no_difference(messages_of, tools, other):
    assert len(messages_of(tools.record(), tools.record(**other))) == 1


def test_individual_copies_to_many_people_stay_apart_until_a_copy_names_nobody(messages_of, tools):
    rows = [tools.record("News", to=(f"p{n}@contoso.example",), item_id=str(n)) for n in range(4)]
    assert len(messages_of(*rows)) == 4
    ((_, recipients),) = messages_of(*rows, tools.record("News", to=()))
    assert len(recipients) == 4


def test_overlap_chains_over_copies_that_do_not_overlap(messages_of, tools):
    a, b, c, d = (f"{letter}@contoso.example" for letter in "pqrs")
    assert len(messages_of(tools.record(to=(a, b)), tools.record(to=(c, d)))) == 2
    assert len(messages_of(tools.record(to=(a, b)), tools.record(to=(c, d)), tools.record(to=(b, c)))) == 1


def test_the_same_message_id_of_the_same_sender_is_one_message_in_the_earliest_month(messages_of, tools, folder):
    late = NOW + timedelta(seconds=2)
    rows = [
        tools.record("Plan", internet_message_id="<1@x>", sent_at=late),
        tools.record("[list] Plan", internet_message_id="<1@x>", sent_at=NOW, to=("list@contoso.example",)),
        tools.record("Plan", internet_message_id="<1@x>", sent_at=NOW, sender="z@contoso.example"),
    ]
    found = messages_of(*rows)
    assert [message["sender"] for message, _ in found] in (
        ["a@contoso.example", "z@contoso.example"],
        ["z@contoso.example", "a@contoso.example"],
    )
    (joined,) = [pair for pair in found if pair[0]["sender"] == "a@contoso.example"]
    assert joined[0]["sent_at"] == NOW
    assert set(joined[1]) == {"b@contoso.example", "list@contoso.example"}
    with Lake(tools.settings_for(folder).lake) as lake:
        assert {tuple(lake.months(name)) for name in KINDS} == {("2024-05",)}


def test_messages_without_message_id_are_not_taken_for_one(messages_of, tools):
    rows = [tools.record("A", internet_message_id=""), tools.record("B", internet_message_id="")]
    assert len(messages_of(*rows)) == 2


def test_subjects_that_are_missing_or_only_a_prefix_are_equal(messages_of, tools):
    ((message, _),) = messages_of(tools.record(None), tools.record("Re:"))
    assert message["base_subject"] is None
    assert message["subject_key"] is None


def test_a_later_copy_joins_messages_that_were_apart_and_moves_their_keys(messages_of, tools, folder):
    first = tools.record("Plan", internet_message_id="<1@x>", sent_at=NOW)
    second = tools.record("Plan v2", internet_message_id="<2@x>", sent_at=NOW + timedelta(days=40))
    assert len(messages_of(first, second)) == 2
    link = [
        tools.record("Plan", internet_message_id="<9@x>", sent_at=NOW),
        tools.record("Plan v2", internet_message_id="<9@x>", sent_at=NOW + timedelta(days=40)),
    ]
    source = tools.MemorySource("t", {"other": tools.records(*link)})
    report = tools.ingest(folder, source)
    assert (report.total.new, report.total.merged) == (0, 2)
    (message,) = tools.content(folder)["messages"]
    copies = tools.content(folder)["copies"]
    assert message["message_key"] == min(copy["content_key"] for copy in copies)
    assert len(copies) == 4
    with Lake(tools.settings_for(folder).lake) as lake:
        assert lake.months("messages") == lake.months("copies") == ["2024-05"]


def test_known_values_win_over_unknown_and_visible_roles_over_hidden(messages_of, tools):
    b, c = "b@contoso.example", "c@contoso.example"
    ((message, recipients),) = messages_of(
        tools.record("Re: Plan", internet_message_id="<1@x>", to=(b, c), references=["<0@x>"], size=10),
        tools.record(
            "RE: Plan",
            internet_message_id="<1@x>",
            to=(b,),
            bcc=(c,),
            references=["<r@x>", "<0@x>"],
            has_attachments=True,
            importance="high",
            size=12,
            conversation_id="conv",
            is_automatic=False,
            unresolved_recipients=2,
        ),
        tools.record("Plan", internet_message_id="<1@x>", to=(), cc=(b,), has_attachments=False, importance="normal"),
    )
    assert recipients == {b: "to", c: "to"}
    expected = {
        "references": ["<r@x>", "<0@x>"],
        "has_attachments": True,
        "importance": "high",
        "size": 12,
        "conversation_id": "conv",
        "is_automatic": False,
        "unresolved_recipients": 2,
        "base_subject": "plan",
    }
    assert {name: message[name] for name in expected} == expected
    # subject and flags are those of one copy
    assert message["is_reply"] == message["subject"].startswith(("Re:", "RE:"))


SENDERS = [f"{letter}{world}@contoso.example" for letter in "ab" for world in range(6)]
people = st.sampled_from([f"{letter}@contoso.example" for letter in "bcde"])


@st.composite
def mailbox(draw):
    """Few values, so that copies collide in every way."""
    # a scan costs more than its rows: several small worlds, told apart by their senders, share one
    from_ = draw(st.sampled_from(SENDERS))
    return {
        "sender": from_,
        "sent_at": draw(st.sampled_from([NOW, NOW + timedelta(seconds=1), NOW + timedelta(days=31)])),
        "subject": draw(st.sampled_from(["Plan", "Re: plan", "[list] Plan", None])),
        "to": tuple(draw(st.lists(people, max_size=2, unique=True))),
        "cc": tuple(draw(st.lists(people, max_size=1))),
        "bcc": tuple(draw(st.lists(people, max_size=1))),
        "internet_message_id": draw(st.sampled_from([None, "<1@x>", "<2@x>", "<3@x>"])),
        "size": draw(st.sampled_from([None, 1, 2])),
        "has_attachments": draw(st.sampled_from([None, True, False])),
        "references": draw(st.sampled_from([[], ["<r@x>"], ["<s@x>"], ["<r@x>", "<s@x>"]])),
        "importance": draw(st.sampled_from([None, "high", "low", "normal"])),
        "conversation_id": draw(st.sampled_from([None, "c1", "c2"])),
        "sender_name": draw(st.sampled_from([None, "Ann", "Bob"])),
    }


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(mailbox(), min_size=20, max_size=60), data=st.data())
def test_any_order_any_batches_any_scans_and_any_repetition_give_the_same_lake(tools, tmp_path_factory, rows, data):
    rows = [tools.record(row.pop("subject"), **row) for row in ({**row} for row in rows)]
    once, parts = tmp_path_factory.mktemp("once") / "lake", tmp_path_factory.mktemp("parts") / "lake"
    parts.mkdir()
    tools.ingest(once, tools.MemorySource("s", {"box": tools.records(*rows)}, size=len(rows)))
    (parts / ".secret").write_bytes((once / ".secret").read_bytes())
    repeated = data.draw(st.permutations([*rows, *data.draw(st.lists(st.sampled_from(rows), max_size=4))]))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(repeated)), max_size=3)) | {len(repeated)})
    start = 0
    for version, cut in enumerate(cuts):
        source = tools.MemorySource("s", {"box": tools.records(*repeated[start:cut])}, version=str(version))
        source.size = data.draw(st.integers(10, 40))
        tools.ingest(parts, source)
        start = cut
    assert {name: tools.content(parts)[name] for name in (*KINDS, "address_names")} == {
        name: tools.content(once)[name] for name in (*KINDS, "address_names")
    }


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(mailbox(), min_size=20, max_size=60))
def test_messages_are_the_components_of_the_plain_definition(tools, tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("plain") / "lake"
    given_ = [tools.record(row["subject"], **{k: v for k, v in row.items() if k != "subject"}) for row in rows]
    tools.ingest(path, tools.MemorySource("s", {"box": tools.records(*given_)}, size=100))
    assert len(tools.content(path)["messages"]) == len(plain_components(rows))


def plain_components(rows):
    """The definition, read aloud: join what belongs together until nothing more does."""
    groups = [
        {
            "ids": {(row["sender"], row["internet_message_id"])} if row["internet_message_id"] else set(),
            "stems": {(row["sender"], row["sent_at"], {"[list] Plan": "[list]", None: ""}.get(row["subject"], "plan"))},
            "people": {*row["to"], *row["cc"]},
        }
        for row in rows
    ]
    nobody = {stem for group in groups if not group["people"] for stem in group["stems"]}

    def same(one, other):
        shared = one["stems"] & other["stems"]
        return bool(one["ids"] & other["ids"] or shared & nobody or (shared and one["people"] & other["people"]))

    while True:
        pair = next(((a, b) for a in groups for b in groups if a is not b and same(a, b)), None)
        if pair is None:
            return groups
        one, other = pair
        groups = [group for group in groups if group is not one and group is not other]
        groups.append({key: one[key] | other[key] for key in one})


@pytest.mark.corpus
def test_copies_in_a_real_corpus_collapse(tools, folder):
    """The corpus bears 7,375 copies by sender, second and subject; those with disjoint recipients are no copies."""
    place = Path(os.environ.get("ANALYSER_SHARED", Path(__file__).parents[4] / "shared"))
    mailbox = place / "data" / "enron-inbox" / "headers.mbox.gz"
    if not mailbox.exists():
        pytest.skip(f"{mailbox} is not there: set ANALYSER_SHARED to the folder that holds data/enron-inbox")
    source = MboxSource("inbox", mailbox, batch_size=20_000, earliest=datetime(1990, 1, 1, tzinfo=UTC))
    total = tools.ingest(folder, source).total
    assert total.found == total.read + total.problems == 43_603
    assert total.read == total.new + total.merged
    assert 36_150 < total.new < 36_450
    with Lake(tools.settings_for(folder).lake) as lake:
        messages = lake.table("messages")
        distinct = messages.select("sender", messages.sent_at.truncate("s"), "subject_key").distinct()
        assert 0 <= total.new - int(distinct.count().to_pyarrow().as_py()) < 200
