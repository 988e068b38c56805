"""Folders and items: GetFolder, FindFolder, FindItem, GetItem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ews_server.items import CONTENT, Writer, folder_kind, moment
from ews_server.restriction import accepts
from ews_server.soap import M, Refusal, T, attribute, failure, success

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from ews_server.app import App, Exchange
    from ews_server.world import Message
    from graph_server.state import Place

__all__ = ["Mail"]

Part = tuple[str, str]


class Mail:
    """Each method answers one operation with its response messages."""

    def __init__(self, app: App) -> None:
        self.app, self.writer = app, Writer(app.store)

    def place(self, exchange: Exchange, node: etree._Element, code: str = "ErrorFolderNotFound") -> Place:
        """The folder that a FolderId or DistinguishedFolderId names. Raises Refusal."""
        name = node.get("Id") or ""
        mailbox = node.findtext(f"{T}Mailbox/{T}EmailAddress")
        if mailbox and self.app.store.box_of(mailbox) is not exchange.box:
            raise Refusal("ErrorAccessDenied")
        distinguished = node.tag == f"{T}DistinguishedFolderId"
        place = exchange.box.place(name) if distinguished else exchange.box.places.get(name)
        if place is None:
            raise Refusal(code)
        return place

    def get_folder(self, exchange: Exchange) -> list[Part]:
        def one(node: etree._Element) -> Part:
            folder = self.writer.folder(self.place(exchange, node), exchange.call.fields)
            return success(f"<m:Folders>{folder}</m:Folders>")

        return [self._part(one, node, "GetFolder") for node in exchange.call.ids()]

    def find_folder(self, exchange: Exchange) -> list[Part]:
        call, deep = exchange.call, exchange.call.element.get("Traversal") == "Deep"
        restriction = call.element.find(f"{M}Restriction")

        def one(node: etree._Element) -> Part:
            root = self.place(exchange, node).folder.id
            found = self.app.store.below(exchange.box, root) if deep else exchange.box.children(root)
            found = [place for place in found if accepts(restriction, lambda uri, p=place: _folder_value(uri, p))]
            page, paging = self._page(exchange, found, "IndexedPageFolderView", self.app.options.find_limit)
            folders = "".join(self.writer.folder(place, call.fields) for place in page)
            return success(f"<m:RootFolder{paging}><t:Folders>{folders}</t:Folders></m:RootFolder>")

        return [self._part(one, node) for node in call.ids()]

    def find_item(self, exchange: Exchange) -> list[Part]:
        call = exchange.call
        if call.element.find(f"{M}QueryString") is not None:
            self.app.ledger.violate("unsupported", "QueryString", exchange.entry)
            raise Refusal("ErrorContentIndexingNotEnabled")
        restriction = call.element.find(f"{M}Restriction")
        limit = self.app.options.find_limit if restriction is None else min(250, self.app.options.find_limit)
        order = call.element.find(f"{M}SortOrder/{T}FieldOrder")

        def one(node: etree._Element) -> Part:
            place = self.place(exchange, node)
            found = [] if call.element.get("Traversal") == "Associated" else place.messages()[::-1]
            found = [m for m in found if accepts(restriction, lambda uri, m=m: _item_value(uri, m))]
            if order is not None:
                uri = order.find(f"{T}FieldURI").get("FieldURI")
                found.sort(key=lambda m: _item_value(uri, m), reverse=order.get("Order") == "Descending")
            page, paging = self._page(exchange, found, "IndexedPageItemView", limit)
            exchange.entry.items = (exchange.entry.items or 0) + len(page)
            items = "".join(self.writer.item(place, m, call.fields, whole=False) for m in page)
            return success(f"<m:RootFolder{paging}><t:Items>{items}</t:Items></m:RootFolder>")

        return [self._part(one, node) for node in call.ids()]

    def get_item(self, exchange: Exchange) -> list[Part]:
        asked = exchange.call.fields
        nodes = exchange.call.ids()
        exchange.entry.items = len(nodes)

        def one(node: etree._Element) -> Part:
            held = self.app.store.holder(exchange.box, node.get("Id"))
            if held is None:
                raise Refusal("ErrorItemNotFound")
            return success(f"<m:Items>{self.writer.item(*held, asked, whole=True)}</m:Items>")

        return [self._part(one, node, "GetItem") for node in nodes]

    @staticmethod
    def _part(one: Callable, node: etree._Element, operation: str = "") -> Part:
        try:
            return one(node)
        except Refusal as refusal:
            return failure(refusal, operation)

    @staticmethod
    def _page(exchange: Exchange, found: list, view: str, limit: int) -> tuple[list, str]:
        offset = exchange.call.number(view, "Offset", 0)
        most = min(limit, exchange.call.number(view, "MaxEntriesReturned", limit))
        end = min(offset + most, len(found))
        names = {
            "IndexedPagingOffset": end,
            "TotalItemsInView": len(found),
            "IncludesLastItemInRange": end >= len(found),
        }
        return found[offset:end], "".join(attribute(name, value) for name, value in names.items())

    def check_shape(self, exchange: Exchange) -> None:
        """Refuses, and records, what a reader of metadata must not ask for."""
        call, shape = exchange.call, exchange.call.element.find(f"{M}ItemShape")
        if shape is None:
            return
        if names := sorted({name for name in call.fields if name.lower() in LOWER}):
            self.app.ledger.violate("content", ", ".join(names), exchange.entry)
            raise Refusal("ErrorAccessDenied", text="Content is not read here.")
        base = shape.findtext(f"{T}BaseShape")
        if base != "IdOnly":
            self.app.ledger.violate("shape", str(base), exchange.entry)
            raise Refusal("ErrorAccessDenied", text=f"BaseShape {base} asks for more than was meant.")
        if (shape.findtext(f"{T}IncludeMimeContent") or "").lower() in ("true", "1"):
            self.app.ledger.violate("content", "IncludeMimeContent", exchange.entry)
            raise Refusal("ErrorAccessDenied", text="Content is not read here.")


LOWER = frozenset(name.lower() for name in CONTENT)


def _folder_value(uri: str, place: Place) -> object:
    folder = place.folder
    values = {
        "folder:DisplayName": folder.name,
        "folder:FolderClass": folder.folder_class or "",
        "folder:DistinguishedFolderId": folder.well_known or "",
        "folder:TotalCount": len(place.at),
        "kind": folder_kind(folder),
    }
    return _known(uri, values)


def _item_value(uri: str, message: Message) -> object:
    values = {
        "item:DateTimeReceived": moment(message.received),
        "item:DateTimeSent": moment(message.sent),
        "item:LastModifiedTime": moment(message.modified),
        "item:ItemClass": message.item_class,
        "item:Subject": message.subject or "",
        "item:Size": message.size,
        "message:IsRead": str(message.is_read).lower(),
    }
    return _known(uri, values)


def _known(uri: str, values: dict[str, object]) -> object:
    if uri not in values:
        raise Refusal("ErrorUnsupportedPathForQuery", text=f"{uri} cannot be searched here.")
    return values[uri]
