"""The contract is held against both sides, and Microsoft's own examples are what the server says."""

from __future__ import annotations

import json

from graph_server import Fault, contract_file


def test_an_answer_that_breaks_the_contract_is_seen(server, client, box, inbox):
    server.update_message(box.folders[2].messages[0].id, importance="Normal")
    client.walk(inbox)
    assert server.broken == {"response_contract"}
    assert "Normal" in server.violations[0].detail


def test_a_request_that_breaks_the_contract_is_seen(server, client):
    client.get("/users?$top=-1")
    assert server.broken == {"request_contract"}


def test_a_share_is_checked(server, client):
    server.set(validate=0.2)
    for _ in range(50):
        client.get("/organization")
    assert 0 < server.checked < 40


def test_errors_are_those_of_the_samples(server, client, box, inbox):
    samples = json.loads((contract_file().parent / "samples" / "graph-errors.json").read_text(encoding="utf-8"))
    known = {sample["body"]["error"]["code"].lower(): sample for sample in samples}

    def same(answer):
        said = answer.json()["error"]
        sample = known[said["code"].lower()]
        assert (answer.status_code, said["message"]) == (sample["status"], sample["body"]["error"]["message"])

    server.inject(Fault("resync"))
    same(client.get(inbox))
    for state in ("on_premises", "out_of_scope", "not_consented"):
        server.set_state(box.address, state)
        same(client.get(inbox))
