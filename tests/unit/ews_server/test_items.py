"""Items: GetItem gives what was asked for, FindItem and SyncFolderItems only what Exchange has at hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from lxml import etree

from ews_server.items import CONTENT
from ews_server.plain import FIELDS, codes
from ews_server.soap import M, T

VIEW = '<m:IndexedPageItemView MaxEntriesReturned="{}" Offset="{}" BasePoint="Beginning"/>'


def people(node, name):
    return [box.findtext(f"{T}EmailAddress") for box in node.iterfind(f"{T}{name}//{T}Mailbox")]


def by_id(root):
    return {key.get("Id"): key.getparent() for key in root.iter(f"{T}ItemId")}


class TestGetItem:
    def test_every_field_is_that_of_the_message(self, client, inbox, world, server):
        found = by_id(client.ask(client.get_item([message.id for message in inbox.messages])))
        assert set(found) == {message.id for message in inbox.messages}
        for message in inbox.messages:
            node = found[message.id]
            assert node.findtext(f"{T}InternetMessageId") == message.message_id
            assert node.findtext(f"{T}Subject") == message.subject
            assert node.findtext(f"{T}ItemClass") == message.item_class
            assert node.findtext(f"{T}InReplyTo") == message.in_reply_to
            assert node.findtext(f"{T}ConversationIndex") == message.conversation_index
            assert node.find(f"{T}ConversationId").get("Id") == message.conversation_id
            assert node.find(f"{T}ParentFolderId").get("Id") == inbox.id
            assert int(node.findtext(f"{T}Size")) == message.size
            sent = datetime.fromisoformat(node.findtext(f"{T}DateTimeSent"))
            assert sent.timestamp() == message.sent
            shown = world.x500 if message.exchange else {}
            assert people(node, "Sender") == [shown.get(message.sender, message.sender)]
            assert people(node, "ToRecipients") == [shown.get(address, address) for address in message.to]
            assert people(node, "CcRecipients") == [shown.get(address, address) for address in message.cc]
        assert server.violations == []
        assert server.checked == 1

    def test_only_what_was_asked_for(self, client, inbox):
        root = client.ask(client.get_item([inbox.messages[0].id], ["item:Subject"]))
        [node] = by_id(root).values()
        assert [etree.QName(child).localname for child in node] == ["ItemId", "Subject"]

    def test_kinds_of_elements(self, client, world, server):
        wanted = {"IPM.Note": "Message", "REPORT.IPM.Note.IPNRN": "Message"}
        wanted |= {
            "IPM.Schedule.Meeting.Request": "MeetingRequest",
            "IPM.Schedule.Meeting.Canceled": "MeetingCancellation",
        }
        for item_class, element in wanted.items():
            [key] = server.add_messages(client.mailbox, item_class=item_class)
            [node] = by_id(client.ask(client.get_item([key]))).values()
            assert etree.QName(node).localname == element
        assert server.violations == []

    def test_unknown_and_foreign_items(self, client, world, inbox, box):
        foreign = next(f.messages[0].id for b in world.mailboxes if b is not box for f in b.folders if f.messages)
        keys = [inbox.messages[0].id, "AAMkADnothing", foreign]
        assert client.codes(client.get_item(keys)) == ["NoError", "ErrorItemNotFound", "ErrorItemNotFound"]

    def test_ids_differ_by_case(self, world):
        ids = [m.id for box in world.mailboxes for folder in box.folders for m in folder.messages]
        assert len(set(ids)) == len(ids)
        assert len({key.lower() for key in ids}) < len(ids)

    def test_addresses_of_senders_by_property_tag(self, client, inbox, server):
        body = client.get_item([m.id for m in inbox.messages], ["item:Subject"])
        body = client.also(body, "0x5D01", "String")
        found = by_id(client.ask(body))
        assert [found[m.id].findtext(f".//{T}Value") for m in inbox.messages] == [m.sender for m in inbox.messages]
        assert server.violations == []


class TestContent:
    @pytest.mark.parametrize(
        "field", sorted(name for name in CONTENT if name.startswith("item:") and name != "item:InternetMessageHeader")
    )
    def test_is_refused_and_recorded(self, client, inbox, server, field):
        assert client.codes(client.get_item([inbox.messages[0].id], ["item:Subject", field])) == ["ErrorAccessDenied"]
        assert [(v.kind, v.detail) for v in server.violations] == [("content", field)]

    def test_by_property_tag(self, client, inbox, server):
        body = client.also(client.get_item([inbox.messages[0].id], ["item:Subject"]), "0x1000", "String")
        assert client.codes(body) == ["ErrorAccessDenied"]
        assert server.broken == {"content"}

    def test_header_by_index(self, client, inbox, server):
        uri = '<t:IndexedFieldURI FieldURI="item:InternetMessageHeader" FieldIndex="Received"/>'
        body = client.get_item([inbox.messages[0].id], ["item:Subject"])
        body = body.replace("</t:AdditionalProperties>", f"{uri}</t:AdditionalProperties>")
        assert client.codes(body) == ["ErrorAccessDenied"]
        assert server.broken == {"content"}

    @pytest.mark.parametrize("base", ["Default", "AllProperties"])
    def test_shapes_that_say_more(self, client, inbox, server, base):
        assert client.codes(client.get_item([inbox.messages[0].id], base=base)) == ["ErrorAccessDenied"]
        assert server.broken == {"shape"}


class TestFindItem:
    def test_pages(self, client, inbox, server):
        seen, offset, last = [], 0, False
        while not last:
            root = client.ask(client.find("Item", "inbox", view=VIEW.format(7, offset)))
            page = root.find(f".//{M}RootFolder")
            seen += list(by_id(root))
            offset, last = int(page.get("IndexedPagingOffset")), page.get("IncludesLastItemInRange") == "true"
        assert seen == [message.id for message in reversed(inbox.messages)]
        assert server.violations == []

    def test_says_names_alone(self, client, inbox, server):
        nodes = by_id(client.ask(client.find("Item", "inbox", FIELDS))).values()
        assert len(nodes) == len(inbox.messages)
        names = {etree.QName(child).localname for node in nodes for child in node}
        assert not names & {"ToRecipients", "CcRecipients", "InternetMessageId", "References", "InReplyTo"}
        assert all([etree.QName(c).localname for c in node.find(f"{T}Sender/{T}Mailbox")] == ["Name"] for node in nodes)
        assert server.violations == []

    def test_restriction_and_limit(self, client, inbox, server):
        server.set(find_limit=5)
        at = sorted(message.received for message in inbox.messages)[3]
        when = datetime.fromtimestamp(at, timezone(timedelta(hours=9))).isoformat()
        more = client.restriction("item:DateTimeReceived", when, "IsGreaterThanOrEqualTo")
        root = client.ask(client.find("Item", "inbox", more=more))
        page = root.find(f".//{M}RootFolder")
        assert int(page.get("TotalItemsInView")) == len(inbox.messages) - 3
        assert (len(by_id(root)), page.get("IncludesLastItemInRange")) == (5, "false")

    def test_limit_of_a_page(self, client, inbox, server):
        server.set(find_limit=5)
        root = client.ask(client.find("Item", "inbox", view=VIEW.format(7, 0)))
        assert list(by_id(root)) == [message.id for message in inbox.messages[:-6:-1]]

    def test_order(self, client, inbox):
        field = '<t:FieldURI FieldURI="item:Size"/>'
        more = f'<m:SortOrder><t:FieldOrder Order="Ascending">{field}</t:FieldOrder></m:SortOrder>'
        root = client.ask(client.find("Item", "inbox", more=more))
        sizes = {message.id: message.size for message in inbox.messages}
        assert [sizes[key] for key in by_id(root)] == sorted(sizes.values())

    def test_what_cannot_be_searched(self, client):
        inner = (
            '<t:FieldURI FieldURI="item:Culture"/><t:FieldURIOrConstant><t:Constant Value="de"/></t:FieldURIOrConstant>'
        )
        more = f"<m:Restriction><t:IsEqualTo>{inner}</t:IsEqualTo></m:Restriction>"
        assert client.codes(client.find("Item", "inbox", more=more)) == ["ErrorUnsupportedPathForQuery"]


class TestSync:
    def test_newest_first_in_pages(self, client, inbox, server):
        changes, _, sizes = client.sync("inbox", most=7)
        assert changes == [("Create", message.id) for message in reversed(inbox.messages)]
        assert set(sizes[:-1]) == {7}
        assert server.violations == []

    def test_nothing_since(self, client):
        _, state, _ = client.sync("inbox")
        changes, again, _ = client.sync("inbox", state)
        assert (changes, again) == ([], state)

    def test_what_happened_since(self, client, inbox, server, box):
        _, state, _ = client.sync("inbox")
        keys = [message.id for message in inbox.messages[:4]]
        [new] = server.add_messages(box.address, subject="News")
        server.update_message(keys[0], is_read=not inbox.messages[0].is_read)
        server.update_message(keys[1], categories=["red"])
        moved = server.move_message(keys[2], "sentitems")
        server.delete_message(keys[3])
        changes, state, _ = client.sync("inbox", state)
        expected = [("Create", new), ("ReadFlagChange", keys[0]), ("Update", keys[1]), ("Delete", keys[2])]
        assert changes == [*expected, ("Delete", keys[3])]
        assert client.sync("inbox", state)[0] == []
        assert moved != keys[2]
        assert ("Create", moved) in client.sync("sentitems")[0]
        assert client.codes(client.get_item([keys[2], moved])) == ["ErrorItemNotFound", "NoError"]
        assert server.violations == []

    def test_what_happens_meanwhile(self, client, inbox, server, box):
        """An item that leaves before its page is not told, one that comes is told in the end."""
        root = client.ask(client.sync_items("inbox", most=5))
        state = root.findtext(f".//{M}SyncState")
        oldest, newest = inbox.messages[0].id, inbox.messages[-1].id
        server.delete_message(oldest)
        server.delete_message(newest)
        [new] = server.add_messages(box.address)
        changes, _, _ = client.sync("inbox", state, most=5)
        assert ("Create", oldest) not in changes
        assert {("Delete", newest), ("Create", new)} <= set(changes)
        told = dict.fromkeys(m.id for m in inbox.messages[-5:])
        for verb, key in changes:
            if verb == "Delete":
                told.pop(key, None)
            else:
                told[key] = None
        assert set(told) == {m.id for m in inbox.messages[1:-1]} | {new}

    @pytest.mark.parametrize("state", ["nonsense", "????", "AAAA"])
    def test_states_that_are_none(self, client, state):
        root = client.ask(client.sync_items("inbox", state))
        assert codes(root) == ["ErrorInvalidSyncStateData"]
        assert root.findtext(f".//{M}IncludesLastItemInRange") == "true"

    def test_state_of_another_folder(self, client):
        _, state, _ = client.sync("sentitems")
        assert client.codes(client.sync_items("inbox", state)) == ["ErrorInvalidSyncStateData"]

    def test_expired_for_one_folder(self, client, server, box):
        states = {name: client.sync(name)[1] for name in ("inbox", "sentitems")}
        server.expire_sync(box.address, "inbox")
        assert client.codes(client.sync_items("inbox", states["inbox"])) == ["ErrorInvalidSyncStateData"]
        assert client.codes(client.sync_items("sentitems", states["sentitems"])) == ["NoError"]

    def test_search_folders_and_lost_ones(self, client, box):
        search = next(folder.id for folder in box.folders if folder.search)
        assert client.codes(client.sync_items(search)) == ["ErrorInvalidFolderTypeForOperation"]
        assert client.codes(client.sync_items("AQMkNothing")) == ["ErrorSyncFolderNotFound"]

    def test_ignored_items(self, client, inbox):
        first = inbox.messages[-1].id
        body = client.sync_items("inbox").replace("<m:MaxC", f'<m:Ignore><t:ItemId Id="{first}"/></m:Ignore><m:MaxC')
        assert set(by_id(client.ask(body))) == {message.id for message in inbox.messages[:-1]}

    def test_schema_caps_the_page(self, client, server):
        client.ask(client.sync_items("inbox", most=513))
        assert server.broken == {"request_schema"}
