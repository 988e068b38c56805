"""One organisation as Data Connect lands it and as a message trace tells it: scan, analyse, propose, by processes."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analyser.sources.sample import SampleOrganisationSource
from graph_server import GraphServer, World
from graph_server.contract import contract_file

PEOPLE, WEEKS = 60, 16


def run(*arguments, config, check=True, env=None):
    command = [sys.executable, "-m", "analyser", "--config", str(config), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=check, timeout=300, env=env)


def rows_json(config, *arguments, env=None):
    return json.loads(run(*arguments, "--json", config=config, env=env).stdout)


@pytest.fixture(scope="module")
def organisation():
    source = SampleOrganisationSource("sample", PEOPLE, WEEKS, 7)
    boxes = [[b.messages for b in source.read(mailbox.name)] for mailbox in source.mailboxes()]
    return [[row for table in tables for row in table.to_pylist()] for tables in boxes], source.directory()


def person(address, name=None, *, upper=False):
    names = ("EmailAddress", "Address", "Name") if upper else ("emailAddress", "address", "name")
    return {names[0]: {names[1]: address, names[2]: name}}


def landed(row, number, *, upper):
    """A row of the mail datasets: v0 in upper case, v1 in lower."""
    found = {
        "id": f"AQ{number}",
        "internetMessageId": row["internet_message_id"],
        "sentDateTime": f"{row['sent_at']:%Y-%m-%dT%H:%M:%SZ}",
        "subject": row["subject"],
        "conversationId": row["conversation_id"],
        "hasAttachments": row["has_attachments"],
        "isDraft": False,
        "from": person(row["sender"], row["sender_name"], upper=upper),
    }
    for role in ("to", "cc", "bcc"):
        found[f"{role}Recipients"] = [
            person(r["address"], r["display_name"], upper=upper) for r in row["recipients"] if r["role"] == role
        ]
    return {name[0].upper() + name[1:]: value for name, value in found.items()} if upper else found


@pytest.fixture(scope="module")
def landing(organisation, tmp_path_factory):
    """One blob per mailbox, v0 and v1 in turn, and the directory datasets."""
    folder = tmp_path_factory.mktemp("landing")
    boxes, directory = organisation
    (folder / "data").mkdir()
    for place, rows in enumerate(boxes):
        lines = [json.dumps(landed(row, n, upper=bool(place % 2))) for n, row in enumerate(rows)]
        lines[1:1] = ['{"id": "broken'] if place == 0 else []
        (folder / "data" / f"part-{place:05}.json").write_text("\n".join(lines))
    people, groups = directory.people.to_pylist(), directory.groups.to_pylist()
    users = [
        {
            "id": row["address"],
            "mail": row["address"],
            "displayName": row["display_name"],
            "department": row["department"],
            "jobTitle": row["title"],
            "proxyAddresses": [f"smtp:{alias}" for alias in row["aliases"]],
            "accountEnabled": True,
        }
        for row in people
        if row["kind"] in {None, "person"}  # Data Connect leaves resource accounts out
    ]
    managers = [
        {"id": row["manager"], "mail": row["manager"], "displayName": "", "puser": row["address"]}
        for row in people
        if row["manager"]
    ]
    details = [
        {"id": g["address"], "mail": g["address"], "displayName": g["display_name"], "groupTypes": []} for g in groups
    ]
    pairs = directory.group_members.to_pylist()
    members = [{"id": row["member"], "displayName": "", "pObjectId": row["group"]} for row in pairs]
    tables = {"User_v1": users, "Manager_v0": managers, "GroupDetails_v0": details, "GroupMembers_v0": members}
    for name, rows in tables.items():
        (folder / "data" / f"BasicDataSet_v0.{name}.json").write_text("\n".join(map(json.dumps, rows)))
    (folder / "analyser.toml").write_text('[[sources]]\nname = "landing"\ntype = "data_connect"\npath = "data"\n')
    return folder / "analyser.toml"


@pytest.fixture(scope="module")
def trace(organisation, tmp_path_factory):
    """One file over all mailboxes, a row per recipient, some of them failed; departments from a directory beside it."""
    folder = tmp_path_factory.mktemp("trace")
    boxes, directory = organisation
    with (folder / "trace.csv").open("w", newline="", encoding="utf-16") as file:
        writer = csv.writer(file)
        writer.writerow(["Received", "SenderAddress", "RecipientAddress", "Subject", "Status", "MessageId", "Size"])
        told = {row["internet_message_id"]: row for rows in boxes for row in rows}
        for row in told.values():
            start = [f"{row['sent_at']:%m/%d/%Y %I:%M:%S %p}", row["sender"]]
            end = [row["internet_message_id"], row["size"]]
            writer.writerows([*start, r["address"], row["subject"], "Delivered", *end] for r in row["recipients"])
            writer.writerow([*start, "gone@contoso.example", row["subject"], "Failed", *end])
    with (folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["address", "display_name", "department", "kind"])
        writer.writerows(
            [row["address"], row["display_name"], row["department"] or "", row["kind"] or ""]
            for row in directory.people.to_pylist()
        )
    (folder / "analyser.toml").write_text(
        '[[sources]]\nname = "trace"\ntype = "message_trace"\npath = "trace.csv"\n'
        '[[sources]]\nname = "people"\ntype = "directory"\npath = "people.csv"\n'
    )
    return folder / "analyser.toml"


def test_a_landing_is_scanned_analysed_and_proposed_from(organisation, landing):
    scanned = run("scan", "--json", config=landing, check=False)
    report = json.loads(scanned.stdout)
    assert scanned.returncode == 1  # the broken line
    assert report["total"]["reasons"] == {"no JSON object": 1}
    assert report["total"]["read"] == sum(map(len, organisation[0]))
    keys = {(row["internet_message_id"], row["sender"]) for rows in organisation[0] for row in rows}
    assert report["total"]["new"] <= len(keys)
    again = json.loads(run("scan", "--json", config=landing, check=False).stdout)
    assert again["total"]["unchanged"] == len(organisation[0])

    analysed = rows_json(landing, "analyse")
    assert {row["rule"]: row["works"] for row in analysed["hindered"]} == {"alerts": True}
    status = rows_json(landing, "status")
    assert [(row["place"], row["reason"]) for row in status["problems"]] == [
        ("part-00000.json: line 2", "no JSON object")
    ]
    proposals = rows_json(landing, "proposals")
    assert any(proposal["pilot"] for proposal in proposals)
    assert all(proposal["departments"] for proposal in proposals if proposal["pilot"])


def test_a_trace_is_scanned_analysed_and_says_what_it_costs(organisation, trace):
    report = rows_json(trace, "scan")
    told = {row["internet_message_id"]: row for rows in organisation[0] for row in rows}
    assert report["complete"]
    assert report["total"]["passed_over"] == {"delivery that failed": len(told)}
    # some copies bear an id of their own, and become one with those of the other ids
    assert report["total"]["read"] == report["total"]["new"] + report["total"]["merged"]
    assert 0.9 * len(told) < report["total"]["new"] < len(told)

    analysed = rows_json(trace, "analyse")
    cannot = {row["rule"] for row in analysed["hindered"] if not row["works"]}
    assert cannot == {"cc_for_cover", "document_rounds"}
    assert rows_json(trace, "status")["hindered"] == analysed["hindered"]
    said = run("findings", config=trace).stdout
    assert "none of the mail tells To and Cc apart; cannot work: cc_for_cover" in said
    assert "cannot work" not in run("findings", "--rule", "alerts", config=trace).stdout
    found = {row["rule"] for row in rows_json(trace, "findings")}
    assert "status_report" in found
    assert not found & cannot
    assert rows_json(trace, "proposals")


def test_the_trace_of_a_tenant_goes_on_with_the_windows_that_are_left(tmp_path):
    if not contract_file().exists():
        pytest.skip(f"{contract_file()} is not there: set ANALYSER_SHARED to the folder that holds contracts/")
    world = World.generate(mailboxes=4, messages=400, seed=5, now=int(time.time()))
    with GraphServer(world, latency=0.0) as server:
        config = tmp_path / "analyser.toml"
        config.write_text(
            '[[sources]]\nname = "trace"\ntype = "message_trace"\nwindow_days = 10\n'
            f'client_id = "{server.client_id}"\nclient_secret_env = "ANALYSER_GRAPH_SECRET"\n'
            f'cloud = {{authority = "{server.authority}", graph = "{server.graph}"}}\n'
        )
        environment = {**os.environ, **server.environment}
        report = rows_json(config, "scan", env=environment)
        windows = len(report["mailboxes"])
        oldest = datetime.now(UTC) - timedelta(days=89)
        recent = {row["messageId"] for row in server.traces if datetime.fromisoformat(row["receivedDateTime"]) > oldest}
        assert report["complete"]
        assert report["total"]["new"] >= len(recent) > 20
        assert not server.violations
        before = server.asked
        again = rows_json(config, "scan", env=environment)
        # the newest window, and one that ended less than a day ago, are asked for again
        assert again["total"]["unchanged"] in {windows - 1, windows - 2}
        assert server.asked - before < 12
        assert rows_json(config, "status", env=environment)["mailboxes"][0]["state"] == "complete"


@pytest.mark.corpus
def test_the_samples_of_data_connect_go_through_the_program(tmp_path):
    shared = Path(os.environ.get("ANALYSER_SHARED", Path(__file__).parents[3] / "shared"))
    samples = shared / "contracts" / "samples" / "mgdc"
    if not samples.is_dir():
        pytest.skip(f"no Data Connect samples in {samples}: set ANALYSER_SHARED to the folder that holds contracts/")
    config = tmp_path / "analyser.toml"
    config.write_text(f'[[sources]]\nname = "landing"\ntype = "data_connect"\npath = "{samples.as_posix()}"\n')
    report = rows_json(config, "scan")
    # of v1 and sent items one mail is the same, all of v0 is in v1 as well, or not
    assert report["complete"]
    assert (report["total"]["read"], report["total"]["problems"]) == (30, 0)
    assert report["total"]["merged"] >= 2
    analysed = rows_json(config, "analyse")
    assert analysed["counts"]["messages"] == report["total"]["new"]
    principals = pq.read_table(tmp_path / "var" / "lake" / "principals").to_pylist()
    kinds = {row["principal"]: row["kind"] for row in principals}
    assert list(kinds.values()).count("room") == 4
    outside = [name for name in kinds if name.endswith("@juno.com")]  # bears the display name of somebody inside
    assert [kinds[name] for name in outside] == ["external"]
