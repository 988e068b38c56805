"""Basic and NTLM let the right password in, and no other; NTLM signs in a connection."""

from __future__ import annotations

import base64

import pytest
import requests

from ews_server.plain import Client

WRONG = "another"


def status(server, headers):
    return requests.post(server.endpoint, b"", headers=headers, verify=server.ca_file, timeout=10)


@pytest.mark.parametrize("scheme", ["basic", "ntlm"])
class TestPassword:
    def test_right(self, server, box, scheme):
        client = Client(server, box.address, scheme=scheme)
        assert client.codes(client.get_folder("inbox")) == ["NoError"]
        client.close()

    def test_wrong(self, server, box, scheme):
        client = Client(server, box.address, scheme=scheme, password=WRONG)
        answer = client.post(client.get_folder("inbox"))
        client.close()
        assert answer.status_code == 401
        assert {entry.operation for entry in server.requests} == {""}

    def test_scheme_that_is_not_offered(self, server, box, scheme):
        server.set(auth=["basic" if scheme == "ntlm" else "ntlm"])
        client = Client(server, box.address, scheme=scheme)
        assert client.post(client.get_folder("inbox")).status_code == 401
        client.close()


def test_both_are_offered(server):
    offered = status(server, {}).headers["WWW-Authenticate"]
    assert offered == 'NTLM, Basic realm="localhost"'


@pytest.mark.parametrize(
    "token", ["Basic ???", "Basic /w==", "NTLM ???", f"NTLM {base64.b64encode(b'NTLMSSP').decode()}", "Bearer x"]
)
def test_nonsense_is_refused(server, token):
    assert status(server, {"Authorization": token}).status_code == 401


def test_ntlm_signs_in_once_per_connection(server, box):
    client = Client(server, box.address, scheme="ntlm")
    for _ in range(3):
        assert client.codes(client.get_folder("inbox")) == ["NoError"]
    client.close()
    assert [entry.status for entry in server.requests] == [401, 401, 200, 200, 200]


def test_the_log_holds_no_credentials(server, client):
    client.ask(client.get_folder("inbox"))
    assert {entry.headers["authorization"] for entry in server.requests} == {"…"}


def test_other_paths_are_not_found(server):
    assert requests.get(f"{server.endpoint}/x", verify=server.ca_file, timeout=10).status_code == 404
