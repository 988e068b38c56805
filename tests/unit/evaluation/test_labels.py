"""Labels are read as the sample writes them; anything else is said, with the fix."""

from __future__ import annotations

import json

import pytest

from analyser.errors import AnalyserError
from analyser.evaluation.labels import Label, read_labels
from analyser.sources.sample import SampleOrganisationSource

LABEL = {
    "id": "report-1", "pattern": "status_report", "decoy": False, "expected": "propose",
    "members": ["Ann@contoso.example"], "messages": ["<1@x>", "<2@x>"], "note": "further keys are welcome",
}  # fmt: skip


def write(folder, content):
    path = folder / "labels.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_labels_and_threads_are_read(tmp_path):
    found = read_labels(
        write(tmp_path, {"labels": [LABEL, LABEL | {"id": "d", "decoy": True}], "threads": {"<1@x>": "t"}})
    )
    assert found.threads == {"<1@x>": "t"}
    first, decoy = found.labels
    members = frozenset({"ann@contoso.example"})  # lower case, as the lake has them
    assert first == Label("report-1", "status_report", False, "propose", members, ("<1@x>", "<2@x>"))  # noqa: FBT003
    assert (decoy.id, decoy.decoy) == ("d", True)


def test_what_the_sample_writes_is_read(tmp_path):
    source = SampleOrganisationSource("sample", 60, 12, 7)
    source.write_labels(tmp_path / "labels.json")
    found = read_labels(tmp_path / "labels.json")
    assert {"status_report", "confidential"} <= {label.pattern for label in found.labels}
    assert {"leave", "defer"} <= {label.expected for label in found.labels}
    planted = {message for label in found.labels for message in label.messages}
    assert planted
    assert planted <= found.threads.keys()


def without(key):
    return {k: v for k, v in LABEL.items() if k != key}


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "null", "3", '"labels"', {}, {"labels": []}, {"threads": {}}, {"labels": 3, "threads": {}},
        {"labels": [3], "threads": {}}, {"labels": [], "threads": 3},
        *({"labels": [without(key)], "threads": {}} for key in LABEL if key != "note"),
        {"labels": [LABEL | {"members": None}], "threads": {}}, {"labels": [LABEL | {"messages": 3}], "threads": {}},
        {"labels": [LABEL | {"members": [1]}], "threads": {}}, {"labels": [LABEL | {"members": "abc"}], "threads": {}},
    ],
)  # fmt: skip
def test_what_is_no_file_of_labels_is_said(content, tmp_path):
    path = write(tmp_path, content)
    with pytest.raises(AnalyserError, match="holds no labels") as caught:
        read_labels(path)
    assert str(path) in caught.value.message
    assert "analyser demo" in caught.value.fix
    assert caught.value.exit_status == 1


def test_a_missing_file_a_folder_and_bytes_are_said(tmp_path):
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "nowhere.json", tmp_path, tmp_path / "bytes.json"):
        with pytest.raises(AnalyserError, match="holds no labels"):
            read_labels(path)
