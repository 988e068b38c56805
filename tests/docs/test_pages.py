"""Commands, settings and links in the pages hold."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import PurePosixPath
from typing import get_args

import pytest

from analyser import config, pipeline

_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+?)(?: \{ #([\w-]+) \})?$", re.MULTILINE)
_CALL = re.compile(r"(?:^|[\s`\\/'])analyser +((?:--[a-z]|[a-z])[^`#\n]*)")


def _without_code(text: str) -> str:
    return re.sub(r"^(```+|~~~+).*?^\1\s*$", "", text, flags=re.DOTALL | re.MULTILINE)


def _anchors(text: str) -> set[str]:
    """Names that a heading can be linked by: its own, or its words."""
    found = set()
    for title, own in _HEADING.findall(_without_code(text)):
        words = re.sub(r"[^\w\s-]", "", title).strip().lower()
        found.add(own or re.sub(r"[-\s]+", "-", words))
    return found


def _dead_links(pages: dict[str, str], exists) -> list[str]:
    """Links that lead nowhere, as `page: target`."""
    dead = []
    for page, text in pages.items():
        for target in _LINK.findall(_without_code(text)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            parts: list[str] = []
            for part in (
                (*PurePosixPath(page).parent.parts, *PurePosixPath(path).parts) if path else PurePosixPath(page).parts
            ):
                parts = parts[:-1] if part == ".." else [*parts, part]
            place = "/".join(parts)
            if not (place in pages or exists(place)) or (anchor and anchor not in _anchors(pages.get(place, ""))):
                dead.append(f"{page}: {target}")
    return dead


def test_internal_links_lead_somewhere(generate, root, pages):
    everything = pages | {f"docs/{path}": text for path, text in generate.copies().items()}

    assert _dead_links(everything, lambda place: (root / place).exists()) == []


@pytest.mark.parametrize(
    ("link", "is_dead"),
    [
        ("[a](b.md)", False),
        ("[a](b.md#a-heading)", False),
        ("[a](b.md#own)", False),
        ("[a](#here)", False),
        ("[a](../top.md)", False),
        ("[a](https://contoso.example/nothing)", False),
        ("```\n[a](gone.md)\n```", False),
        ("[a](gone.md)", True),
        ("[a](b.md#gone)", True),
        ("[a](#gone)", True),
        ("[a](top.md)", True),
    ],
)
def test_a_dead_link_is_found(link, is_dead):
    pages = {"d/a.md": f"# Here\n\n{link}\n", "d/b.md": "# A heading!\n\n## Else { #own }\n", "top.md": ""}

    assert bool(_dead_links(pages, lambda _: False)) is is_dead


def test_navigation_lists_every_page(generate, root, pages):
    listed = re.findall(r"(?:- |: )([\w/-]+\.md)$", (root / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    there = [name.removeprefix("docs/") for name in pages if name.startswith("docs/")]

    worked = [f"project/notebooks/{path.stem}.md" for path in (root / "notebooks").glob("*.ipynb")]

    assert sorted(listed) == sorted([*there, *generate.copies(), *worked])


# commands


def test_every_verb_and_option_is_documented(options, pages):
    parts = re.split(r"^## (.+)$", pages["docs/commands.md"], flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    sections[""] = sections.pop("Options before the verb")

    assert sections.keys() == options.keys()
    for verb, names in options.items():
        missing = [
            name for name in names if f"`{name if name.startswith('-') else name.upper()}`" not in sections[verb]
        ]
        assert missing == [], verb


def _wrong_words(call: str, options: dict[str, set[str]]) -> list[str]:
    """Verbs and options of a call that do not exist."""
    words = [word.rstrip(",.;:)") for word in shlex.split(call.replace("…", " ").replace("[", " ").replace("]", " "))]
    verb = next((word for word in words if word in options and word), None)
    if verb is None:
        return [call] if words[0][0] != "-" or "--help" not in words else []
    before = words[: words.index(verb)]
    allowed = {*options[verb], "--help"}
    wrong = [w for w in before if w.startswith("-") and w not in options[""]]
    return wrong + [w for w in words[len(before) :] if w.startswith("--") and w not in allowed]


def test_calls_in_the_pages_exist(options, pages):
    calls = [(page, call.strip()) for page, text in pages.items() for call in _CALL.findall(text)]
    known = [(page, call) for page, call in calls if re.match(r"(--\w+ \S+ )?[a-z]+\b", call)]
    shown = {page for page, _ in known}
    wrong = [f"{page}: {call}" for page, call in known if _is_call(call, options) and _wrong_words(call, options)]

    assert {"README.md", "docs/getting-started.md"} <= shown
    assert wrong == []


def _is_call(call: str, options: dict[str, set[str]]) -> bool:
    """Prose goes on in words after the name of the program; a call begins with an option or names a verb."""
    return call.startswith("-") or call.split(maxsplit=1)[0] in options


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        ("proposals --top 7 --why", []),
        ("--config var/demo/analyser.toml proposals --json", []),
        ("proposals --kind channel", ["--kind"]),
        ("--quiet scan", ["--quiet"]),
        ("--config x provision", ["--config x provision"]),
    ],
)
def test_a_wrong_call_is_found(options, call, wrong):
    assert _wrong_words(call, options) == wrong


def test_lines_of_shell_name_only_verbs_that_exist(options, blocks):
    lines = [line for block in blocks if block.language in {"sh", ""} for line in block.text.splitlines()]
    calls = [m[1] for line in lines if (m := re.search(r"bin[/\\]analyser +(.*?)(?: +#.*)?$", line))]

    assert len(calls) > 5
    assert [call for call in calls if _wrong_words(call, options)] == []


# settings


def test_the_example_is_the_one_of_the_code(root):
    assert (root / "config.example.toml").read_text(encoding="utf-8") == config.example()


def test_the_example_loads_and_changes_no_default(root, tmp_path, monkeypatch):
    for name in ("ANALYSER_CONFIG", "ANALYSER_LAKE__PATH"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "analyser.toml"
    path.write_bytes((root / "config.example.toml").read_bytes())

    loaded, plain = config.load(path), config.Settings()

    assert loaded.lake.path == tmp_path / plain.lake.path
    for section in ("organisation", "privacy", "scan", "savings"):
        assert getattr(loaded, section) == getattr(plain, section)
    assert loaded.sources == ()
    assert pipeline.thresholds(loaded) == pipeline.thresholds(plain)


def test_optional_parts_of_the_example_hold_as_well(root):
    text = (root / "config.example.toml").read_text(encoding="utf-8")
    optional = text[text.index("# [[sources]]") :]
    content = tomllib.loads(re.sub(r"^# ((?:\[|\w+ = ).*)$", r"\1", optional, flags=re.MULTILINE))

    settings = config.Settings(**content)

    types = [get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(get_args(config.SourceSettings)[0])]
    assert sorted(source.type for source in settings.sources) == sorted(types)
    assert (
        pipeline.thresholds(settings)["status_report"].slot_coverage
        == content["thresholds"]["status_report"]["slot_coverage"]
    )


def test_every_key_of_the_example_is_explained(root, pages):
    keys = re.findall(r"^(?:# )?(\w+) =", (root / "config.example.toml").read_text(encoding="utf-8"), re.MULTILINE)

    missing = [
        key
        for key in keys
        if key not in {"type", "slot_coverage"} and f"| `{key}` |" not in pages["docs/configuration.md"]
    ]

    assert len(keys) > 20
    assert missing == []


def test_configurations_in_the_pages_are_right(blocks):
    found = [block for block in blocks if block.language == "toml"]

    assert len(found) > 5
    for block in found:
        settings = config.Settings(**tomllib.loads(block.text))
        assert pipeline.thresholds(settings), block.page


def test_exit_statuses_are_those_of_the_errors(pages):
    from analyser import errors  # noqa: PLC0415  the module is the subject

    used = {getattr(errors, name).exit_status for name in errors.__all__}
    table = {int(n) for n in re.findall(r"^\| (\d+) \|", pages["docs/commands.md"], re.MULTILINE)}

    assert used <= table
    assert 0 in table
