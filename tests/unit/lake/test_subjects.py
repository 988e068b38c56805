from __future__ import annotations

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyser.lake import subjects

PREFIXES = sorted({word for table in (subjects.REPLY, subjects.FORWARD) for words in table.values() for word in words})
COUNTERS = ["", "[2]", "(3)", "^4", " [12]"]


@pytest.fixture(scope="module")
def engine():
    connection = ibis.duckdb.connect()

    def run(values: list[str | None]) -> list[tuple[str | None, bool, bool]]:
        lines = pa.table({"n": range(len(values)), "s": pa.array(values, pa.string())})
        table = connection.create_table("subjects", lines, overwrite=True)
        found = table.select(
            "n",
            base=subjects.base_subject(table.s),
            reply=subjects.is_reply(table.s),
            forward=subjects.is_forward(table.s),
        ).order_by("n")
        return [(row["base"], row["reply"], row["forward"]) for row in connection.to_pyarrow(found).to_pylist()]

    yield run
    connection.disconnect()


@pytest.mark.parametrize(
    ("subject", "base", "reply", "forward"),
    [
        ("Budget", "budget", False, False),
        ("Re: Budget", "budget", True, False),
        ("RE: AW: Sv:  Budget \t 2025", "budget 2025", True, False),
        ("Re[2]: Budget", "budget", True, False),
        ("RE^2: Budget", "budget", True, False),
        ("Re(3): Budget", "budget", True, False),
        ("回复：预算", "预算", True, False),
        ("转发: 预算", "预算", False, True),
        ("VÁ: Terv", "terv", True, False),
        ("VA\u0301: Terv", "terv", True, False),
        ("ΑΠ: Σχέδιο", "σχέδιο", True, False),
        ("İLT: Plan", "plan", False, True),
        ("YNT: Plan", "plan", True, False),
        ("WG: AW: Plan", "plan", False, True),
        ("Fwd: Re: Plan", "plan", False, True),
        ("[EXTERNAL] Re: Plan", "plan", True, False),
        ("Re: [EXT] Fwd : Plan", "plan", True, False),
        ("*EXT* Plan", "plan", False, False),
        ("[plans] Re: Budget", "[plans] budget", True, False),
        ("Re: [plans] Re: Budget", "[plans] budget", True, False),
        ("[plans] Budget", "[plans] budget", False, False),
        ("R: ciao", "ciao", True, False),
        ("I: ciao", "ciao", False, True),
        ("R:\\shared\\plans", "r:\\shared\\plans", False, False),
        ("Report: May", "report: may", False, False),
        ("Ref. 12", "ref. 12", False, False),
        ("Budget (fwd)", "budget", False, False),
        ("\u200fהשב: שלום", "שלום", True, False),
        ("إعادة توجيه: سلام", "سلام", False, True),
        ("Re:", "", True, False),
        ("", "", False, False),
    ],
)
def test_examples_in_both_engines(engine, subject, base, reply, forward):
    assert engine([subject]) == [(base, reply, forward)]
    assert subjects.base_subject_text(subject) == base


def test_null_stays_null_and_is_neither_reply_nor_forward(engine):
    assert engine([None]) == [(None, False, False)]


def test_at_least_25_languages_have_prefixes():
    languages = {
        name.strip() for table in (subjects.REPLY, subjects.FORWARD) for key in table for name in key.split(",")
    }
    assert len(languages) >= 25


def test_no_prefix_is_both_reply_and_forward():
    replies = {word for words in subjects.REPLY.values() for word in words}
    assert not replies & {word for words in subjects.FORWARD.values() for word in words}


def test_every_prefix_with_every_counter_is_stripped(engine):
    given_ = [f"{word.upper()}{counter}: Quarterly plan" for word in PREFIXES for counter in COUNTERS]
    assert {base for base, _, _ in engine(given_)} == {"quarterly plan"}
    assert all(reply != forward for _, reply, forward in engine(given_))
    assert {subjects.base_subject_text(subject) for subject in given_} == {"quarterly plan"}


words = st.sampled_from([*PREFIXES, "plan", "[plans]", "[EXTERNAL]", "(fwd)", "R:\\x", "ΟΔΟΣ", "İ", "ß"])
glue = st.sampled_from(["", " ", ": ", ":", "：", "[2]: ", "\u00a0", "\u3000", " - "])
lines = st.lists(st.tuples(words, glue), max_size=6).map(lambda parts: "".join(a + b for a, b in parts))
texts = st.text(st.characters(max_codepoint=0x2FFF, exclude_categories=["Cs", "Cn"]), max_size=30)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(lines | texts, min_size=1, max_size=40))
def test_the_engine_and_python_agree(engine, values):
    assert [base for base, _, _ in engine(values)] == [subjects.base_subject_text(value) for value in values]


@given(st.lists(st.sampled_from(PREFIXES), max_size=4))
def test_any_chain_of_prefixes_leaves_the_same_base(chain):
    assert subjects.base_subject_text("".join(f"{word}: " for word in chain) + "Site visit") == "site visit"
