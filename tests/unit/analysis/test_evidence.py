"""What sources tell, from the rows of their mail."""

from __future__ import annotations

import ibis
import pytest

from analyser.analysis.evidence import told

MESSAGES = {
    "message": "int64",
    "source": "string",
    "base_subject": "string",
    "conversation_id": "string",
    "in_reply_to": "string",
    "references": "array<string>",
    "has_attachments": "boolean",
    "is_automatic": "boolean",
    "list_id": "string",
}


def row(number: int, source: str = "mail", **changes):
    return {**dict.fromkeys(MESSAGES), "message": number, "source": source, "references": [], **changes}


@pytest.fixture
def counted():
    connection = ibis.duckdb.connect()

    def table(name, rows, schema):
        made = connection.create_table(name, schema=ibis.schema(schema))
        if rows:
            connection.insert(name, ibis.memtable(rows, schema=ibis.schema(schema)))
        return made

    def count(messages, recipients=(), people=()):
        tables = (
            table("messages", messages, MESSAGES),
            table("recipients", [dict(zip(("message", "role"), r, strict=True)) for r in recipients],
                  {"message": "int64", "role": "string"}),
            table("people", [dict(zip(("source", "department", "kind"), p, strict=True)) for p in people],
                  {"source": "string", "department": "string", "kind": "string"}),
        )  # fmt: skip
        rows = told(*tables, "message").to_pyarrow().to_pylist()
        return {(r["evidence"], r["told_by"]): (r["told"], r["messages"]) for r in rows}

    yield count
    connection.disconnect()


@pytest.mark.parametrize(
    ("evidence", "changes"),
    [
        ("threads", {"conversation_id": "c"}),
        ("threads", {"in_reply_to": "<1@x>"}),
        ("threads", {"references": ["<1@x>"]}),
        ("subjects", {"base_subject": "report"}),
        ("attachments", {"has_attachments": False}),
        ("headers", {"is_automatic": False}),
        ("headers", {"list_id": "l.example"}),
    ],
)
def test_a_column_that_is_filled_tells(counted, evidence, changes):
    found = counted([row(1, **changes), row(2)])
    assert found[evidence, "mail"] == (1, 2)
    assert sum(told for told, _ in found.values()) == 1


def test_copies_tell_roles_once_per_message_and_each_source_for_itself(counted):
    messages = [row(1), row(2), row(3, "trace"), row(4, "trace")]
    found = counted(messages, [(1, "to"), (1, "cc"), (1, "bcc"), (2, "to"), (3, "to"), (4, "to")])
    assert found["roles", "mail"] == (1, 2)
    assert found["roles", "trace"] == (0, 2)


def test_departments_are_told_by_directories(counted):
    found = counted(
        [row(1)], people=[("d", "Sales", None), ("d", None, "person"), ("d", "IT", None), ("d", None, "room")]
    )
    assert found["departments", "d"] == (2, 3)
    assert ("departments", "mail") not in found


def test_without_mail_nothing_is_told(counted):
    assert counted([]) == {}
