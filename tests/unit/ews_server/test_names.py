"""The address list: X.500 to SMTP, beginnings of names, lists in lists."""

from __future__ import annotations

import pytest

from ews_server.plain import Client, codes
from ews_server.soap import M, T


@pytest.fixture
def account(server):
    """The service account, for nobody."""
    client = Client(server)
    yield client
    client.close()


def resolve(client, name, *, full=False):
    return client.ask(
        f'<m:ResolveNames ReturnFullContactData="{str(full).lower()}">'
        f"<m:UnresolvedEntry>{name}</m:UnresolvedEntry></m:ResolveNames>"
    )


def expand(client, address):
    inner = f"<m:Mailbox><t:EmailAddress>{address}</t:EmailAddress></m:Mailbox>"
    return client.ask(f"<m:ExpandDL>{inner}</m:ExpandDL>")


def found(root):
    return [(box.findtext(f"{T}EmailAddress"), box.findtext(f"{T}MailboxType")) for box in root.iter(f"{T}Mailbox")]


class TestResolveNames:
    def test_every_x500_address(self, account, world, server):
        assert world.x500
        for address, name in world.x500.items():
            for written in (name, name.upper(), f"EX:{name}"):
                assert found(resolve(account, written)) == [(address, "Mailbox")]
        assert server.violations == []

    def test_alias_with_full_contact(self, account, world, server):
        user = next(user for user in world.users if user.manager)
        root = resolve(account, user.aliases[0], full=True)
        contact = root.find(f".//{T}Contact")
        assert found(root) == [(user.address, "Mailbox")]
        assert contact.findtext(f"{T}Department") == user.department
        assert contact.findtext(f"{T}JobTitle") == user.title
        assert next(entry.text for entry in contact.iter(f"{T}Entry")) == f"SMTP:{user.address}"
        assert server.violations == []

    def test_many(self, account, world, server):
        server.set(resolve_limit=3)
        root = resolve(account, "user")
        assert codes(root) == ["ErrorNameResolutionMultipleResults"]
        assert len(found(root)) == 3
        assert root.find(f".//{M}ResolutionSet").get("IncludesLastItemInRange") == "false"
        assert server.violations == []

    def test_none(self, account):
        assert codes(resolve(account, "/o=CONTOSO/ou=x/cn=Recipients/cn=gone")) == ["ErrorNameResolutionNoResults"]

    def test_groups_and_contacts(self, account):
        assert found(resolve(account, "everyone@contoso.example")) == [("everyone@contoso.example", "PublicDL")]
        assert found(resolve(account, "orders@supplier.example")) == [("orders@supplier.example", "Contact")]


class TestExpandDL:
    def test_one_level(self, account, world, server):
        root = expand(account, "all@contoso.example")
        kinds = dict(found(root))
        assert kinds["all-sales@contoso.example"] == "PublicDL"
        assert kinds["orders@supplier.example"] == "Contact"
        assert not any(box.address in kinds for box in world.mailboxes)
        assert server.violations == []

    def test_a_circle(self, account, world):
        assert found(expand(account, "circle-a@contoso.example")) == [("circle-b@contoso.example", "PublicDL")]
        assert ("circle-a@contoso.example", "PublicDL") in found(expand(account, "circle-b@contoso.example"))

    def test_changes(self, account, server):
        server.add_member("circle-a@contoso.example", "user1@contoso.example")
        assert ("user1@contoso.example", "Mailbox") in found(expand(account, "circle-a@contoso.example"))
        server.remove_member("circle-a@contoso.example", "user1@contoso.example")
        assert len(found(expand(account, "circle-a@contoso.example"))) == 1

    def test_no_list(self, account):
        assert codes(expand(account, "user1@contoso.example")) == ["ErrorNameResolutionNoResults"]


def test_time_zones(account, server):
    root = account.ask('<m:GetServerTimeZones ReturnFullTimeZoneData="false"/>')
    assert root.find(f".//{T}TimeZoneDefinition").get("Id") == "UTC"
    assert server.violations == []
