"""Entra: discovery, client credentials in three forms, managed identity; tokens are signed JWTs."""

from __future__ import annotations

import hashlib
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import jwt
import msgspec
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from graph_server.message import Answer, json_answer

if TYPE_CHECKING:
    from pathlib import Path

    from graph_server.message import Request

__all__ = ["Credentials", "Entra", "Refused"]

CLUSTER = "https://oidc.cluster.example"
SUBJECT = "system:serviceaccount:analyser:scanner"
ALGORITHMS = {"tokens": "RS256", "cluster": "ES256"}
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Credentials(msgspec.Struct, kw_only=True):
    """What the application may prove itself by; files lie in the server's folder."""

    tenant: str = "0d1f2a3b-0000-4000-8000-00000000c0de"
    client_id: str = "11111111-1111-4111-8111-111111111111"
    client_secret: str = "s3cret~of-the-scanner"  # noqa: S105 - the simulator's own
    ca_file: str = ""
    certificate: str = ""
    thumbprint: str = ""
    assertion_file: str = ""
    app_service_secret: str = "app-service-header"  # noqa: S105 - the simulator's own

    @property
    def object_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.client_id))


class Refused(Exception):
    """A token that Graph does not take: `code` and `message` of the 401."""

    def __init__(self, message: str, code: str = "InvalidAuthenticationToken") -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(slots=True)
