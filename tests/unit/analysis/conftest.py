"""Tables of a run from readable rows: columns that a row leaves out have a harmless default."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from analyser.config import Lake
from analyser.lake.engine import Engine
from analyser.lake.schema import TABLES

MONDAY = datetime(2025, 1, 6, tzinfo=UTC)
LONG, WHO, TEXT, FLAG = pa.int64(), pa.int32(), pa.string(), pa.bool_()
TIME = pa.timestamp("us", tz="UTC")

# within a run, messages and principals are numbers
NUMBERS = {"message_key": ("message", LONG), "thread": ("thread", LONG), "first_sender": ("first_sender", WHO)}


def _working(name, **further):
    kept = [NUMBERS.get(field.name, (field.name, field.type)) for field in TABLES[name].schema]
    return pa.schema([*kept, *further.items()])


_sent = {"message": LONG, "sent_at": TIME, "sender": WHO, "answers": FLAG, "has_attachments": FLAG}
_flags = {"automatic": FLAG, "external": FLAG, "sensitive": FLAG}
_flags |= {"people": pa.int32(), "recipient_set": TEXT, "stem": TEXT}
SCHEMAS = {
    "messages": _working("messages", local_at=pa.timestamp("us")),
    "recipients": pa.schema({"message": LONG, "address": TEXT, "role": TEXT}),
    "copies": pa.schema({"message": LONG, "internet_message_id": TEXT}),
    "addresses": _working("addresses", actor=WHO),
    "principals": _working("principals", actor=WHO),
    "group_members": _working("group_members"),
    "parts": pa.schema({"message": LONG, "actor": WHO, "role": TEXT}),
    "flags": pa.schema({"message": LONG, **_flags}),
    "subjects": pa.schema({"base_subject": TEXT, "stem": TEXT, "sensitive": FLAG}),
    "sent": pa.schema({**_sent, "subject_key": TEXT}),
    "mail": pa.schema({**_sent, **_flags, "sender_inside": FLAG, "reach": LONG, "to_list": FLAG, "thread": LONG}),
    "threads": _working("threads"),
    "asks": pa.schema(
        {"thread": LONG, "sent_at": TIME, "asker": WHO, "asker_department": TEXT, "desk": TEXT, "answerer": WHO}
        | {"word": TEXT, "stem": TEXT, "department": TEXT, "audience": TEXT}
    ),
    "set_members": pa.schema({"recipient_set": TEXT, "actor": WHO}),
    "forum_rows": pa.schema({"thread": LONG, "sender": WHO, "forum": TEXT}),
    "forum_threads": _working("threads", last=LONG),
    "joiner_mail": pa.schema(
        {**_sent, **_flags, "sender_inside": FLAG, "reach": LONG, "thread": LONG, "is_reply": FLAG}
    ),
    "desk_threads": pa.schema({"audience": TEXT, "asker": WHO, "answerer": WHO}),
    "people": pa.schema({"actor": WHO, "principal": TEXT, "department": TEXT}),
    "audience_messages": pa.schema({"audience": TEXT, "message": LONG}),
    "audience_people": pa.schema({"audience": TEXT, "actor": WHO, "role": TEXT, "department": TEXT}),
    "audience_parts": pa.schema({"audience": TEXT, "message": LONG, "actor": WHO, "role": TEXT}),
    "audience_meta": pa.schema({"audience": TEXT, "kind": TEXT, "stem": TEXT}),
    "spoken": pa.schema({"audience": TEXT, **_sent, "people": LONG, "stem": TEXT, "thread": LONG}),
}

DEFAULTS = {
    "answers": False, "to_list": False, "automatic": False, "external": False, "sensitive": False,
    "sender_inside": True,
    "is_internal": True, "kind": "person", "role": "to", "people": 4, "sender": 0, "messages": 1,
}  # fmt: skip


def _row(number, row, schema):
    row = dict(row)
    at = MONDAY + timedelta(days=row.pop("day", 0))
    message = row.get("message", number)
    known = {**DEFAULTS, "message": message, "thread": message, "sent_at": at, "local_at": at.replace(tzinfo=None)}
    known["first_sent"] = at
    known["reach"] = row.get("people", DEFAULTS["people"])
    if schema.get_field_index("sender") >= 0 and schema.field("sender").type == TEXT:
        known["sender"] = "ann@contoso.example"
    if unknown := row.keys() - set(schema.names):
        raise KeyError(*unknown)
    return {name: row.get(name, known.get(name)) for name in schema.names}


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("engine")
    with Engine(Lake(path=folder, threads=1, memory_limit="500MB")) as opened:
        yield opened


@pytest.fixture(scope="session")
def at():
    """The time so many days after the first Monday."""
    return lambda day: MONDAY + timedelta(days=day)


@pytest.fixture(scope="session")
def of_text(engine):
    """A function of a text column, applied to texts."""

    def run(function, texts):
        rows = engine.memory(pa.table({"n": range(len(texts)), "text": pa.array(texts, TEXT)}))
        return rows.select("n", found=function(rows.text)).order_by("n").to_pyarrow()["found"].to_pylist()

    return run


@pytest.fixture(scope="session")
def arrow():
    """Rows of a table as Arrow; `day` stands for the time, in days since Monday 2025-01-06."""

    def build(name, rows):
        schema = SCHEMAS[name]
        filled = [_row(number, row, schema) for number, row in enumerate(rows)]
        return pa.Table.from_pylist(filled, schema=schema)

    return build


@pytest.fixture(scope="session")
def table(engine, arrow):
    """The same as a table of the engine."""
    return lambda name, rows: engine.memory(arrow(name, rows))


@pytest.fixture(scope="session")
def posted(table):
    """Messages with people in `to` and `cc`: the columns of `schema`, and who took part."""

    def build(schema, rows):
        parts = [
            {"message": row.get("message", number), "actor": actor, "role": role}
            for number, row in enumerate(rows)
            for role, who in (("from", [row.get("sender", 0)]), ("to", row.get("to", ())), ("cc", row.get("cc", ())))
            for actor in who
        ]
        return table(schema, [{k: v for k, v in row.items() if k not in {"to", "cc"}} for row in rows]), table(
            "parts", parts
        )

    return build
