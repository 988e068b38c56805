"""SOAP as Exchange speaks it: envelopes, faults and response messages, and what is read from a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from graph_server.message import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "SOAP",
    "Call",
    "M",
    "Refusal",
    "T",
    "attribute",
    "envelope",
    "failure",
    "fault",
    "messages",
    "success",
    "tag",
]

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
XML = "text/xml; charset=utf-8"
TEXTS = {
    "ErrorServerBusy": "The server cannot service this request right now. Try again later.",
    "ErrorExceededConnectionCount": "You have exceeded the available concurrent connections for your account.",
    "ErrorNonExistentMailbox": "The SMTP address has no mailbox associated with it.",
    "ErrorImpersonateUserDenied": "The account does not have permission to impersonate the requested user.",
    "ErrorInvalidSyncStateData": "Synchronization state data is corrupt or otherwise invalid.",
    "ErrorItemNotFound": "The specified object was not found in the store.",
    "ErrorFolderNotFound": "The specified folder could not be found in the store.",
    "ErrorSyncFolderNotFound": "The folder to be synchronized could not be found.",
    "ErrorMailboxMoveInProgress": "The mailbox is being moved. Try again later.",
    "ErrorMailboxStoreUnavailable": "The mailbox database is temporarily unavailable.",
    "ErrorNameResolutionNoResults": "No results were found.",
    "ErrorNameResolutionMultipleResults": "Multiple results were found.",
}
EMPTY = {
    "GetFolder": "<m:Folders/>",
    "GetItem": "<m:Items/>",
    "SyncFolderHierarchy": "<m:SyncState/><m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange>",
    "SyncFolderItems": "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>",
}
"""What stands in a response message that failed, by operation, in Microsoft's examples."""

PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


class Refusal(Exception):
    """A call that fails as a whole: as a SOAP fault, or in every response message."""

    def __init__(self, code: str, form: str = "response", back_off: int | None = None, text: str = "") -> None:
        super().__init__(code)
        self.code, self.form, self.back_off = code, form, back_off
        self.text = text or TEXTS.get(code, f"{code}.")


@dataclass(slots=True)
class Call:
    """What was asked: `element` is the body's child."""

    operation: str
    element: etree._Element
    header: etree._Element | None
    fields: list[str] = field(default_factory=list)
    wanted: int = 1

    @classmethod
    def read(cls, body: bytes) -> Call:
        """Raises Refusal where this is no envelope with one call in it."""
        try:
            root = etree.fromstring(body, PARSER)
            element = root.find(f"{SOAP}Body")[0]
        except (etree.XMLSyntaxError, TypeError, IndexError):
            raise Refusal("ErrorSchemaValidation", "fault", text="The request is no SOAP envelope.") from None
        call = cls(etree.QName(element).localname, element, root.find(f"{SOAP}Header"))
        call.fields = [
            node.get("FieldURI") for node in element.iter(f"{T}FieldURI", f"{T}IndexedFieldURI") if node.get("FieldURI")
        ]
        call.fields += [
            node.get("PropertyTag")
            or f"{node.get('PropertySetId')}/{node.get('PropertyName') or node.get('PropertyId')}"
            for node in element.iter(f"{T}ExtendedFieldURI")
        ]
        if call.operation in ("GetItem", "GetFolder", "FindItem", "FindFolder"):
            call.wanted = max(1, len(call.ids()))
        return call

    @property
    def version(self) -> str:
        """That of RequestServerVersion; the oldest where the header says none, as Exchange takes it."""
        node = None if self.header is None else self.header.find(f"{T}RequestServerVersion")
        return "Exchange2007" if node is None else node.get("Version", "")

    def ids(self) -> list[etree._Element]:
        """The elements that name items or folders."""
        names = ("ItemIds", "FolderIds", "ParentFolderIds", "SyncFolderId")
        return [node for name in names for parent in self.element.findall(f"{M}{name}") for node in parent]

    def text(self, name: str) -> str | None:
        return self.element.findtext(f"{M}{name}")

    def number(self, path: str, name: str, default: int) -> int:
        node = self.element.find(f"{M}{path}")
        return default if node is None else int(node.get(name) or default)


def tag(name: str, content: object) -> str:
    """An element of the types' namespace with text in it."""
    text = str(content).lower() if isinstance(content, bool) else str(content)
    return f"<t:{name}>{escape(text)}</t:{name}>"


def attribute(name: str, content: object) -> str:
    text = str(content).lower() if isinstance(content, bool) else str(content)
    return f" {name}={quoteattr(text)}"


def envelope(content: str, build: tuple[int, ...], status: int = 200) -> Answer:
    names = ("MajorVersion", "MinorVersion", "MajorBuildNumber", "MinorBuildNumber")
    version = "".join(attribute(name, number) for name, number in zip(names, build, strict=True))
    text = (
        '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:m="{M[1:-1]}" xmlns:t="{T[1:-1]}"><s:Header><t:ServerVersionInfo{version}/></s:Header>'
        f"<s:Body>{content}</s:Body></s:Envelope>"
    )
    return Answer(status, text.encode(), content_type=XML)


def fault(refusal: Refusal) -> str:
    """The SOAP fault of a refusal, as Exchange answers it with HTTP 500."""
    return (
        f"<s:Fault><faultcode>t:{refusal.code}</faultcode><faultstring>{escape(refusal.text)}</faultstring><detail>"
        f'<e:ResponseCode xmlns:e="{ERRORS}">{refusal.code}</e:ResponseCode>'
        f'<e:Message xmlns:e="{ERRORS}">{escape(refusal.text)}</e:Message>'
        f"{_message_xml('t', refusal)}</detail></s:Fault>"
    )


def _message_xml(prefix: str, refusal: Refusal) -> str:
    if refusal.back_off is None:
        return ""
    value = f'<t:Value Name="BackOffMilliseconds">{refusal.back_off}</t:Value>'
    return f"<{prefix}:MessageXml>{value}</{prefix}:MessageXml>"


def success(content: str = "") -> tuple[str, str]:
    """Class and content of a response message that succeeded."""
    return "Success", f"<m:ResponseCode>NoError</m:ResponseCode>{content}"


def failure(refusal: Refusal, operation: str = "", kind: str = "Error", content: str = "") -> tuple[str, str]:
    """Class and content of one that failed."""
    content = content or EMPTY.get(operation, "")
    return kind, (
        f"<m:MessageText>{escape(refusal.text)}</m:MessageText><m:ResponseCode>{refusal.code}</m:ResponseCode>"
        f"<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{_message_xml('m', refusal)}{content}"
    )


def messages(operation: str, parts: Iterable[tuple[str, str]]) -> str:
    """The whole response of an operation."""
    inner = "".join(
        f'<m:{operation}ResponseMessage ResponseClass="{kind}">{content}</m:{operation}ResponseMessage>'
        for kind, content in parts
    )
    around = f"<m:ResponseMessages>{inner}</m:ResponseMessages>"
    return f"<m:{operation}Response>{around}</m:{operation}Response>"