class Entra:
    """`roles` and `lifetime` may change while the server runs; `revoked` counts how often all tokens were revoked."""

    credentials: Credentials
    roles: list[str]
    lifetime: int
    base: str = ""
    revoked: int = 0
    keys: dict[str, trustme.LeafCert] = field(default_factory=dict)
    known: dict[str, dict] = field(default_factory=dict)
    certificate: x509.Certificate | None = None

    def prepare(self, folder: Path, authority: trustme.CA) -> None:
        """Make the keys, and write what a client needs into `folder`."""
        for name in ("tokens", "cluster", "application"):
            kind = trustme.KeyType.ECDSA if name == "cluster" else trustme.KeyType.RSA
            self.keys[name] = authority.issue_cert(f"{name}.contoso.example", key_type=kind)
        application = self.keys["application"]
        self.certificate = x509.load_pem_x509_certificate(application.cert_chain_pems[0].bytes())
        path = folder / "application.pem"
        path.write_bytes(application.private_key_pem.bytes() + application.cert_chain_pems[0].bytes())
        self.credentials.certificate = str(path)
        self.credentials.thumbprint = self.certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - x5t is SHA-1
        claims = {"iss": CLUSTER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange"}
        path = folder / "assertion.jwt"
        path.write_text(self._signed("cluster", claims | self._times(86_400)), encoding="ascii")
        self.credentials.assertion_file = str(path)

    def _signed(self, key: str, claims: dict) -> str:
        pem = self.keys[key].private_key_pem.bytes()
        return jwt.encode(claims, pem, algorithm=ALGORITHMS[key], headers={"kid": key})

    def _public(self, key: str) -> object:
        return x509.load_pem_x509_certificate(self.keys[key].cert_chain_pems[0].bytes()).public_key()

    @staticmethod
    def _times(seconds: int) -> dict[str, int]:
        now = int(time.time())
        return {"iat": now, "nbf": now, "exp": now + seconds}

    @property
    def authority(self) -> str:
        return f"{self.base}/{self.credentials.tenant}"

    def issue(self) -> str:
        claims = {
            "aud": self.base,
            "iss": f"{self.authority}/v2.0",
            "appid": self.credentials.client_id,
            "oid": self.credentials.object_id,
            "tid": self.credentials.tenant,
            "idtyp": "app",
            "roles": self.roles,
            "jti": f"{self.revoked}.{uuid.uuid4()}",
        }
        return self._signed("tokens", claims | self._times(self.lifetime))

    def revoke(self) -> None:
        """Refuse every token that was given out until now."""
        self.revoked += 1
        self.known.clear()

    def check(self, header: str | None) -> dict:
        """Claims of the bearer token. Raises `Refused`."""
        kind, _, token = (header or "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Refused("Access token is empty.")
        if token not in self.known:
            options = {"verify_aud": False, "verify_exp": False}
            try:
                self.known[token] = jwt.decode(token, self._public("tokens"), algorithms=["RS256"], options=options)
            except jwt.InvalidTokenError as problem:
                raise Refused(f"IDX10511: Signature validation failed. {problem}") from problem
        claims = self.known[token]
        if claims["exp"] <= time.time() or int(claims["jti"].partition(".")[0]) != self.revoked:
            raise Refused("Lifetime validation failed, the token is expired.")
        return claims

    def answer(self, request: Request) -> Answer:
        """Everything below the login host."""
        tenant, _, rest = request.path.strip("/").partition("/")
        if request.path == "/common/discovery/instance":
            return self._instances(request)
        if tenant.lower() != self.credentials.tenant:
            return _refusal(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
        match rest:
            case "v2.0/.well-known/openid-configuration" | ".well-known/openid-configuration":
                return json_answer(self._configuration())
            case "discovery/v2.0/keys":
                return json_answer({"keys": [self._jwk()]})
            case "oauth2/v2.0/token":
                return self._token(request)
        return _refusal(404, "invalid_request", 900144, f"No endpoint {rest}.")

    def _instances(self, request: Request) -> Answer:
        host = self.base.partition("//")[2]
        metadata = [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}]
        endpoint = f"{self.authority}/v2.0/.well-known/openid-configuration"
        return json_answer({"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": metadata})

    def _configuration(self) -> dict:
        return {
            "token_endpoint": f"{self.authority}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{self.authority}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "issuer": f"{self.authority}/v2.0",
            "authorization_endpoint": f"{self.authority}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{self.authority}/oauth2/v2.0/devicecode",
            "end_session_endpoint": f"{self.authority}/oauth2/v2.0/logout",
            "tenant_region_scope": "EU",
            "cloud_instance_name": "contoso.example",
            "msgraph_host": self.base.partition("//")[2],
        }

    def _jwk(self) -> dict:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self._public("tokens"), as_dict=True)
        return key | {"kid": "tokens", "use": "sig", "alg": "RS256"}

    def _token(self, request: Request) -> Answer:
        form, own = request.form(), self.credentials
        if form.get("grant_type") != "client_credentials":
            return _refusal(400, "unsupported_grant_type", 70003, "The grant type is not supported here.")
        if form.get("client_id") != own.client_id:
            message = f"Application with identifier '{form.get('client_id')}' was not found in the directory 'Contoso'."
            return _refusal(400, "unauthorized_client", 700016, message)
        if not (form.get("scope") or "").split(" ")[0].endswith("/.default"):
            message = (
                "Client credential flows must have a scope value with /.default suffixed to the resource identifier."
            )
            return _refusal(400, "invalid_scope", 1002012, message)
        if form["scope"].split(" ")[0].removesuffix("/.default").rstrip("/") != self.base:
            return _refusal(
                400, "invalid_resource", 500011, f"The resource principal named {form['scope']} was not found."
            )
        refused = self._assertion(form) if "client_assertion" in form else self._secret(form)
        if refused:
            return refused
        content = {"token_type": "Bearer", "expires_in": self.lifetime, "ext_expires_in": self.lifetime}
        return json_answer(content | {"access_token": self.issue()})

    def _secret(self, form: dict[str, str]) -> Answer | None:
        if form.get("client_secret") == self.credentials.client_secret:
            return None
        if "client_secret" not in form:
            message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            return _refusal(401, "invalid_client", 7000218, message)
        message = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{self.credentials.client_id}'."
        )
        return _refusal(401, "invalid_client", 7000215, message)

    def _assertion(self, form: dict[str, str]) -> Answer | None:
        assertion, own = form["client_assertion"], self.credentials
        if form.get("client_assertion_type") != JWT_BEARER:
            return _refusal(400, "invalid_request", 900144, "client_assertion_type is missing or wrong.")
        try:
            federated = jwt.decode(assertion, options={"verify_signature": False}).get("iss") != own.client_id
            if federated:
                jwt.decode(
                    assertion,
                    self._public("cluster"),
                    algorithms=[ALGORITHMS["cluster"]],
                    audience="api://AzureADTokenExchange",
                    issuer=CLUSTER,
                    subject=SUBJECT,
                )
                return None
            self._own_assertion(assertion)
        except jwt.ExpiredSignatureError:
            return _refusal(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")
        except jwt.InvalidTokenError as problem:
            code = 700213 if "aud" not in str(problem) else 700212
            text = f"The certificate used to sign the client assertion or its claims do not match: {problem}"
            return _refusal(401, "invalid_client", code if federated_issuer(assertion, own) else 700027, text)
        return None

    def _own_assertion(self, assertion: str) -> None:
        header, certificate = jwt.get_unverified_header(assertion), self.certificate
        named = {header.get(name, "").rstrip("=") for name in ("x5t", "x5t#S256")} - {""}
        prints = {_print(certificate, hashes.SHA1()), _print(certificate, hashes.SHA256())}  # noqa: S303 - x5t is SHA-1
        if not named & prints:
            raise jwt.InvalidTokenError("the thumbprint is of no registered certificate")
        jwt.decode(
            assertion,
            certificate.public_key(),
            algorithms=["RS256", "PS256"],
            audience=f"{self.authority}/oauth2/v2.0/token",
            issuer=self.credentials.client_id,
            subject=self.credentials.client_id,
            options={"require": ["exp", "jti"]},
        )

    def managed_identity(self, request: Request) -> Answer:
        """The endpoints of a virtual machine (IMDS) and of App Service, without TLS as in reality."""
        app_service = request.path == "/msi/token"
        if app_service and request.headers.get("x-identity-header") != self.credentials.app_service_secret:
            return json_answer({"statusCode": 401, "message": "The identity header is wrong."}, status=401)
        if not app_service and request.headers.get("metadata", "").lower() != "true":
            text = "Required metadata header not specified"
            return json_answer({"error": "invalid_request", "error_description": text}, status=400)
        if request.query.get("resource", "").rstrip("/") != self.base:
            text = f"AADSTS500011: The resource principal named {request.query.get('resource')} was not found."
            content = {"error": "invalid_resource", "error_description": text, "statusCode": 400, "message": text}
            return json_answer(content, status=400)
        content = {
            "access_token": self.issue(),
            "expires_in": str(self.lifetime),
            "expires_on": str(int(time.time()) + self.lifetime),
            "resource": self.base,
            "token_type": "Bearer",
        }
        return json_answer(content)


def federated_issuer(assertion: str, own: Credentials) -> bool:
    """True if somebody else than the application signed; False also for what is no JWT."""
    try:
        return jwt.decode(assertion, options={"verify_signature": False}).get("iss") != own.client_id
    except jwt.InvalidTokenError:
        return False


def _print(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    return jwt.utils.base64url_encode(certificate.fingerprint(algorithm)).decode()


def _refusal(status: int, error: str, code: int, message: str) -> Answer:
    trace = str(uuid.UUID(bytes=hashlib.md5(message.encode(), usedforsecurity=False).digest()))
    text = f"AADSTS{code}: {message} Trace ID: {trace} Correlation ID: {trace} Timestamp: 2025-11-25 10:00:00Z"
    content = {"error": error, "error_description": text, "error_codes": [code], "timestamp": "2025-11-25 10:00:00Z"}
    return json_answer(content | {"trace_id": trace, "correlation_id": trace}, status=status)
