"""Requests and answers against Microsoft's schema of EWS."""

from __future__ import annotations

import os
import random
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from ews_server.soap import SOAP, M, T

if TYPE_CHECKING:
    from ews_server.ledger import Ledger, Logged

__all__ = ["Contract", "schema", "schema_folder"]

XS = "{http://www.w3.org/2001/XMLSchema}"
LANG = (
    f'<xs:schema xmlns:xs="{XS[1:-1]}" targetNamespace="http://www.w3.org/XML/1998/namespace">'
    '<xs:attribute name="lang" type="xs:string"/></xs:schema>'
)


def schema_folder() -> Path:
    """Where the schemas lie: below ``ANALYSER_SHARED``, else beside the project. They need not be there."""
    shared = os.environ.get("ANALYSER_SHARED")
    place = Path(shared) if shared else Path(__file__).parents[3] / "shared"
    return place / "contracts" / "ews"


@cache
def schema() -> etree.XMLSchema:
    """All files of each namespace as one: they include one another, and one itself, which libxml2 refuses.

    Raises FileNotFoundError where there are none.
    """
    parts: dict[str, list[etree._Element]] = {M[1:-1]: [], T[1:-1]: []}
    for file in sorted(schema_folder().glob("*.xsd")):
        root = etree.parse(file).getroot()
        left_out = {f"{XS}{name}" for name in ("import", "include", "annotation")}
        parts[root.get("targetNamespace")] += [
            node for node in root.iterchildren(etree.Element) if node.tag not in left_out
        ]
    if not parts[M[1:-1]]:
        raise FileNotFoundError(f"no schema in {schema_folder()}: set ANALYSER_SHARED to the folder with contracts/")
    types = _whole(T[1:-1], parts, ("http://www.w3.org/XML/1998/namespace", "xml.xsd"))
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Texts({"types.xsd": etree.tostring(types), "xml.xsd": LANG.encode()}))
    content = etree.tostring(_whole(M[1:-1], parts, (T[1:-1], "types.xsd")))
    return etree.XMLSchema(etree.fromstring(content, parser))


def _whole(namespace: str, parts: dict[str, list[etree._Element]], needed: tuple[str, str]) -> etree._Element:
    names = {"xs": XS[1:-1], "t": T[1:-1], "m": M[1:-1], "tns": namespace, None: namespace}
    root = etree.Element(f"{XS}schema", nsmap=names, targetNamespace=namespace, elementFormDefault="qualified")
    etree.SubElement(root, f"{XS}import", namespace=needed[0], schemaLocation=needed[1])
    root.extend(parts[namespace])
    return root


class _Texts(etree.Resolver):
    def __init__(self, texts: dict[str, bytes]) -> None:
        self.texts = texts

    def resolve(self, system_url: str, public_id: str, context: object) -> object:
        return self.resolve_string(self.texts[system_url.rpartition("/")[2]], context)


class Contract:
    """Checks the given share of all exchanges; what does not fit becomes a violation in the ledger."""

    def __init__(self, seed: int, ledger: Ledger) -> None:
        self.share, self.ledger, self.checked = 0.0, ledger, 0
        self._draw = random.Random(f"contract/{seed}")

    def begin(self, share: float) -> None:
        """From now on check this share; the schema is read when it is first needed."""
        self.share = share
        if share:
            schema()

    def check(self, asked: bytes, said: bytes, entry: Logged) -> None:
        """Both envelopes, or neither; an answer that is no envelope is not looked at."""
        if not self.share or (self.share < 1 and self._draw.random() >= self.share):
            return
        self.checked += 1
        for kind, envelope in (("request_schema", asked), ("response_schema", said)):
            for problem in _problems(envelope):
                self.ledger.violate(kind, problem, entry)


def _problems(envelope: bytes) -> list[str]:
    """What is wrong with header and body. A fault is SOAP's own, which no schema here describes."""
    try:
        root = etree.fromstring(envelope)
    except etree.XMLSyntaxError as problem:
        return [str(problem)]
    found = []
    for node in [*root.iterfind(f"{SOAP}Header/*"), *root.iterfind(f"{SOAP}Body/*")]:
        if node.tag != f"{SOAP}Fault" and not schema().validate(node):
            found += [f"{error.message[:300]} (line {error.line})" for error in schema().error_log]
    return found
