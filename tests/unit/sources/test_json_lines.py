"""JSON Lines as columns, held to the standard library line by line."""

from __future__ import annotations

import gzip
import json
import string

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.errors import FormatError
from analyser.sources import json_lines
from analyser.sources.json_lines import blocks, parse, spellings
from analyser.sources.nested import flag, people_of, text

TREE = {"someText": pa.string(), "someFlag": pa.bool_(), "people": [{"emailAddress": {"address": pa.string()}}]}

json_texts = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=20)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | json_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(string.ascii_letters, min_size=1), inner),
    max_leaves=5,
)
objects = st.fixed_dictionaries(
    {},
    optional={
        "someText": json_texts | st.none(),
        "someFlag": st.booleans() | st.none(),
        "other": anything,
        "people": st.lists(st.fixed_dictionaries({"emailAddress": st.fixed_dictionaries({"address": json_texts})})),
    },
)
broken = st.sampled_from(['{"someText": "a', "nothing", "[1]", '{"someText": "a"} {"someText": "b"}', '{"a":1,}', "7"])
blank = st.sampled_from(["", " ", "\t  \r"])


@given(st.lists(st.one_of(objects.map(json.dumps), broken, blank), max_size=30))
def test_good_lines_are_read_and_bad_ones_named_whatever_stands_beside_them(lines):
    found = parse("\n".join(lines).encode(), 5, TREE, frozenset())
    expected, bad = {}, set()
    for number, line in enumerate(lines, 5):
        try:
            value = json.loads(line)
        except ValueError:
            bad |= {number} if line.strip() else set()
        else:
            if isinstance(value, dict):
                expected[number] = value
            else:
                bad.add(number)
    assert {line for line, _ in found.broken} == bad
    rows = [row for piece in found.pieces for row in zip(piece.lines, piece.rows.to_pylist(), strict=True)]
    assert [int(line) for line, _ in rows] == sorted(expected)
    for line, row in rows:
        assert row["someText"] == expected[int(line)].get("someText")
        assert row["someFlag"] == expected[int(line)].get("someFlag")
        assert [p["emailAddress"]["address"] for p in row["people"] or ()] == [
            p["emailAddress"]["address"] for p in expected[int(line)].get("people", ())
        ]


@given(st.lists(objects.map(json.dumps), min_size=1, max_size=40), st.integers(1, 9), st.booleans())
def test_blocks_cut_a_file_at_ends_of_lines_and_can_begin_at_each(tmp_path_factory, lines, rows, packed):
    path = tmp_path_factory.mktemp("lines") / "file"
    content = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    found = list(blocks(path, rows=rows, source="s"))
    assert b"".join(block.data for block in found) == content
    assert all(block.data.count(b"\n") <= rows for block in found)
    assert found[-1].progress == path.stat().st_size
    for block in found:
        assert json.loads(lines[block.line - 1]) == json.loads(block.data.splitlines()[0])
    first = found[0]
    following = list(blocks(path, rows=rows, source="s", offset=first.end, line=1 + first.data.count(b"\n")))
    assert following == found[1:]


def test_blocks_end_within_long_files(tmp_path, monkeypatch):
    monkeypatch.setattr(json_lines, "_BLOCK", 64)
    path = tmp_path / "file"
    path.write_text("".join(f'{{"n": {number}}}\n' for number in range(100)))
    found = list(blocks(path, rows=1000, source="s"))
    assert len(found) > 10
    assert b"".join(block.data for block in found) == path.read_bytes()
    assert [json.loads(block.data.splitlines()[0])["n"] + 1 for block in found] == [block.line for block in found]


def test_a_file_without_ends_of_lines_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(json_lines, "_BLOCK", 64)
    monkeypatch.setattr(json_lines, "_LONGEST", 256)
    (tmp_path / "file").write_text("x" * 1000)
    with pytest.raises(FormatError, match="no end of a line") as caught:
        list(blocks(tmp_path / "file", rows=5, source="s"))
    assert "one object a line" in caught.value.fix


def one(line: str, names: frozenset[str] = frozenset()) -> pa.StructArray:
    found = parse(line.encode(), 1, TREE, names)
    assert not found.broken
    return found.pieces[0].rows


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"someText": 7, "someFlag": "true"}', ("7", True)),
        ('{"someText": true, "someFlag": 1}', ("true", True)),
        ('{"someText": {"a": 1}, "someFlag": null}', (None, None)),
        ('{"SomeText": " a "}', ("a", None)),
        ('{"someText": "cut \\ud83d"}', ("cut \ufffd", None)),
    ],
)
def test_fields_of_another_kind_keep_what_they_have(line, expected):
    rows = one(line)
    assert (text(rows, "sometext")[0].as_py(), flag(rows, "SOMEFLAG")[0].as_py()) == expected


def test_kinds_may_change_from_line_to_line():
    lines = ['{"someText": "a"}', '{"someText": 5}', '{"someText": "b"}', '{"someText": [1]}']
    found = parse("\n".join(lines).encode(), 1, TREE, frozenset())
    texts = [value for piece in found.pieces for value in text(piece.rows, "someText").to_pylist()]
    assert texts == ["a", "5", "b"]
    assert found.broken == [(4, "a field of another kind")]


def test_spellings_of_the_beginning_are_known_in_all_lines():
    first = '{"SOMETEXT": "a", "sometext": null}'
    names = spellings(first.encode())
    assert names == {"SOMETEXT", "sometext"}
    rows = one('{"SOMETEXT": "b"}', names)
    assert text(rows, "someText").to_pylist() == ["b"]
    # one key in lower case alone: so are the others
    assert flag(one('{"someflag": true}', names), "someFlag").to_pylist() == [True]


def test_invalid_bytes_are_replaced():
    found = parse(b'{"someText": "\xff"}\n{"someText": "b"}', 1, TREE, frozenset())
    assert found.pieces[0].rows.to_pylist()[0]["someText"] == "\ufffd"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"emailAddress": {"address": "a@x.example", "name": "A"}}, {}], [(0, "a@x.example", "A")]),
        ({"EmailAddress": {"Address": "a@x.example", "Name": None}}, [(0, "a@x.example", None)]),
        ({"address": "a@x.example", "name": "A"}, [(0, "a@x.example", "A")]),
        ('[{"emailAddress": {"address":\n "a@x.example", "name": "A"}}]', [(0, "a@x.example", "A")]),
        ('{"emailAddress": {"name": "A"}}', [(0, None, "A")]),
        ("[broken", []),
        (None, []),
    ],
)
def test_people_are_read_from_structs_lists_and_json_in_text(value, expected):
    rows = pa.array([{"to": value}, {"to": None}])
    found = people_of(rows, "To")
    assert list(zip(found.rows, found.addresses.to_pylist(), found.names.to_pylist(), strict=True)) == expected
