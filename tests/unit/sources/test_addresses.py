from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.sources.addresses import TABLE_SEPARATORS, AddressBook, parse_address, split_addresses


@pytest.mark.parametrize(
    ("text", "address", "name"),
    [
        ("jane@example.com", "jane@example.com", None),
        ("<Jane@Example.COM>", "jane@example.com", None),
        ('"Doe, Jane" <jane@example.com>', "jane@example.com", "Doe, Jane"),
        ('"Jane \\"JJ\\" Doe" <jane@example.com>', "jane@example.com", 'Jane "JJ" Doe'),
        ("Jane   van der Doe <jane@example.com>", "jane@example.com", "Jane van der Doe"),
        ("jane@example.com (Jane (the first) Doe)", "jane@example.com", "Jane (the first) Doe"),
        ("Jane Doe (Sales) <jane@example.com>", "jane@example.com", "Jane Doe"),
        ("Jane Doe jane@example.com", "jane@example.com", "Jane Doe"),
        ("Jane Doe [mailto:jane@example.com]", "jane@example.com", "Jane Doe"),
        ("mailto:jane@example.com", "jane@example.com", None),
        ("<mailto:jane@example.com?subject=x>", "jane@example.com", None),
        ("jane@example.com.", "jane@example.com", None),
        ("'jane@example.com'", "jane@example.com", None),
        ("\"'jane@example.com'\" <jane@example.com>", "jane@example.com", None),
        ("'jane'@example.com", "jane@example.com", None),
        ("jane.o'neil@example.com", "jane.o'neil@example.com", None),
        ('"jane@example.com" <>', "jane@example.com", None),
        ("<@relay.example,@other.example:jane@example.com>", "jane@example.com", None),
        ('"jane doe"@example.com', '"jane doe"@example.com', None),
        ('"jane"@example.com', "jane@example.com", None),
        ("=?utf-8?B?SsO8cmc=?= <j@example.com>", "j@example.com", "Jürg"),
        ("=?utf-8?Q?Jane_=3Cjane=40example=2Ecom=3E?=", "jane@example.com", "Jane"),
        ("'Jane Doe' <jane@example.com>", "jane@example.com", "Jane Doe"),
        ("/O=CONTOSO/OU=NA/CN=RECIPIENTS/CN=JDOE", "/o=contoso/ou=na/cn=recipients/cn=jdoe", None),
        ("Jane </O=CONTOSO/OU=First  Group/CN=JDOE>", "/o=contoso/ou=first group/cn=jdoe", "Jane"),
        (
            "IMCEAEX-_O=CONTOSO_OU=FIRST+20GROUP_CN=RECIPIENTS_CN=J+5FDOE@contoso.example",
            "/o=contoso/ou=first group/cn=recipients/cn=j_doe",
            None,
        ),
        ("X500:/O=CONTOSO/CN=JDOE", "/o=contoso/cn=jdoe", None),
        ("smtp:Jane@example.com", "jane@example.com", None),
        ("<IMCEASMTP-jane+40example+2Ecom@contoso.example>", "jane@example.com", None),
        ("imceafax-plain@contoso.example", "imceafax-plain@contoso.example", None),
        ("Jane Doe", None, "Jane Doe"),
        ("<>", None, None),
        ("@example.com", None, None),
        ("jane@", None, None),
    ],
)
def test_one_entry(text, address, name):
    assert parse_address(text)[0] == address
    if address is not None or name is not None:
        assert parse_address(text)[1] == name
    book = AddressBook()  # the fast way reads the same
    entries = book.read(pa.array([text]))
    found = [book.addresses[number].as_py() for number in entries.addresses]
    assert found == ([address] if address else [])
    if address:
        assert book.names[entries.names[0]].as_py() == name


