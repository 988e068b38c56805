"""People and groups of a landing: users with aliases and managers, groups with members."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from analyser.errors import SourceError
from analyser.sources.contract import Directory, Problem
from analyser.sources.data_connect.landing import Blob, Dataset
from analyser.sources.directory import DirectoryBuilder
from analyser.sources.files import UNREADABLE
from analyser.sources.json_lines import Tree, blocks, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["read_people"]

_ROWS: Final = 20_000
_TEXT: Final = pa.string()
_COLUMNS: Final[Tree] = {
    **dict.fromkeys(("id", "puser", "pObjectId", "mail", "userPrincipalName", "displayName", "userType"), _TEXT),
    **dict.fromkeys(("department", "jobTitle", "officeLocation", "city", "hireDate", "employeeHireDate"), _TEXT),
    **dict.fromkeys(("deletedDateTime", "createdDateTime"), _TEXT),
    **dict.fromkeys(("mailEnabled", "securityEnabled", "accountEnabled"), pa.bool_()),
    **{name: [_TEXT] for name in ("proxyAddresses", "groupTypes", "resourceProvisioningOptions")},
    "assignedLicenses": [{"skuId": _TEXT}],
}
_ADDRESS: Final = re.compile(r"(smtp|x500):(.+)", re.IGNORECASE)
_ROOM: Final = re.compile(
    r"\b(room|conf(erence)?|meeting|raum|besprechung\w*|salle|sala|vergaderruimte)\b", re.IGNORECASE
)
_NEVER: Final = "0001-01-01"  # a date that was not filled in

Row = dict[str, Any]


def read_people(found: Iterable[Blob], source: str) -> Directory:
    """People, groups and members of the directory datasets; of a user landed twice, the last row counts.

    Raises
    ------
    SourceError
        A file cannot be read.
    """
    builder = DirectoryBuilder()
    tables: dict[Dataset, list[tuple[str, Row]]] = {dataset: [] for dataset in Dataset}
    for blob in found:
        tables[blob.dataset] += _rows(blob, builder, source)
    users = {row["id"]: (place, row) for place, row in tables[Dataset.USERS] if row.get("id")}
    groups = {row["id"]: (place, row) for place, row in tables[Dataset.GROUPS] if row.get("id")}
    # rows of managers tell their address, also of those that were not landed as users
    told = [row for _, row in tables[Dataset.MANAGERS] if row.get("id")] + [row for _, row in users.values()]
    mail = {row["id"]: address for row in told if (address := _mail(row))}
    managers = _managers(tables, mail)
    for key, (place, row) in users.items():
        if (address := _mail(row)) is not None:
            builder.people.append((place, _person(row, address, managers.get(key))))
    where = {key: address for key, (_, row) in groups.items() if (address := _mail(row)) and _is_there(row)}
    builder.groups += [(groups[key][0], _group(groups[key][1], address)) for key, address in where.items()]
    for place, row in tables[Dataset.MEMBERS]:
        group = where.get(row.get("pobjectid") or row.get("puser"))
        member = mail.get(row.get("id")) or where.get(row.get("id")) or _mail(row) or row.get("userprincipalname")
        if group and member:  # groups without a mail address are nobody to write to
            builder.members.append((place, {"group": group, "member": member}))
    return builder.build()


def _managers(tables: dict[Dataset, list[tuple[str, Row]]], mail: dict[str, str]) -> dict[str, str]:
    """Address of the manager by the id of the employee."""
    pairs = [(row.get("puser"), row.get("id")) for _, row in tables[Dataset.MANAGERS]]
    pairs += [(row.get("id"), row.get("puser")) for _, row in tables[Dataset.REPORTS]]
    return {employee: mail[manager] for employee, manager in pairs if employee and manager in mail}


def _person(row: Row, address: str, manager: str | None) -> dict[str, str]:
    hired = row.get("employeehiredate") or row.get("hiredate") or ""
    aliases = [match[2] for text in row.get("proxyaddresses") or () if (match := _ADDRESS.fullmatch(text or ""))]
    principal = row.get("userprincipalname") or ""
    is_guest = "#EXT#" in principal or str(row.get("usertype")).lower() == "guest"
    if principal and not is_guest:
        aliases.append(principal)
    kind = "external" if is_guest else "room" if _is_room(row) else ""
    found = {
        "address": address,
        "display_name": row.get("displayname"),
        "department": row.get("department"),
        "title": row.get("jobtitle"),
        "manager": manager,
        "kind": kind,
        "location": row.get("city") or row.get("officelocation"),
        "joined_on": None if hired.startswith(_NEVER) else hired[:10],
        "aliases": ";".join(aliases),
    }
    return {name: text for name, text in found.items() if text}


def _is_room(row: Row) -> bool:
    """Accounts without licence, department and title that are called so: Data Connect does not mark rooms."""
    licensed = row.get("assignedlicenses") or row.get("department") or row.get("jobtitle")
    return not licensed and _ROOM.search(row.get("displayname") or "") is not None


def _group(row: Row, address: str) -> dict[str, str]:
    if "Unified" in (row.get("grouptypes") or ()):
        kind = "team" if "Team" in (row.get("resourceprovisioningoptions") or ()) else "microsoft_365_group"
    else:
        kind = "security_group" if row.get("securityenabled") else "distribution_list"
    return {"address": address, "display_name": row.get("displayname") or address, "kind": kind}


def _is_there(row: Row) -> bool:
    return not row.get("deleteddatetime") and row.get("mailenabled") is not False


def _mail(row: Row) -> str | None:
    """Its address: as landed, else the primary one of the proxy addresses."""
    primary = [text[5:] for text in row.get("proxyaddresses") or () if (text or "").startswith("SMTP:")]
    return row.get("mail") or (primary[0] if primary else None)


def _rows(blob: Blob, builder: DirectoryBuilder, source: str) -> Iterator[tuple[str, Row]]:
    try:
        if blob.is_parquet:
            yield from _parquet_rows(blob)
            return
        for block in blocks(blob.path, rows=_ROWS, source=source):
            found = parse(block.data, block.line, _COLUMNS, blob.names)
            builder.problems += [Problem(blob.name, f"{blob.name}: line {line}", why) for line, why in found.broken]
            for piece in found.pieces:
                for line, row in zip(piece.lines, piece.rows.to_pylist(), strict=True):
                    yield f"{blob.name}: line {line}", _lower(row)
    except (*UNREADABLE, pa.ArrowInvalid) as error:
        raise SourceError(
            f"{blob.path}: {error}", source=source, fix="land the dataset anew, then scan again"
        ) from error


def _parquet_rows(blob: Blob) -> Iterator[tuple[str, Row]]:
    known = {name.lower() for name in _COLUMNS}
    file = pq.ParquetFile(blob.path)
    number = 0
    for batch in file.iter_batches(_ROWS, columns=[name for name in blob.names if name.lower() in known]):
        for row in batch.to_pylist():
            number += 1
            yield f"{blob.name}: row {number}", _lower(row)


def _lower(row: Row) -> Row:
    """Keys in lower case, of several spellings the filled one; texts where texts are meant, lists as lists."""
    result: Row = {}
    for name, value in row.items():
        key = name.lower()
        if value is not None and result.get(key) is None:
            result[key] = _plain(value)
    return result


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value if isinstance(value, (str, bool, list)) else str(value)
