"""What mail is talk, who is tied, and which words are told."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from analyser.analysis.brokerage import BrokerageThresholds, talk

ANN, BOB, CAT, DAN = range(4)


@pytest.fixture
def keys(engine):
    return engine.memory(pa.table({"actor": pa.array(range(12), pa.int32())}))


@pytest.fixture
def ties(table, keys):
    """`{(source, target): (messages, weight)}` of messages: sender, recipients by role, flags."""

    def ties(*messages, **limits):
        sent = [{"sender": sender} for sender, *_ in messages]
        parts = [
            {"message": n, "actor": actor, "role": role}
            for n, (sender, roles, _) in enumerate(messages)
            for role, actors in {"from": [sender], **roles}.items()
            for actor in actors
        ]
        inside = [len({p["actor"] for p in parts if p["message"] == n and p["actor"] < 12}) for n in range(len(sent))]
        flags = [{"people": inside[n], **flags} for n, (*_, flags) in enumerate(messages)]
        found = talk.direct_mail(
            table("sent", sent), table("parts", parts), table("flags", flags), keys, BrokerageThresholds(**limits)
        )
        rows = found.to_pyarrow().to_pylist()
        return {(row["source"], row["target"]): (row["messages"], row["weight"]) for row in rows}

    return ties


def test_messages_and_weights_add_up_by_direction(ties):
    found = ties((ANN, {"to": [BOB], "cc": [CAT]}, {}), (ANN, {"bcc": [BOB]}, {}), (BOB, {"to": [ANN]}, {}))
    assert found == {(ANN, BOB): (2, 1.5), (ANN, CAT): (1, 0.5), (BOB, ANN): (1, 1.0)}


@pytest.mark.parametrize(("number", "counts"), [(8, True), (9, False)])
def test_mail_to_many_is_no_talk(ties, number, counts):
    found = ties((ANN, {"to": range(1, number + 1)}, {}))
    assert len(found) == (number if counts else 0)
    assert bool(ties((ANN, {"to": range(1, 4)}, {}), max_people=3)) is True
    assert bool(ties((ANN, {"to": range(1, 5)}, {}), max_people=3)) is False


def test_a_small_list_is_talk_and_programs_outsiders_and_oneself_are_not(ties):
    assert ties((ANN, {"member": [BOB]}, {})) == {(ANN, BOB): (1, 1.0)}
    assert ties((ANN, {"to": [BOB]}, {"automatic": True})) == {}
    assert ties((90, {"to": [BOB, CAT]}, {})) == {}
    assert ties((ANN, {"to": [BOB, 90]}, {})) == {(ANN, BOB): (1, 1.0)}
    assert ties((ANN, {}, {})) == {}


# ties


@pytest.mark.parametrize(("there", "back", "tied"), [(2, 0, True), (1, 1, True), (1, 0, False)])
def test_a_tie_needs_messages_either_way(there, back, tied):
    rows = [(0, 1, there), (1, 0, back)]
    mail = pa.table(
        {
            "source": pa.array([s for s, _, n in rows if n], pa.int32()),
            "target": pa.array([t for _, t, n in rows if n], pa.int32()),
            "messages": [n for *_, n in rows if n],
            "weight": [float(n) for *_, n in rows if n],
        }
    )
    people = pa.table({"actor": pa.array([1, 0], pa.int32()), "department": ["B", "A"]})
    found = talk.talk(mail, people, BrokerageThresholds())
    assert len(found.actors) == (2 if tied else 0)
    if tied:
        assert found.department.tolist() == [0, 1]
        assert found.weight.toarray().tolist() == [[0, there], [back, 0]]
        assert found.tied.toarray().tolist() == [[0, 1], [1, 0]]


def test_departments_belong_to_people_by_number_not_by_order(network):
    homes = {9: "B", 3: "A", 5: None, 1: "B"}
    found = network([(9, 3), (5, 1), (3, 1)], homes)
    assert found.actors.tolist() == [1, 3, 5, 9]
    assert [found.names[d] if d >= 0 else None for d in found.department] == ["B", "A", None, "B"]
    assert found.sizes.tolist() == [1, 2]
    one, other, weight = found.pairs()
    pairs = {(int(found.actors[a]), int(found.actors[b])) for a, b in zip(one, other, strict=True)}
    assert {frozenset(pair) for pair in pairs} == {frozenset((9, 3)), frozenset((3, 1))}
    assert weight.tolist() == [4, 4]


def test_people_without_a_tie_are_left_out(network):
    found = network([(0, 1, 4), (2, 3, 1)], dict.fromkeys(range(6), "A"))
    assert found.actors.tolist() == [0, 1]
    assert np.diff(found.weight.indptr).tolist() == [1, 0]


# words


@pytest.fixture
def said(table, keys):
    def said(*stems, sender=ANN, **limits):
        """Words of ANN from stems, each with flags or without."""
        pairs = [stem if isinstance(stem, tuple) else (stem, {}) for stem in stems]
        sent = [{"sender": sender} for _ in pairs]
        flags = [{"stem": stem, **more} for stem, more in pairs]
        found = talk.words(table("sent", sent), table("flags", flags), keys, BrokerageThresholds(**limits))
        rows = found.order_by("actor", "word").to_pyarrow().to_pylist()
        assert all(row["actor"] == sender for row in rows)
        return [row["word"] for row in rows]

    return said


def test_words_are_told_once_and_telling(said):
    assert said("customs form for #", "the customs tariff", "a to of q#") == ["customs", "form", "tariff"]
    assert said("abc abcd", min_word=4) == ["abcd"]


def test_sensitive_automatic_and_foreign_mail_tells_nothing(said):
    assert said(("salary review", {"sensitive": True}), ("server alert", {"automatic": True}), (None, {})) == []
    assert said("customs form", sender=90) == []


def test_parts_of_names_and_addresses_are_known(table):
    people = [
        {"principal": "anne-marie.o.hara@contoso.example", "display_name": "Hàra, Anne-Marie (Sales)"},
        {"principal": "x@contoso.example", "display_name": None},
        {"principal": "desk@contoso.example", "display_name": "Customs Desk", "kind": "shared"},
    ]
    found = talk.name_words(table("principals", people)).to_pyarrow()["word"].to_pylist()
    assert {"anne", "marie", "hara", "hàra", "contoso", "example", "x"} <= set(found)
    assert "customs" not in found
    assert "" not in found