@pytest.mark.parametrize(
    ("field", "entries"),
    [
        ("a@example.com, b@example.com", ["a@example.com", "b@example.com"]),
        ("a@example.com; b@example.com;", ["a@example.com", "b@example.com"]),
        ("Team: a@example.com, b@example.com;", ["a@example.com", "b@example.com"]),
        ("Team: a@example.com;, c@example.com", ["a@example.com", "c@example.com"]),
        ("undisclosed-recipients:;", []),
        ('"Doe, J" <j@example.com>,k@example.com', ['"Doe, J" <j@example.com>', "k@example.com"]),
        ("Doe, J <j@example.com>, k@example.com", ["Doe, J <j@example.com>", "k@example.com"]),
        ("Jane Doe, J <j@example.com>", ["Jane Doe", "J <j@example.com>"]),
        ("(a, b) j@example.com", ["(a, b) j@example.com"]),
        ("mailto:j@example.com, k@example.com", ["mailto:j@example.com", "k@example.com"]),
        ("/O=A/CN=B, k@example.com", ["/O=A/CN=B", "k@example.com"]),
        ('"never closed <j@example.com>, k@example.com', ['"never closed <j@example.com>', "k@example.com"]),
        (
            "=?utf-8?Q?Doe=2C_J?= <j@example.com>, k@example.com",
            ["=?utf-8?Q?Doe=2C_J?= <j@example.com>", "k@example.com"],
        ),
        ("", []),
        (" , ;; ,", []),
    ],
)
def test_fields_are_split(field, entries):
    assert split_addresses(field) == entries


def read(*fields, book=None):
    book = book or AddressBook()
    entries = book.read(pa.array(fields, pa.string()))
    addresses = [book.addresses[number].as_py() for number in entries.addresses]
    return [addresses[start:end] for start, end in pairwise(entries.offsets.tolist())], entries.unresolved.tolist()


def test_a_column_of_fields():
    assert read("b@example.com, a@example.com", None, "A@example.com", "", "Jane, x@example.com") == (
        [["b@example.com", "a@example.com"], [], ["a@example.com"], [], ["x@example.com"]],
        [0, 0, 0, 0, 1],
    )


def test_an_address_counts_once_per_field_and_keeps_its_first_name():
    book = AddressBook()
    entries = book.read(pa.array(['"Jane" <j@example.com>, k@example.com, J@EXAMPLE.com, "Other" <j@example.com>']))
    assert book.addresses.take(pa.array(entries.addresses)).to_pylist() == ["j@example.com", "k@example.com"]
    assert book.names.take(pa.array(entries.names)).to_pylist() == ["Jane", None]


def test_names_without_address_are_counted_and_nobody_is_not():
    assert read("undisclosed-recipients:;", "Undisclosed recipients", "Jane Doe; Bob", "<>")[1] == [0, 0, 2, 1]


def test_three_hundred_recipients():
    field = ", ".join(f'"Person {n}, Dept" <p{n}@example.com>' for n in range(300))
    assert read(field) == ([[f"p{n}@example.com" for n in range(300)]], [0])


def test_tables_part_by_semicolon_and_take_commas_where_there_are_none():
    fields = ("Doe, J <j@example.com>; k@example.com", "a@example.com, b@example.com", "Doe, J <j@example.com>")
    assert read(*fields, book=AddressBook(TABLE_SEPARATORS))[0] == [
        ["j@example.com", "k@example.com"],
        ["a@example.com", "b@example.com"],
        ["j@example.com"],
    ]


def test_a_book_can_forget():
    book = AddressBook()
    book.read(pa.array(["a@example.com"]))
    assert len(book) == 1
    book.forget()
    assert (len(book), len(book.addresses)) == (0, 0)
    assert read("b@example.com", book=book)[0] == [["b@example.com"]]


words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
addresses = st.builds("{}@{}.example".format, words, words)
names = st.text("Abcäß ,.'()<>;:@-", max_size=12).map(lambda name: name.replace("\\", "").replace('"', ""))


@given(st.lists(st.tuples(names, addresses), max_size=8, unique_by=lambda pair: pair[1]))
def test_whatever_stands_in_quotes_no_address_is_lost(people):
    field = ", ".join(f'"{name}" <{address}>' for name, address in people)
    assert read(field)[0] == [[address for _, address in people]]


@given(st.text("ab@.,;:<>()\"\\ =?-/'\t", max_size=40))
def test_any_text_is_read_and_the_fast_way_agrees_with_the_grammar(text):
    (found,), (unresolved,) = read(text)
    parsed = [parse_address(entry)[0] for entry in split_addresses(" ".join(text.split("\t")))]
    assert sorted(set(found)) == sorted({address for address in parsed if address})
    assert unresolved >= 0
    assert all("@" in address and address == address.lower().strip() for address in found)
