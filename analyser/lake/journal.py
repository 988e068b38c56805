"""Many files become visible together: a journal, published by one rename, is the commit.

A commit writes its new files aside, publishes a journal that says what moves in and what goes, and then does so. A
process killed before the rename has changed nothing; killed after it, whoever opens the lake next completes the
moves. Names of files are never used twice, so that two processes may complete the same journal side by side.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from analyser.errors import LakeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["publish", "replace_durably", "roll_forward", "sync", "write_atomically"]

FOLDER = ".commit"


def sync(path: Path) -> None:
    """Force a file, or the entries of a folder, to the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows has no handle for a folder; its renames are journalled
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a small file so that it is there whole or not at all."""
    aside = path.with_name(f"{path.name}.new")
    aside.write_bytes(content)
    replace_durably(aside, path)


def replace_durably(aside: Path, path: Path) -> None:
    """Give a finished file its name, in a way that outlives a loss of power."""
    sync(aside)
    os.replace(aside, path)  # noqa: PTH105  the same call everywhere, so that the kill test can stop at each
    sync(path.parent)


def publish(root: Path, identity: str, moves: Sequence[tuple[Path, Path]], removals: Iterable[Path]) -> None:
    """Commit: from the return of this function on, and after any crash inside it past the rename, all of it holds.

    Parameters
    ----------
    root
        Folder of the lake.
    identity
        Name of the commit, never used before.
    moves
        New files: where they were written aside, where they belong.
    removals
        Files that they replace.
    """
    for source, _ in moves:
        sync(source)
    for folder in {source.parent for source, _ in moves}:
        sync(folder)
    journal = {
        "move": [[_relative(source, root), _relative(target, root)] for source, target in moves],
        "remove": [_relative(path, root) for path in removals],
    }
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    path = folder / f"{identity}.json"
    write_atomically(path, json.dumps(journal).encode())
    _apply(root, path)


def roll_forward(root: Path) -> int:
    """Complete the commits of killed processes; returns how many there were."""
    journals = sorted((root / FOLDER).glob("*.json"))
    for path in journals:
        _apply(root, path)
    return len(journals)


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _apply(root: Path, path: Path) -> None:
    try:
        journal = json.loads(path.read_bytes())
    except FileNotFoundError:
        return  # another process has completed it meanwhile
    except ValueError as error:
        raise LakeError(f"the journal {path} is damaged: {error}", fix="restore the lake from a backup") from error
    for source, target in journal["move"]:
        (root / target).parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # moved already, before the crash or by another process
            os.replace(root / source, root / target)  # noqa: PTH105
    for name in journal["remove"]:
        (root / name).unlink(missing_ok=True)
    touched = {(root / target).parent for _, target in journal["move"]}
    for folder in touched | {(root / name).parent for name in journal["remove"]}:
        if folder.is_dir():
            sync(folder)
            with suppress(OSError):  # only an empty folder goes: a month without messages
                folder.rmdir()
    path.unlink(missing_ok=True)
