"""`analyser people`: who was recognised, and which principals may be one person."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from rich.table import Table

from analyser.cli.console import JsonOption, open_lake, out, print_json, print_table, pseudonyms, rows_of, settings
from analyser.errors import EmptyLakeError

__all__ = ["command"]


def command(as_json: Annotated[bool, JsonOption] = False) -> None:
    """Say how many principals there are of each kind, and list the merges that are suggested, never made."""
    config = settings(as_json=as_json)
    with open_lake(config) as lake:
        if not lake.exists("principals"):
            raise EmptyLakeError("people", fix="run 'analyser analyse' first")
        names = pseudonyms(lake, config)
        kinds = Counter((row["kind"], row["is_internal"]) for row in rows_of(lake, "principals"))
        merges = [
            {"principal": names.of(row["principal"]), "other": names.of(row["other"]), "reason": row["reason"]}
            for row in rows_of(lake, "suggested_merges")
        ]
    counted = [
        {"kind": kind, "is_internal": inside, "principals": number} for (kind, inside), number in sorted(kinds.items())
    ]
    if as_json:
        print_json({"kinds": counted, "suggested_merges": merges})
        return
    table = Table("kind", "inside", "principals")
    for row in counted:
        table.add_row(str(row["kind"]), "yes" if row["is_internal"] else "no", f"{row['principals']:,}")
    print_table(table)
    if not merges:
        out.print("no two principals look like one person")
        return
    out.print(f"{len(merges):,} suggested merges; none was made:")
    table = Table("principal", "may be the same as", "because")
    for row in merges:
        table.add_row(row["principal"], row["other"], row["reason"])
    print_table(table)
    out.print(
        "to merge two, enter one address among the aliases of the other in the directory, and scan and analyse again"
    )
