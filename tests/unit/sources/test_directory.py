from __future__ import annotations

import base64
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyser.errors import FormatError, SourceError
from analyser.sources.directory import DirectorySource, read_directory
from analyser.sources.ldif import is_ldif, normal_dn, read_ldif

if TYPE_CHECKING:
    from pathlib import Path


def people_of(folder: Path, text: str):
    (folder / "people.csv").write_text(text, encoding="utf-8")
    found = read_directory(folder / "people.csv", None, None, source="people")
    return found.people.to_pylist(), [(problem.place, problem.reason) for problem in found.problems]


def test_every_column(tmp_path):
    rows, problems = people_of(
        tmp_path,
        "\ufeffAddress,Display_Name,Department,Title,Manager,Kind,Location,Joined_On,Left_On,Aliases,Is_Enabled,Phone\n"
        "Ann@Example.com,Ann,Sales,Head,,Person,Oslo,2020-02-03,2021-03-04,"
        "A.nn@example.com;/O=X/CN=ANN;ann@example.com,False,123\n"
        'bob@example.com,"Bob, B.",,,ANN@example.com,,,,,,\n',
    )
    assert problems == []
    assert rows == [
        {
            "address": "ann@example.com",
            "display_name": "Ann",
            "department": "Sales",
            "title": "Head",
            "manager": None,
            "kind": "person",
            "location": "Oslo",
            "joined_on": date(2020, 2, 3),
            "left_on": date(2021, 3, 4),
            "aliases": ["a.nn@example.com", "/o=x/cn=ann"],
            "is_enabled": False,
        },
        {
            **dict.fromkeys(("department", "title", "kind", "location", "joined_on", "left_on", "is_enabled")),
            "address": "bob@example.com",
            "display_name": "Bob, B.",
            "manager": "ann@example.com",
            "aliases": [],
        },
    ]


def test_rows_that_contradict_one_another(tmp_path):
    rows, problems = people_of(
        tmp_path,
        "address,aliases,kind,joined_on,manager,display_name\n"
        "ann@example.com,shared@example.com,,,,Ann\n"
        "ANN@example.com,,,,,Other\n"
        "bob@example.com,Shared@example.com;b@example.com;ann@example.com,,,,Bob\n"
        ",,,,,Nobody\n"
        "carl@example.com,not an alias,wizard,soon,The Boss,Carl\n"
        "dora@example.com,,,,carl,Dora\n"
        "eve@example.com,,,,Bob,Eve\n"
        "fay@example.com,,,,shared@example.com,Fay\n"
        "gus@example.com,,,,boss@elsewhere.example,Gus\n",
    )
    by_address = {row["address"]: row for row in rows}
    assert by_address["ann@example.com"]["display_name"] == "Ann"
    assert by_address["bob@example.com"]["aliases"] == ["b@example.com"]
    managers = {address: row["manager"] for address, row in by_address.items() if row["manager"]}
    assert managers == {
        "eve@example.com": "bob@example.com",  # by name
        "fay@example.com": "ann@example.com",  # by alias
        "gus@example.com": "boss@elsewhere.example",
    }
    assert sorted(problems) == [
        ("people.csv: row 3", "address listed twice"),
        ("people.csv: row 4", "alias of somebody else"),
        ("people.csv: row 4", "alias of somebody else"),
        ("people.csv: row 5", "no address"),
        ("people.csv: row 6", "alias is no address"),
        ("people.csv: row 6", "kind unknown"),
        ("people.csv: row 6", "manager unknown"),
        ("people.csv: row 6", "unreadable date"),
        ("people.csv: row 7", "manager unknown"),
    ]


def test_a_name_that_two_people_bear_names_no_manager(tmp_path):
    rows, problems = people_of(
        tmp_path, "address,display_name,manager\na@example.com,Sam,\nb@example.com,Sam,\nc@example.com,C,Sam\n"
    )
    assert rows[2]["manager"] is None
    assert problems == [("people.csv: row 4", "manager unknown")]


