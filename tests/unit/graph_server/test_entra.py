"""Every way to a token, through MSAL as a client uses it; and what is refused, with Entra's own words."""

from __future__ import annotations

import time
from pathlib import Path

import jwt
import msal
import pytest
import requests
import trustme


@pytest.fixture
def session(server):
    session = requests.Session()
    session.trust_env = False
    session.verify = server.ca_file
    with session:
        yield session


def acquire(server, session, credential, **options):
    options = {"authority": server.authority, "instance_discovery": False, "validate_authority": False} | options
    application = msal.ConfidentialClientApplication(
        server.client_id, client_credential=credential, http_client=session, **options
    )
    return application.acquire_token_for_client([f"{server.graph}/.default"])


def roles(result):
    return jwt.decode(result["access_token"], options={"verify_signature": False})["roles"]


def test_secret(server, session):
    result = acquire(server, session, server.client_secret)

    assert result["token_type"] == "Bearer"  # noqa: S105 - a kind, no secret
    assert "Mail.ReadBasic.All" in roles(result)


def test_secret_by_oidc_authority(server, session):
    result = acquire(
        server,
        session,
        server.client_secret,
        authority=None,
        instance_discovery=None,
        validate_authority=True,
        oidc_authority=f"{server.authority}/v2.0",
    )

    assert "access_token" in result


def test_certificate(server, session):
    pem = Path(server.certificate).read_text(encoding="ascii")
    named = acquire(server, session, {"private_key": pem, "thumbprint": server.thumbprint})
    computed = acquire(server, session, {"private_key": pem, "public_certificate": pem[pem.index("-----BEGIN CERT") :]})

    assert "access_token" in named
    assert "access_token" in computed


def test_certificate_of_a_stranger_is_refused(server, session):
    other = trustme.CA().issue_cert("application.contoso.example", key_type=trustme.KeyType.RSA)
    credential = {"private_key": other.private_key_pem.bytes().decode(), "thumbprint": server.thumbprint}

    result = acquire(server, session, credential)

    assert result["error"] == "invalid_client"
    assert result["error_description"].startswith("AADSTS700027")


def test_workload_identity(server, session):
    assertion = Path(server.assertion_file).read_text(encoding="ascii")

    assert "access_token" in acquire(server, session, {"client_assertion": lambda: assertion})
    refused = acquire(server, session, {"client_assertion": lambda: assertion[:-8] + "AAAAAAAA"})
    assert refused["error_description"].startswith("AADSTS700213")


@pytest.mark.parametrize("app_service", [False, True], ids=["machine", "app service"])
def test_managed_identity(server, session, monkeypatch, app_service):
    if app_service:
        monkeypatch.setenv("IDENTITY_ENDPOINT", server.app_service_endpoint)
        monkeypatch.setenv("IDENTITY_HEADER", server.app_service_secret)
    else:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", server.managed_identity_root)
    identity = msal.ManagedIdentityClient(msal.SystemAssignedManagedIdentity(), http_client=session)

    result = identity.acquire_token_for_client(resource=server.graph)

    assert "Mail.ReadBasic.All" in roles(result)


def test_managed_identity_wants_its_header(server, session):
    answer = session.get(server.managed_identity, params={"resource": server.graph})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert session.get(server.app_service_endpoint, params={"resource": server.graph}).status_code == 401


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"client_secret": "wrong"}, 401, 7000215),
        ({"client_id": "22222222-2222-4222-8222-222222222222"}, 400, 700016),
        ({"scope": "User.Read"}, 400, 1002012),
        ({"scope": "https://elsewhere.example/.default"}, 400, 500011),
        ({"grant_type": "password"}, 400, 70003),
        ({"client_assertion": "no.jwt.at-all", "client_assertion_type": "x"}, 400, 900144),
    ],
)
def test_refusals(client, changes, status, code):
    answer = client.token(**changes)

    assert answer.status_code == status
    assert answer.json()["error_codes"] == [code]
    assert answer.json()["error_description"].startswith(f"AADSTS{code}: ")


def test_unknown_tenant(client, server):
    answer = client.http.get(f"{server.graph}/nobody/v2.0/.well-known/openid-configuration")
    assert answer.json()["error_codes"] == [90002]


def test_discovery(client, server):
    content = client.http.get(f"{server.authority}/v2.0/.well-known/openid-configuration").json()
    keys = client.http.get(content["jwks_uri"]).json()["keys"]
    token = client.token().json()["access_token"]

    claims = jwt.decode(token, jwt.PyJWK(keys[0]).key, algorithms=["RS256"], audience=server.graph)

    assert claims["iss"] == content["issuer"] == f"{server.authority}/v2.0"
    instances = client.http.get(f"{server.graph}/common/discovery/instance").json()
    assert instances["tenant_discovery_endpoint"].startswith(server.authority)


def test_token_ends(server, client):
    server.set(token_lifetime=1)
    client.sign_in()
    assert client.get("/organization").status_code == 200
    time.sleep(1.1)
    assert client.code("/organization") == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer abc"])
def test_no_token(client, header):
    assert client.code("/organization", headers={"Authorization": header}) == (401, "InvalidAuthenticationToken")
