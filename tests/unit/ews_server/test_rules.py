"""What holds for every request: impersonation, states of mailboxes, connections, the schema."""

from __future__ import annotations

import threading

import pytest

from ews_server import STATES, schema_folder
from ews_server.app import BUILDS
from ews_server.plain import Client, codes
from ews_server.schema import schema
from ews_server.soap import SOAP, T


class TestImpersonation:
    @pytest.mark.parametrize("kind", ["PrimarySmtpAddress", "SmtpAddress", "PrincipalName", "SID"])
    def test_by_each_name(self, client, world, box, kind):
        user = next(user for user in world.users if user.id == box.user)
        sid = f"S-1-5-21-{int(user.id[:8], 16)}"
        name = {"PrincipalName": user.principal_name, "SID": sid}.get(kind, box.address.upper())
        assert client.codes(client.get_folder("inbox"), sid=kind, name=name) == ["NoError"]

    def test_alias_is_no_primary_address(self, client, world, box):
        [alias] = next(user.aliases for user in world.users if user.id == box.user)
        body = client.get_folder("inbox")
        assert client.codes(body, name=alias) == ["ErrorNonPrimarySmtpAddress"]
        assert client.codes(body, name=alias, sid="SmtpAddress") == ["NoError"]

    @pytest.mark.parametrize(
        ("kind", "code"),
        [("SmtpAddress", "ErrorNonExistentMailbox"), ("PrincipalName", "ErrorInvalidUserPrincipalName")],
    )
    def test_nobody(self, client, server, kind, code):
        answer = client.post(client.get_folder("inbox"), sid=kind, name="nobody@contoso.example")
        assert (answer.status_code, server.requests[-1].mailbox) == (500, "nobody@contoso.example")
        assert code in answer.text

    def test_none_is_a_violation(self, server):
        account = Client(server)
        assert account.codes(account.get_folder("inbox")) == ["ErrorNonExistentMailbox"]
        account.close()
        assert server.broken == {"unimpersonated"}

    def test_folder_of_another_mailbox(self, client, box, world):
        other = next(b.address for b in world.mailboxes if b is not box)
        mailbox = "<t:Mailbox><t:EmailAddress>{}</t:EmailAddress></t:Mailbox>"
        inner = f'<t:DistinguishedFolderId Id="inbox">{mailbox}</t:DistinguishedFolderId>'
        plain = client.folder_id("inbox")
        body = client.get_folder("inbox")
        assert client.codes(body.replace(plain, inner.format(other))) == ["ErrorAccessDenied"]
        assert client.codes(body.replace(plain, inner.format(box.address))) == ["NoError"]


@pytest.mark.parametrize("state", sorted(set(STATES) - {"ok"}))
def test_states(client, server, box, inbox, state):
    server.set_state(box.address, state)
    code, form = STATES[state]
    answer = client.post(client.get_item([message.id for message in inbox.messages[:3]]))
    assert answer.status_code == (500 if form == "fault" else 200)
    assert answer.text.count(f"ResponseCode>{code}<") + answer.text.count(f'errors">{code}<') == (
        1 if form == "fault" else 3
    )
    assert server.outcomes() == {box.address: state}
    assert server.violations == []
    assert not {key for address, key in server.expected() if address == box.address}


def test_what_writes_is_refused(client, server, inbox):
    items = f'<m:ItemIds><t:ItemId Id="{inbox.messages[0].id}"/></m:ItemIds>'
    body = f'<m:DeleteItem DeleteType="HardDelete">{items}</m:DeleteItem>'
    assert client.codes(body) == ["ErrorInvalidRequest"]
    assert [(v.kind, v.detail) for v in server.violations] == [("unsupported", "DeleteItem")]


def test_what_is_no_envelope(client, server):
    answer = client.http.post(server.endpoint, b"<a", timeout=10)
    assert (answer.status_code, "ErrorSchemaValidation" in answer.text) == (500, True)


@pytest.mark.parametrize("version", sorted(BUILDS))
def test_version_stands_in_the_header(client, server, version):
    server.set(version=version)
    info = client.ask(client.get_folder("inbox")).find(f"{SOAP}Header/{T}ServerVersionInfo")
    names = ("MajorVersion", "MinorVersion", "MajorBuildNumber", "MinorBuildNumber")
    assert tuple(int(info.get(name)) for name in names) == server.build == BUILDS[version]


def test_versions_of_requests(client, server):
    body = '<m:ConvertId DestinationFormat="EntryId"><m:SourceIds>{}</m:SourceIds></m:ConvertId>'
    body = body.format('<t:AlternateId Id="x" Format="EwsId" Mailbox="y"/>')
    assert client.codes(body) == ["ErrorInvalidIdMalformed"]
    assert server.violations == []
    assert client.codes(body, version="Exchange2015") == ["ErrorInvalidServerVersion"]


class TestConnections:
    def ask_at_once(self, server, address, count):
        clients = [Client(server, address) for _ in range(count)]
        answers = []
        threads = [
            threading.Thread(target=lambda c=client: answers.append(c.codes(c.get_folder("inbox"))))
            for client in clients
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for client in clients:
            client.close()
        return answers

    def test_too_many(self, server, box):
        server.set(connections=2, latency=0.5)
        answers = self.ask_at_once(server, box.address, 5)
        assert answers.count(["NoError"]) == 2
        assert answers.count(["ErrorExceededConnectionCount"]) == 3
        assert server.peak[""] > 2

    def test_just_enough(self, server, box):
        server.set(connections=3, latency=0.3)
        assert self.ask_at_once(server, box.address, 3) == [["NoError"]] * 3
        assert server.peak == {"": 3, box.address: 3}


class TestSchema:
    def test_requests_that_do_not_fit(self, client, server):
        client.ask('<m:GetFolder><m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder>')
        assert server.broken == {"request_schema"}

    def test_header_is_checked_too(self, client, server, box):
        client.ask(client.get_folder("inbox"), sid="Nickname")
        assert "request_schema" in server.broken

    def test_share(self, client, server):
        server.set(validate=0.5)
        for _ in range(40):
            client.ask(client.get_folder("inbox"))
        assert 5 < server.checked < 35

    def test_every_file_is_in(self):
        assert len(list(schema_folder().glob("*.xsd"))) == 55
        assert schema() is schema()


def test_log_tells_what_was_asked(client, server, box, inbox):
    client.ask(
        client.get_item([message.id for message in inbox.messages[:3]] + ["gone"], ["item:Subject", "item:Size"])
    )
    [entry] = server.requests
    assert (entry.operation, entry.mailbox, entry.status, entry.items) == ("GetItem", box.address, 200, 4)
    assert (entry.fields, entry.code) == (["item:Subject", "item:Size"], "ErrorItemNotFound")
    assert entry.ended >= entry.started
    assert "GetItem" in entry.body
    server.clear_log()
    assert (server.asked, server.requests, server.peak) == (0, [], {})


def test_reset_makes_all_as_it_was(client, server, box, world):
    before = server.expected()
    server.add_messages(box.address, count=3)
    server.set(latency=0.01)
    assert len(server.expected()) == len(before) + 3
    server.reset()
    assert server.expected() == before
    assert codes(client.ask(client.get_folder("inbox"))) == ["NoError"]
