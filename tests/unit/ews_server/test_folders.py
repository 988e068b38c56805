"""Folders: by distinguished id in every language, with their classes, the search folder and the archive."""

from __future__ import annotations

import pytest
from lxml import etree

from ews_server.plain import Client, codes
from ews_server.soap import M, T

ALL = ("folder:DisplayName", "folder:FolderClass", "folder:DistinguishedFolderId", "folder:ParentFolderId")


def told(root):
    """{id: (element, {property: text})} of the folders in an answer."""
    found = {}
    for node in root.iter():
        key = node.find(f"{T}FolderId") if isinstance(node.tag, str) else None
        if key is not None and not node.tag.endswith("Delete"):
            texts = {etree.QName(child).localname: child.text or child.get("Id") for child in node}
            found[key.get("Id")] = (etree.QName(node).localname, texts)
    return found


@pytest.mark.parametrize(("language", "name"), [("en", "Inbox"), ("de", "Posteingang"), ("ja", "受信トレイ")])
def test_inbox_in_every_language(server, world, language, name):
    address = next(box.address for box in world.mailboxes if box.language == language)
    client = Client(server, address)
    root = client.ask(client.get_folder("inbox", fields=ALL))
    client.close()
    [(kind, texts)] = told(root).values()
    assert (kind, texts["DisplayName"], texts["DistinguishedFolderId"]) == ("Folder", name, "inbox")
    assert server.violations == []


def test_deep_brings_all_below(client, box, server):
    every = ("folder:TotalCount", "folder:UnreadCount", "folder:ChildFolderCount", "folder:EffectiveRights", *ALL)
    root = client.ask(client.find("Folder", "root", every, traversal="Deep"))
    own = {folder.id: folder for folder in box.folders if folder.parent and not folder.archive}
    found = told(root)
    assert set(found) == set(own)
    assert all(texts["DisplayName"] == own[key].name for key, (_, texts) in found.items())
    assert all(int(texts["TotalCount"]) == len(own[key].messages) for key, (_, texts) in found.items())
    kinds = {kind for kind, _ in found.values()}
    assert kinds == {"Folder", "SearchFolder", "CalendarFolder", "ContactsFolder", "TasksFolder"}
    assert server.violations == []


def test_shallow_brings_children(client, box):
    root = client.ask(client.find("Folder", "inbox", ALL))
    inbox = next(folder.id for folder in box.folders if folder.well_known == "inbox")
    assert set(told(root)) == {folder.id for folder in box.folders if folder.parent == inbox}


def test_pages_of_folders(client, box):
    view = '<m:IndexedPageFolderView MaxEntriesReturned="5" Offset="{}" BasePoint="Beginning"/>'
    seen, offset, last = set(), 0, False
    while not last:
        root = client.ask(client.find("Folder", "root", traversal="Deep", view=view.format(offset)))
        page = root.find(f".//{M}RootFolder")
        seen |= set(told(root))
        offset, last = int(page.get("IndexedPagingOffset")), page.get("IncludesLastItemInRange") == "true"
        assert int(page.get("TotalItemsInView")) == len([f for f in box.folders if f.parent and not f.archive])
    assert len(seen) == offset


def test_archive_is_a_tree_of_its_own(client, box, server):
    found = told(client.ask(client.find("Folder", "archivemsgfolderroot", ALL, traversal="Deep")))
    assert {texts["DisplayName"] for _, texts in found.values()} == {"2019", "Deleted Items"}
    without = Client(server, "user1@contoso.example")
    assert without.codes(without.get_folder("archivemsgfolderroot")) == ["ErrorFolderNotFound"]
    without.close()


def test_hidden_attribute_by_property_tag(client, box):
    body = client.also(client.find("Folder", "msgfolderroot"), "0x10F4", "Boolean")
    values = [node.text for node in client.ask(body).iter(f"{T}Value")]
    assert "true" in values
    assert "false" in values


def test_restriction_on_folder_class(client):
    more = client.restriction("folder:FolderClass", "IPF.Task")
    root = client.ask(client.find("Folder", "root", ALL, traversal="Deep", more=more))
    assert [kind for kind, _ in told(root).values()] == ["TasksFolder"]


class TestHierarchy:
    def test_first_and_nothing_since(self, client, box, server):
        root = client.ask(client.sync_folders(fields=ALL))
        assert set(told(root)) == {folder.id for folder in box.folders if folder.parent and not folder.archive}
        again = client.ask(client.sync_folders(root.findtext(f".//{M}SyncState")))
        assert len(again.find(f".//{M}Changes")) == 0
        assert server.violations == []

    def test_changes(self, client, box, server):
        state = client.ask(client.sync_folders()).findtext(f".//{M}SyncState")
        new = server.add_folder(box.address, "新規", "inbox")
        renamed = server.rename_folder(next(f.id for f in box.folders if f.name == "Projects"), "Vorhaben")
        gone = server.delete_folder(next(f.id for f in box.folders if f.name == "Hidden store"))
        changes = client.ask(client.sync_folders(state)).find(f".//{M}Changes")
        found = [(etree.QName(node).localname, node.find(f".//{T}FolderId").get("Id")) for node in changes]
        assert found == [("Create", new), ("Update", renamed), ("Delete", gone)]
        assert server.violations == []

    def test_void_state(self, client, box, server):
        state = client.ask(client.sync_folders()).findtext(f".//{M}SyncState")
        server.expire_sync(box.address)
        root = client.ask(client.sync_folders(state))
        assert codes(root) == ["ErrorInvalidSyncStateData"]
        assert root.findtext(f".//{M}SyncState") == ""
