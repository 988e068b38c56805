"""A plain client over httpx: the server's own tests, and the loop that benchmarks compare with."""

from __future__ import annotations

import ssl
from functools import cache

import httpx

__all__ = ["PREFER", "SELECT", "Client"]

SELECT = (
    "id,internetMessageId,conversationId,conversationIndex,subject,from,sender,replyTo,toRecipients,ccRecipients,"
    "bccRecipients,sentDateTime,receivedDateTime,createdDateTime,lastModifiedDateTime,hasAttachments,isDraft,isRead,"
    "importance,inferenceClassification,parentFolderId,categories,flag,isReadReceiptRequested,changeKey,webLink"
)
PREFER = 'IdType="ImmutableId", odata.maxpagesize=50'


@cache
def trusting(ca_file):
    """Reading certificates takes longer than a test: one context for each server."""
    return ssl.create_default_context(cafile=ca_file)


class Client:
    """A plain client with a token; paths stand for themselves below ``/v1.0``."""

    def __init__(self, server, *, http2=False):
        self.server = server
        self.context = trusting(server.ca_file)
        self.http = httpx.Client(verify=self.context, http2=http2, timeout=10, headers={"Prefer": PREFER})
        self.sign_in()

    def form(self, **changes):
        own = self.server
        form = {"grant_type": "client_credentials", "client_id": own.client_id, "client_secret": own.client_secret}
        return form | {"scope": f"{own.graph}/.default"} | changes

    def token(self, **changes):
        return self.http.post(f"{self.server.authority}/oauth2/v2.0/token", data=self.form(**changes))

    def sign_in(self):
        self.http.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"

    def get(self, path, **options):
        return self.http.get(path if "://" in path else f"{self.server.graph}/v1.0{path}", **options)

    def code(self, path, **options):
        answer = self.get(path, **options)
        return answer.status_code, answer.json()["error"]["code"]

    def walk(self, path):
        """Items of all pages, the delta link (None), and the sizes of the pages."""
        items, sizes, link, end = [], [], path, None
        while link:
            answer = self.get(link)
            answer.raise_for_status()
            content = answer.json()
            items += content["value"]
            sizes.append(len(content["value"]))
            link, end = content.get("@odata.nextLink"), content.get("@odata.deltaLink")
        return items, end, sizes
