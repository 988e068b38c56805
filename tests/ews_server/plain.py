"""A plain client over requests: the server's own tests, and the loop that benchmarks compare with."""

from __future__ import annotations

import requests
import requests_ntlm
from lxml import etree

from ews_server.soap import SOAP, M, T

__all__ = ["FIELDS", "Client", "codes"]

ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="{m}" xmlns:t="{t}"><s:Header>'
    '<t:RequestServerVersion Version="{version}"/>{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
)
FIELDS = (
    "item:ParentFolderId",
    "item:ItemClass",
    "item:Subject",
    "item:DateTimeReceived",
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
    "message:ConversationIndex",
    "message:From",
    "message:InternetMessageId",
    "message:References",
)


def codes(root):
    """Response codes of an answer: of its messages, or of the fault."""
    return [node.text for node in root.iter() if etree.QName(node).localname == "ResponseCode"]


class Client:
    """Speaks for one mailbox; folders are distinguished ids (of letters only) or ids."""

    def __init__(self, server, mailbox=None, *, scheme="basic", password=None):
        self.server, self.mailbox = server, mailbox
        self.http = requests.Session()
        self.http.trust_env = False  # else REQUESTS_CA_BUNDLE outdoes `verify`
        self.http.verify = server.ca_file
        sign = (server.username, password or server.password)
        self.http.auth = sign if scheme == "basic" else requests_ntlm.HttpNtlmAuth(*sign)

    def close(self):
        self.http.close()

    def post(self, body, *, sid="PrimarySmtpAddress", name=None, version="Exchange2016"):
        name = name or self.mailbox
        inner = f"<t:ConnectingSID><t:{sid}>{name}</t:{sid}></t:ConnectingSID>"
        head = f"<t:ExchangeImpersonation>{inner}</t:ExchangeImpersonation>" if name else ""
        text = ENVELOPE.format(m=M[1:-1], t=T[1:-1], head=head, body=body, version=version)
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        return self.http.post(self.server.endpoint, text.encode(), headers=headers, timeout=20)

    def ask(self, body, **named):
        """The root of the answer."""
        return etree.fromstring(self.post(body, **named).content)

    def codes(self, body, **named):
        return codes(self.ask(body, **named))

    @staticmethod
    def folder_id(name):
        return f'<t:{"Distinguished" if name.isalpha() and name.islower() else ""}FolderId Id="{name}"/>'

    @staticmethod
    def shape(kind, fields, base="IdOnly"):
        more = "".join(f'<t:FieldURI FieldURI="{name}"/>' for name in fields)
        more = f"<t:AdditionalProperties>{more}</t:AdditionalProperties>" if more else ""
        return f"<m:{kind}Shape><t:BaseShape>{base}</t:BaseShape>{more}</m:{kind}Shape>"

    def get_item(self, ids, fields=FIELDS, base="IdOnly"):
        items = "".join(f'<t:ItemId Id="{key}"/>' for key in ids)
        return f"<m:GetItem>{self.shape('Item', fields, base)}<m:ItemIds>{items}</m:ItemIds></m:GetItem>"

    def get_folder(self, *names, fields=("folder:DisplayName",)):
        ids = "".join(map(self.folder_id, names))
        return f"<m:GetFolder>{self.shape('Folder', fields)}<m:FolderIds>{ids}</m:FolderIds></m:GetFolder>"

    @staticmethod
    def restriction(field, value, comparison="IsEqualTo"):
        constant = f'<t:FieldURIOrConstant><t:Constant Value="{value}"/></t:FieldURIOrConstant>'
        inner = f'<t:FieldURI FieldURI="{field}"/>{constant}'
        return f"<m:Restriction><t:{comparison}>{inner}</t:{comparison}></m:Restriction>"

    @staticmethod
    def also(body, tag, kind):
        """The same with an extended property among the fields, or as the only one."""
        uri = f'<t:ExtendedFieldURI PropertyTag="{tag}" PropertyType="{kind}"/>'
        if "</t:AdditionalProperties>" in body:
            return body.replace("</t:AdditionalProperties>", f"{uri}</t:AdditionalProperties>")
        more = f"<t:AdditionalProperties>{uri}</t:AdditionalProperties>"
        return body.replace("</t:BaseShape>", f"</t:BaseShape>{more}")

    def find(self, kind, name, fields=(), *, traversal="Shallow", view="", more=""):
        """FindItem or FindFolder; `view` and `more` (Restriction, SortOrder) stand between shape and folder."""
        parents = f"<m:ParentFolderIds>{self.folder_id(name)}</m:ParentFolderIds>"
        inner = f"{self.shape(kind, fields)}{view}{more}{parents}"
        return f'<m:Find{kind} Traversal="{traversal}">{inner}</m:Find{kind}>'

    def sync_items(self, name, state="", most=512, fields=()):
        told = f"<m:SyncState>{state}</m:SyncState>" if state else ""
        return (
            f"<m:SyncFolderItems>{self.shape('Item', fields)}<m:SyncFolderId>{self.folder_id(name)}</m:SyncFolderId>"
            f"{told}<m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>"
        )

    def sync_folders(self, state="", fields=("folder:FolderClass", "folder:DistinguishedFolderId"), root="root"):
        told = f"<m:SyncState>{state}</m:SyncState>" if state else ""
        return (
            f"<m:SyncFolderHierarchy>{self.shape('Folder', fields)}"
            f"<m:SyncFolderId>{self.folder_id(root)}</m:SyncFolderId>{told}</m:SyncFolderHierarchy>"
        )

    def sync(self, name, state="", most=512):
        """All pages: (verb, item id) of each change, the last state, and the sizes of the pages."""
        changes, sizes, last = [], [], False
        while not last:
            root = self.ask(self.sync_items(name, state, most))
            assert codes(root) == ["NoError"], codes(root)
            state = root.findtext(f".//{M}SyncState")
            last = root.findtext(f".//{M}IncludesLastItemInRange") == "true"
            page = [(etree.QName(n).localname, n.find(f".//{T}ItemId").get("Id")) for n in root.find(f".//{M}Changes")]
            changes += page
            sizes.append(len(page))
        return changes, state, sizes

    def body(self, root):
        return root.find(f"{SOAP}Body")[0]
