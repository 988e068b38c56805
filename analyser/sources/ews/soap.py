"""The few requests that are ever made, and the border where an answer becomes response messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exchangelib.util import MNS, SOAPNS, TNS
from lxml import etree
from lxml.builder import ElementMaker

from analyser.sources.ews.outcomes import SLOWING, TRANSIENT, RefusedError, words_of
from analyser.sources.service.answers import RetryableError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "FIELDS",
    "MOST_CHANGES",
    "M",
    "Message",
    "T",
    "envelope",
    "expand_list",
    "get_folders",
    "get_items",
    "read",
    "resolve_name",
    "sync_folders",
    "sync_items",
]

M: Final = f"{{{MNS}}}"
T: Final = f"{{{TNS}}}"
S: Final = f"{{{SOAPNS}}}"
_m = ElementMaker(namespace=MNS, nsmap={"s": SOAPNS, "m": MNS, "t": TNS})
_t = ElementMaker(namespace=TNS, nsmap={"s": SOAPNS, "m": MNS, "t": TNS})
_s = ElementMaker(namespace=SOAPNS, nsmap={"s": SOAPNS, "m": MNS, "t": TNS})

FIELDS: Final = (
    "item:ItemClass",
    "item:Subject",
    "item:Size",
    "item:Importance",
    "item:InReplyTo",
    "item:IsDraft",
    "item:DateTimeSent",
    "item:HasAttachments",
    "item:ConversationId",
    "message:Sender",
    "message:ToRecipients",
    "message:CcRecipients",
    "message:BccRecipients",
    "message:From",
    "message:InternetMessageId",
    "message:References",
)
"""All that is ever asked for of a message."""

RECEIVED: Final = "item:DateTimeReceived"
MOST_CHANGES: Final = 512
"""Most changes that an answer of SyncFolderItems may be asked to hold: the schema allows no more."""

# strict: exchangelib reads with recover=True, so that half an answer looks like a short one
_PARSER: Final = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
_FORBIDDEN: Final = re.compile(
    rb"&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));|[\0-\x08\x0b\x0c\x0e-\x1f]", re.IGNORECASE
)


# requests


def envelope(body: etree._Element, version: str, impersonated: str | None) -> bytes:
    """A request; with an address it is made as that user."""
    header = _s.Header(_t.RequestServerVersion(Version=version))
    if impersonated is not None:
        sid = _t.ConnectingSID(_t.PrimarySmtpAddress(impersonated))
        header.append(_t.ExchangeImpersonation(sid))
    text: bytes = etree.tostring(_s.Envelope(header, _s.Body(body)), encoding="utf-8", xml_declaration=True)
    return text


def _folder(name: str, mailbox: str | None) -> etree._Element:
    """A folder by its distinguished id; `mailbox` names its owner where a delegate asks."""
    owner = [] if mailbox is None else [_t.Mailbox(_t.EmailAddress(mailbox))]
    return _t.DistinguishedFolderId(*owner, Id=name)


def _shape(kind: str, fields: Iterable[str]) -> etree._Element:
    shape = _m(kind, _t.BaseShape("IdOnly"))
    named = [_t.FieldURI(FieldURI=field) for field in fields]
    if named:
        shape.append(_t.AdditionalProperties(*named))
    return shape


def _state(text: str | None) -> list[etree._Element]:
    return [] if text is None else [_m.SyncState(text)]


def get_folders(names: Iterable[str], owner: str | None) -> etree._Element:
    """Ids of folders by their distinguished ids."""
    return _m.GetFolder(_shape("FolderShape", ()), _m.FolderIds(*(_folder(name, owner) for name in names)))


def sync_folders(root: str, owner: str | None, state: str | None) -> etree._Element:
    """The folders below one, or what has changed in them since a state."""
    shape = _shape("FolderShape", ("folder:ParentFolderId", "folder:FolderClass"))
    return _m.SyncFolderHierarchy(shape, _m.SyncFolderId(_folder(root, owner)), *_state(state))


def sync_items(folder: str, state: str | None, most: int, *, received: bool) -> etree._Element:
    """Ids of the items of a folder, or what has changed since a state; with the time of reception if asked for."""
    return _m.SyncFolderItems(
        _shape("ItemShape", (RECEIVED,) if received else ()),
        _m.SyncFolderId(_t.FolderId(Id=folder)),
        *_state(state),
        _m.MaxChangesReturned(str(min(most, MOST_CHANGES))),
    )


def get_items(ids: Iterable[str]) -> etree._Element:
    """The `FIELDS` of items."""
    return _m.GetItem(_shape("ItemShape", FIELDS), _m.ItemIds(*(_t.ItemId(Id=key) for key in ids)))


def resolve_name(name: str) -> etree._Element:
    """Who has an address: one name in each request, as the schema wants it."""
    options = {"ReturnFullContactData": "true", "SearchScope": "ActiveDirectory"}
    return _m.ResolveNames(_m.UnresolvedEntry(name), **options)


def expand_list(address: str) -> etree._Element:
    """The members of a distribution list, one level deep."""
    return _m.ExpandDL(_m.Mailbox(_t.EmailAddress(address)))


# answers


@dataclass(frozen=True, slots=True)
class Message:
    """One response message: its code (``NoError`` or a warning where it holds content), and its content."""

    code: str
    said: str
    after: float | None
    element: etree._Element
    is_error: bool

    def failure(self) -> RefusedError | RetryableError:
        """The error that it stands for."""
        return _failure(self.code, self.said, self.after)


def read(content: bytes) -> list[Message]:
    """The response messages of a whole answer.

    Raises
    ------
    RefusedError
        A SOAP fault that does not pass.
    RetryableError
        A SOAP fault that does, or no whole answer.
    """
    root = _root(content)
    body = root.find(f"{S}Body")
    if body is None or not len(body):
        raise RetryableError("an answer that is no SOAP envelope")
    fault = body.find(f"{S}Fault")
    if fault is not None:
        detail = fault.find("detail")
        code = _local(detail, "ResponseCode") or (fault.findtext("faultcode") or "a SOAP fault").rpartition(":")[2]
        raise _failure(code, fault.findtext("faultstring") or "", _back_off(detail))
    answers = body[0].find(f"{M}ResponseMessages")
    if answers is None:
        raise RetryableError("an answer without response messages")
    return [_message(element) for element in answers]


def _root(content: bytes) -> etree._Element:
    try:
        return etree.fromstring(content, _PARSER)
    except etree.XMLSyntaxError:
        pass
    try:  # Exchange hands on control characters of subjects, which XML forbids
        return etree.fromstring(_FORBIDDEN.sub(b"", content), _PARSER)
    except etree.XMLSyntaxError as error:
        raise RetryableError(f"an answer that is cut off or no XML: {error}") from error


def _message(element: etree._Element) -> Message:
    code = element.findtext(f"{M}ResponseCode") or "no response code"
    is_error = element.get("ResponseClass") == "Error"
    said = element.findtext(f"{M}MessageText") or ""
    return Message(code, said, _back_off(element) if is_error else None, element, is_error)


def _failure(code: str, said: str, after: float | None) -> RefusedError | RetryableError:
    if code in TRANSIENT:
        return RetryableError(words_of(code), after, slows=code in SLOWING)
    return RefusedError(code, said)


def _back_off(parent: etree._Element | None) -> float | None:
    """Seconds that the server asks to wait; it says milliseconds."""
    if parent is None:
        return None
    for value in parent.iter(f"{T}Value"):
        if value.get("Name") == "BackOffMilliseconds" and (value.text or "").strip().isdigit():
            return int(value.text) / 1000
    return None


def _local(parent: etree._Element | None, name: str) -> str | None:
    found = parent.find(f"{{*}}{name}") if parent is not None else None
    return None if found is None else found.text