def test_groups(tmp_path):
    (tmp_path / "people.csv").write_text("address,aliases\nann@example.com,a@example.com\n")
    (tmp_path / "groups.csv").write_text(
        "address,display_name,kind,last_activity\nTeam@example.com,Team,Team,2024-02-03\nall@example.com,,odd,\n"
    )
    (tmp_path / "members.csv").write_text(
        "group,member\nteam@example.com,A@example.com\nteam@example.com,ann@example.com\n"
        "all@example.com,team@example.com\nnone@example.com,ann@example.com\nteam@example.com,\n"
    )
    opened = DirectorySource(
        "people", tmp_path / "people.csv", groups=tmp_path / "groups.csv", group_members=tmp_path / "members.csv"
    )
    found = opened.directory()
    assert found.groups.to_pylist() == [
        {"address": "team@example.com", "display_name": "Team", "kind": "team", "last_activity": date(2024, 2, 3)},
        {"address": "all@example.com", "display_name": None, "kind": None, "last_activity": None},
    ]
    assert found.group_members.to_pylist() == [
        {"group": "team@example.com", "member": "ann@example.com"},
        {"group": "all@example.com", "member": "team@example.com"},
    ]
    assert [(problem.mailbox, problem.reason) for problem in found.problems] == [
        ("groups.csv", "kind unknown"),
        ("members.csv", "group unknown"),
        ("members.csv", "no address"),
    ]


def test_files_that_are_no_directory(tmp_path):
    (tmp_path / "people.csv").write_text("mail,name\n")
    with pytest.raises(FormatError, match="no column address; found: mail, name"):
        DirectorySource("people", tmp_path / "people.csv").directory()
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(FormatError, match="no header line"):
        DirectorySource("people", tmp_path / "empty.csv").directory()
    (tmp_path / "packed.csv").write_bytes(b"\x1f\x8b\x08 no gzip at all")
    with pytest.raises(SourceError, match="cannot be read"):
        DirectorySource("people", tmp_path / "packed.csv").directory()
    with pytest.raises(SourceError, match="correct 'groups'"):
        list(DirectorySource("people", tmp_path / "people.csv", groups=tmp_path / "absent").mailboxes())


