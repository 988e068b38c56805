"""Every message weighs one, spread over its recipients; programs and senders themselves make no ties."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyser.analysis.interactions import interactions

ANN, BOB, CAT, DAN = range(4)


@pytest.fixture(scope="session")
def ties(table):
    """Rows by (source, target); a message is a sender, recipients by role, and what else is known."""

    def run(*messages):
        sent = [{"sender": sender, **row} for sender, _, row in messages]
        flags = [{"automatic": row.pop("automatic", False)} for row in sent]
        parts = [
            {"message": n, "actor": actor, "role": role}
            for n, (sender, roles, _) in enumerate(messages)
            for role, actors in {"from": [sender], **roles}.items()
            for actor in actors
        ]
        found = interactions(table("sent", sent), table("parts", parts), table("flags", flags)).to_pyarrow().to_pylist()
        assert len({(row["source"], row["target"]) for row in found}) == len(found)
        return {(row["source"], row["target"]): row for row in found}

    return run


def test_roles_are_counted_apart_and_directions_too(ties):
    found = ties(
        (ANN, {"to": [BOB], "cc": [CAT]}, {"day": 3}),
        (ANN, {"to": [BOB]}, {"day": 9}),
        (ANN, {"bcc": [BOB, CAT]}, {"day": 5}),
        (BOB, {"to": [ANN]}, {}),
    )
    counts = {pair: (row["to_count"], row["cc_count"], row["weight"]) for pair, row in found.items()}
    assert counts == {(ANN, BOB): (2, 1, 2.0), (ANN, CAT): (0, 2, 1.0), (BOB, ANN): (1, 0, 1.0)}
    assert (found[ANN, BOB]["last_seen"] - found[ANN, BOB]["first_seen"]).days == 6


@pytest.mark.parametrize(
    "message",
    [(ANN, {"to": [BOB]}, {"automatic": True}), (ANN, {}, {}), (ANN, {"member": [BOB, CAT]}, {})],
    ids=["automatic", "to nobody", "through a group"],
)
def test_what_makes_no_tie(ties, message):
    assert not ties(message)


def test_members_of_a_group_do_not_thin_out_the_weight(ties):
    assert ties((ANN, {"to": [BOB], "member": [CAT, DAN]}, {}))[ANN, BOB]["weight"] == 1


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from([ANN, BOB]),
        st.sets(st.sampled_from([CAT, DAN, 4, 5]), max_size=3).map(lambda who: {"to": sorted(who)}),
        st.builds(dict, automatic=st.booleans()),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=15)
@given(messages=MESSAGES)
def test_weights_of_a_message_sum_to_one(ties, messages):
    expected = Counter(sender for sender, roles, row in messages if roles["to"] and not row["automatic"])
    weights = Counter()
    for (source, _), row in ties(*messages).items():
        weights[source] += row["weight"]
    assert weights == pytest.approx(expected)
