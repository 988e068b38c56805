"""Tokens by every kind of credential, against the authority on loopback."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from analyser.config import GraphCloud, GraphSource
from analyser.errors import ConfigError, SourceError
from analyser.sources.graph.auth import Tokens, roles_of
from analyser.sources.graph.clouds import cloud_of
from graph_server import Fault, GraphServer, World
from graph_server.contract import contract_file

SECRET = "ANALYSER_GRAPH_SECRET"  # noqa: S105  the name of a variable


@pytest.fixture(scope="module")
def server():
    if not contract_file().exists():
        pytest.skip("needs the contract of Graph: set ANALYSER_SHARED")
    with GraphServer(World.generate(mailboxes=1, messages=2, seed=1), latency=0.0) as running:
        yield running


@pytest.fixture
def opened(server, monkeypatch):
    """Tokens by some credential; what was changed of the server is put back."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    made = []

    def opened(**keys):
        cloud = {"authority": server.authority, "graph": server.graph}
        fields = {"name": "t", "type": "graph", "client_id": server.client_id, "cloud": cloud}
        tokens = Tokens(GraphSource(**(fields | keys)))
        made.append(tokens)
        return tokens

    yield opened
    for tokens in made:
        tokens.close()
    server.clear_faults()
    server.set(token_lifetime=3600)
    server.clear_log()


def asked(server):
    return [r for r in server.requests if r.path.endswith("/oauth2/v2.0/token")]


def credentials(server, folder):
    secret = folder / "secret.txt"
    secret.write_text(f"{server.client_secret}\n", encoding="utf-8")
    return {
        "secret in the environment": {"client_secret_env": SECRET},
        "secret in a file": {"client_secret_file": secret},
        "certificate": {"certificate": server.certificate},
        "workload identity": {"workload_identity": server.assertion_file},
    }


@pytest.mark.parametrize("kind", ["secret in the environment", "secret in a file", "certificate", "workload identity"])
def test_each_credential_gives_a_token_that_is_kept(opened, server, tmp_path, kind):
    tokens = opened(**credentials(server, tmp_path)[kind])
    token = tokens.get()
    assert "Mail.ReadBasic.All" in roles_of(token)
    assert tokens.get() == token
    assert len(asked(server)) == 1


def test_a_managed_identity_gives_a_token(opened, server, monkeypatch):
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", server.managed_identity_root)
    assert opened(managed_identity=True, client_id=None).get().count(".") == 2


def test_the_workload_identity_of_the_environment_is_found(opened, server, monkeypatch):
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(server.assertion_file))
    assert opened(workload_identity=True).get()
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE")
    with pytest.raises(ConfigError, match=r"AZURE_FEDERATED_TOKEN_FILE \(not set\)"):
        opened(workload_identity=True)


def test_a_token_is_renewed_before_it_ends_and_when_it_is_refused(opened, server):
    server.set(token_lifetime=2)
    tokens = opened(client_secret_env=SECRET)
    first = tokens.get()
    time.sleep(1.7)  # four fifths of its life are over
    second = tokens.get()
    assert second != first
    server.set(token_lifetime=3600)
    third = tokens.get(refused=second)
    assert third != second
    assert tokens.get(refused=second) == third  # another request has renewed it meanwhile
    assert len(asked(server)) == 3


def test_many_threads_ask_for_one_token(opened, server):
    tokens = opened(client_secret_env=SECRET)
    found = []
    threads = [threading.Thread(target=lambda: found.append(tokens.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == len(asked(server)) == 1


def test_a_busy_authority_is_waited_for_as_long_as_it_says(opened, server):
    server.inject(
        Fault("throttle", path="openid-configuration", retry_after=1),
        Fault("status", path="oauth2/v2.0/token", status=503),
        Fault("truncate", path="oauth2/v2.0/token", length="right"),
        Fault("reset", path="openid-configuration"),
    )
    began = time.monotonic()
    assert opened(client_secret_env=SECRET).get()
    assert time.monotonic() - began >= 1.0
    assert server.violations == []


def test_a_refusal_says_what_the_authority_says_and_no_secret(opened, monkeypatch):
    monkeypatch.setenv(SECRET, "quite-wrong-secret")
    tokens = opened(client_secret_env=SECRET)
    with pytest.raises(SourceError, match="refuses a token") as caught:
        tokens.get()
    assert caught.value.fix
    assert "quite-wrong-secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "no PEM", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_a_certificate_file_without_key_and_certificate_is_a_configuration_error(opened, tmp_path, text):
    path = tmp_path / "app.pem"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="private key") as caught:
        opened(certificate=path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "a.bm90anNvbg.c", "a.W10.c"])
def test_a_token_that_cannot_be_read_has_no_roles(token):
    assert roles_of(token) is None


@pytest.mark.parametrize(
    ("cloud", "authority", "graph"),
    [
        ("global", "https://login.microsoftonline.com/contoso", "https://graph.microsoft.com"),
        ("usgov", "https://login.microsoftonline.us/contoso", "https://graph.microsoft.us"),
        ("usgov-dod", "https://login.microsoftonline.us/contoso", "https://dod-graph.microsoft.us"),
        ("china", "https://login.partner.microsoftonline.cn/contoso", "https://microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_national_clouds(cloud, authority, graph):
    settings = GraphSource(
        name="t",
        type="graph",
        tenant="contoso",
        client_id="x",
        client_secret_env="X",  # noqa: S106  the name of a variable
        cloud=cloud,
    )
    assert cloud_of(settings)[:2] == (authority, graph)


@pytest.mark.parametrize(("name", "value"), [("authority", "http://localhost/t"), ("graph", "ftp://x")])
def test_a_cloud_of_its_own_is_https_only(name, value):
    with pytest.raises(ValueError, match="must begin with https://"):
        GraphCloud(**({"authority": "https://localhost/t", "graph": "https://localhost"} | {name: value}))


@pytest.mark.parametrize(("value", "found"), [("all", "all"), ("some.txt", Path("some.txt")), ("a@b.c", "a@b.c")])
def test_mailboxes_are_all_a_group_or_a_file(value, found):
    fields = {"name": "t", "type": "graph", "client_id": "x", "tenant": "t", "client_secret_env": "X"}
    assert GraphSource(**fields, mailboxes=value).mailboxes == found
    assert GraphSource(**fields, mailboxes=["a@b.c"]).mailboxes == ("a@b.c",)
