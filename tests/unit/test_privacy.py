from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser import privacy
from analyser.errors import LakeError

SECRET = bytes(range(32))


@pytest.fixture(scope="module")
def column():
    connection = ibis.duckdb.connect()

    def make(values):
        return connection.create_table("texts", pa.table({"x": pa.array(values, pa.string())}), overwrite=True).x

    yield make
    connection.disconnect()


# the secret


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    secret = privacy.lake_secret(tmp_path / "lake")
    assert len(secret) == privacy.SECRET_BYTES
    assert privacy.lake_secret(tmp_path / "lake") == secret
    assert os.listdir(tmp_path / "lake") == [".secret"]  # noqa: PTH208
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "lake" / ".secret").stat().st_mode) == 0o600


def test_two_lakes_have_two_secrets(tmp_path):
    assert privacy.lake_secret(tmp_path / "a") != privacy.lake_secret(tmp_path / "b")


def test_many_who_ask_at_once_get_one_secret(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(privacy.lake_secret, [tmp_path / "lake"] * 32))) == 1


def test_a_damaged_secret_is_an_error_that_names_the_file(tmp_path):
    (tmp_path / ".secret").write_bytes(b"short")
    with pytest.raises(LakeError, match=r"\.secret is damaged: 5 bytes"):
        privacy.lake_secret(tmp_path)


# subjects


def test_subject_keys_tell_equal_subjects_and_depend_on_the_secret(column):
    texts = column(["plan", "plan", "plans", None, ""])
    one, same, other, null, empty = privacy.subject_key(texts, SECRET).to_pyarrow().to_pylist()
    assert one == same
    assert len({one, other, empty}) == 3
    assert null is None
    assert len(one) == 32
    assert one not in privacy.subject_key(texts, SECRET[::-1]).to_pyarrow().to_pylist()


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("budget of 2025, case 17b", "budget case"),
        ("the plan and the plan", "and plan the"),
        ("prüfung über größe", "größe prüfung über"),
        ("予算計画 一二", "予算計画"),
        ("cafe\u0301 an", "cafe\u0301"),
        ("12 3-4 ab", None),
        ("", None),
        (None, None),
    ],
)
def test_terms_are_words_of_three_letters_sorted_once_each(column, text, terms):
    texts = column([text])
    subject, base = privacy.keep_subject("terms", texts, texts)
    assert subject.to_pyarrow().to_pylist() == base.to_pyarrow().to_pylist() == [terms]


def test_full_keeps_both_and_none_keeps_neither(column):
    texts = column(["Re: plan"])
    assert privacy.keep_subject("full", texts, texts.lower())[0].to_pyarrow().to_pylist() == ["Re: plan"]
    assert privacy.keep_subject("full", texts, texts.lower())[1].to_pyarrow().to_pylist() == ["re: plan"]
    shown = texts.as_table().mutate(y=privacy.keep_subject("none", texts, texts)[0])
    assert shown.to_pyarrow()["y"].to_pylist() == [None]


# pseudonyms

addresses = st.from_regex(r"[a-z.]{1,12}@[a-z]{1,8}\.example", fullmatch=True)


@given(st.sets(addresses, min_size=1, max_size=20))
def test_pseudonyms_are_stable_distinct_and_keep_only_the_domain(given_):
    shown = privacy.Pseudonyms(SECRET, enabled=True)
    again = privacy.Pseudonyms(SECRET, enabled=True)
    names = {address: shown.of(address) for address in given_}
    assert len(set(names.values())) == len(given_)
    for address, name in names.items():
        assert again.of(address.upper()) == name
        local, _, domain = name.partition("@")
        assert domain == address.partition("@")[2]
        assert len(local) == 2 + privacy.DIGITS
        assert local.startswith("p-")


def test_another_secret_gives_other_pseudonyms_and_names_lose_all():
    one, other = (privacy.Pseudonyms(secret, enabled=True) for secret in (SECRET, SECRET[::-1]))
    assert one.of("ann@contoso.example") != other.of("ann@contoso.example")
    assert one.of("Ann Alpha").count("@") == 0
    assert "ann" not in one.of("Ann Alpha").lower()
    assert privacy.Pseudonyms(SECRET, enabled=False).of("ann@contoso.example") == "ann@contoso.example"


def test_personal_columns_of_a_table_are_replaced_and_nothing_else():
    table = pa.table(
        {
            "address": pa.chunked_array([["ann@x.example"], [None, "bob@x.example"]]),
            "aliases": pa.array([["a@x.example", "b@x.example"], None, []], pa.list_(pa.string())),
            "joined_on": pa.array([1, None, 2], pa.date32()),
            "department": ["Finance", None, "Law"],
        }
    )
    shown = privacy.Pseudonyms(SECRET, enabled=True)
    result = privacy.pseudonymise(table, {"address", "aliases", "joined_on"}, shown)
    assert result.schema == table.schema
    assert result.to_pydict() == {
        "address": [shown.of("ann@x.example"), None, shown.of("bob@x.example")],
        "aliases": [[shown.of("a@x.example"), shown.of("b@x.example")], None, []],
        "joined_on": [None, None, None],
        "department": ["Finance", None, "Law"],
    }
    assert privacy.pseudonymise(table[1:], {"aliases"}, shown)["aliases"].to_pylist() == [None, []]
    assert privacy.pseudonymise(table[:0], {"address", "aliases"}, shown).num_rows == 0
    assert privacy.pseudonymise(table, {"address"}, privacy.Pseudonyms(SECRET, enabled=False)) is table


# small groups


@pytest.mark.parametrize(("count", "hidden"), [(0, False), (1, True), (4, True), (5, False), (6, False)])
def test_figures_about_few_people_are_hidden(count, hidden):
    assert privacy.suppress(count, 5) is hidden
    assert "fewer than 5" in privacy.suppressed(5)
