"""Opening files, packed or not."""

from __future__ import annotations

import gzip
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedIOBase
    from pathlib import Path

__all__ = ["UNREADABLE", "opened"]

UNREADABLE = (OSError, EOFError, zlib.error)
"""What reading a damaged or forbidden file raises."""

_GZIP = b"\x1f\x8b"


@contextmanager
def opened(path: Path) -> Iterator[tuple[BufferedIOBase, BufferedIOBase]]:
    """The unpacked content, and the file itself: the same stream where nothing is packed."""
    with path.open("rb") as raw:
        if raw.peek(2)[:2] == _GZIP:
            with gzip.GzipFile(fileobj=raw) as stream:
                yield stream, raw
        else:
            yield raw, raw