LDIF = """version: 1
# export of everything

dn: DC=contoso,DC=example
objectClass: domain

dn: CN=Ann,OU=Sales,DC=contoso,DC=example
objectClass: top
objectClass: person
objectClass: user
cn: Ann
displayName:: {name}
mail: Ann@contoso.example
proxyAddresses: SMTP:Ann@contoso.example
proxyAddresses: smtp:a.nn@contoso.example
proxyAddresses: X500:/O=CONTOSO/CN=ANN
proxyAddresses: SIP:ann@contoso.example
legacyExchangeDN: /o=Contoso/cn=Recipients/cn=ann
department: Sales and
  Marketing
title: Head
physicalDeliveryOfficeName: Oslo
userAccountControl: 512

dn: cn=Bob\\, B.,ou=Sales,dc=contoso,dc=example
objectClass: inetOrgPerson
cn;lang-en: Bob
mail: bob@contoso.example
ou: Sales
l: Bergen
manager: cn=ann, ou=sales, dc=contoso, dc=example
jpegPhoto:< file:///photo.jpg

dn: CN=Room 1,DC=contoso,DC=example
objectClass: user
displayName: Room 1
msExchRecipientTypeDetails: 16
proxyAddresses: SMTP:room1@contoso.example

dn: CN=Printer,DC=contoso,DC=example
objectClass: user
objectClass: computer

dn: CN=Service,DC=contoso,DC=example
objectClass: user
cn: Service

dn: CN=Inner,DC=contoso,DC=example
objectClass: group
mail: inner@contoso.example
groupType: -2147483646
member: CN=Ann,OU=Sales,DC=contoso,DC=example
member: CN=Service,DC=contoso,DC=example

dn: CN=Outer,DC=contoso,DC=example
objectClass: groupOfNames
mail: outer@contoso.example
cn: Outer
member: CN=Inner,DC=contoso,DC=example
member: cn=Bob\\, B.,ou=Sales,dc=contoso,dc=example

dn: CN=Gone,DC=contoso,DC=example
changetype: delete
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_ldif(tmp_path, end):
    name = base64.b64encode("Ann Åse".encode()).decode()
    (tmp_path / "people.ldif").write_text(LDIF.format(name=name), newline=end)
    found = DirectorySource("people", tmp_path / "people.ldif").directory()
    people = {row["address"]: row for row in found.people.to_pylist()}
    assert list(people) == ["ann@contoso.example", "bob@contoso.example", "room1@contoso.example"]
    ann, bob, room = people.values()
    assert (ann["display_name"], ann["department"], ann["title"], ann["location"], ann["kind"]) == (
        "Ann Åse", "Sales and Marketing", "Head", "Oslo", "person",
    )  # fmt: skip
    assert ann["aliases"] == ["a.nn@contoso.example", "/o=contoso/cn=ann", "/o=contoso/cn=recipients/cn=ann"]
    assert (bob["display_name"], bob["department"], bob["location"], bob["manager"]) == (
        "Bob", "Sales", "Bergen", "ann@contoso.example",
    )  # fmt: skip
    assert (room["kind"], room["display_name"]) == ("room", "Room 1")
    assert [(row["address"], row["kind"]) for row in found.groups.to_pylist()] == [
        ("inner@contoso.example", "security_group"),
        ("outer@contoso.example", "distribution_list"),
    ]
    assert [tuple(row.values()) for row in found.group_members.to_pylist()] == [
        ("inner@contoso.example", "ann@contoso.example"),
        ("outer@contoso.example", "inner@contoso.example"),
        ("outer@contoso.example", "bob@contoso.example"),
    ]
    reasons = [problem.reason for problem in found.problems]
    assert sorted(reasons) == ["a change, no entry", "member without an entry or address", "no address"]
    assert all(problem.place.startswith("people.ldif: line ") for problem in found.problems)


def test_a_manager_outside_the_file_is_reported(tmp_path):
    (tmp_path / "p.ldif").write_text("dn: cn=A\nobjectClass: person\nmail: a@example.com\nmanager: cn=Boss,dc=x\n")
    found = DirectorySource("people", tmp_path / "p.ldif").directory()
    assert found.people["manager"].to_pylist() == [None]
    assert [problem.reason for problem in found.problems] == ["manager unknown"]


def test_what_ldif_is():
    assert is_ldif(b"version: 1\n")
    assert is_ldif(b"\xef\xbb\xbf# text\n continued\n\r\ndn:: Y249YQ==\n")
    assert not is_ldif(b"address,display_name\n")
    assert not is_ldif(b"")
    assert normal_dn("CN=Doe\\, J, OU = X") == "cn=doe\\, j,ou=x"


def test_lines_that_cannot_be_read():
    entries = list(read_ldif(b"dn: cn=a\nno colon\nmail:: ###\ncn: A\n\n\n\ndn: cn=b"))
    assert [(entry.line, entry.dn, entry.trouble) for entry in entries] == [
        (1, "cn=a", "attribute cannot be read"),
        (8, "cn=b", ""),
    ]
    assert entries[0].values == {"cn": ["A"]}
    assert list(read_ldif(b"version: 1\n\n# dn: cn=a\n text\n\n")) == []


texts = st.text("abcäöü :<,=", min_size=1, max_size=30).map(str.strip).filter(bool)


@given(st.lists(st.lists(texts, min_size=1, max_size=4), max_size=4), st.integers(1, 20))
def test_what_is_written_is_read_back(drawn, width):
    lines = []
    for number, values in enumerate(drawn):
        lines.append(f"dn: cn={number}")
        for value in values:
            line = f"cn:: {base64.b64encode(value.encode()).decode()}"
            lines.append("\n ".join(line[start : start + width] for start in range(0, len(line), width)))
        lines.append("")
    entries = list(read_ldif("\n".join(lines).encode()))
    assert [(entry.dn, entry.values) for entry in entries] == [(f"cn={n}", {"cn": v}) for n, v in enumerate(drawn)]


@given(st.binary(max_size=200))
def test_nothing_fails(raw):
    assert all(entry.line > 0 for entry in read_ldif(raw))
