"""The real corpora, read as a whole: counts that are known, and agreement with the standard library."""

from __future__ import annotations

import gzip
import os
import re
import tarfile
from collections import Counter
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import getaddresses, mktime_tz, parsedate_tz
from pathlib import Path

import pytest

from analyser.sources.mbox import MboxSource
from analyser.sources.table import TableSource

pytestmark = pytest.mark.corpus
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def corpora() -> Path:
    shared = Path(os.environ.get("ANALYSER_SHARED", Path(__file__).parents[4] / "shared"))
    if not (shared / "data").is_dir():
        pytest.skip(f"no corpora in {shared}: set ANALYSER_SHARED to the folder that holds data/")
    return shared / "data"


def read(source):
    batches = [batch for mailbox in source.mailboxes() for batch in source.read(mailbox.name)]
    return [batch.messages for batch in batches], [problem for batch in batches for problem in batch.problems]


@pytest.mark.parametrize(("name", "rows", "problems"), [("enron-inbox", 43_598, 5), ("linux-hyperv", 26_431, 0)])
def test_header_corpora(corpora, name, rows, problems):
    path = corpora / name / "headers.mbox.gz"
    tables, found = read(MboxSource("mail", path, batch_size=20_000, earliest=EARLIEST))
    assert (sum(table.num_rows for table in tables), len(found)) == (rows, problems)
    blocks = re.split(
        rb"(?:\A|\n)From (?:MAILER-DAEMON|mboxrd@z) Thu Jan  1 00:00:00 1970\n", gzip.decompress(path.read_bytes())
    )[1:]
    assert len(blocks) == rows + problems
    bad = {int(re.search(r"message (\d+)", problem.place)[1]) for problem in found}
    good = [block for number, block in enumerate(blocks, 1) if number not in bad]
    step = 37  # one message in so many is compared
    read_rows = [row for table in tables for row in table.to_pylist()][::step]
    differences = Counter()
    for row, block in zip(read_rows, good[::step], strict=True):
        message = BytesHeaderParser().parsebytes(block)
        assert row["sent_at"].timestamp() == mktime_tz(parsedate_tz(str(message["date"])))
        for role in ("to", "cc", "bcc"):
            texts = [str(text) for text in message.get_all(role, [])]
            reference = {address.lower() for _, address in getaddresses(texts) if "@" in address}
            ours = {recipient["address"] for recipient in row["recipients"] if recipient["role"] == role}
            differences["fields"] += 1
            differences["differ"] += ours != reference
    # what differs is address fields that are broken in the corpus: apostrophes, brackets, encoded addresses
    assert differences["differ"] <= differences["fields"] * 0.004


def test_the_maildir_corpus(corpora, tmp_path):
    (packed,) = (corpora / "enron-maildir").glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    tables, problems = read(MboxSource("mail", tmp_path, batch_size=1_000, earliest=EARLIEST))
    assert (sum(table.num_rows for table in tables), problems) == (3_936, [])


def test_the_table_corpus(corpora):
    source = TableSource("export", corpora / "enron-departments", batch_size=20_000, earliest=EARLIEST)
    tables, problems = read(source)
    assert (sum(table.num_rows for table in tables), problems) == (21_635, [])
    assert source.directory().people.num_rows == 152
