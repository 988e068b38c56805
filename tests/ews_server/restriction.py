"""Restrictions: comparisons of one field with a constant, and how they are joined."""

from __future__ import annotations

import operator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ews_server.items import moment
from ews_server.soap import Refusal, T

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

__all__ = ["accepts"]

COMPARED = {
    f"{T}IsEqualTo": operator.eq,
    f"{T}IsNotEqualTo": operator.ne,
    f"{T}IsGreaterThan": operator.gt,
    f"{T}IsGreaterThanOrEqualTo": operator.ge,
    f"{T}IsLessThan": operator.lt,
    f"{T}IsLessThanOrEqualTo": operator.le,
}


def accepts(restriction: etree._Element | None, value: Callable[[str], object]) -> bool:
    """Whether the restriction holds for the thing that `value` knows by FieldURI. Raises Refusal for what it cannot."""
    return restriction is None or all(_holds(node, value) for node in restriction)


def _holds(node: etree._Element, value: Callable[[str], object]) -> bool:
    match node.tag.removeprefix(T):
        case "And":
            return all(_holds(child, value) for child in node)
        case "Or":
            return any(_holds(child, value) for child in node)
        case "Not":
            return not _holds(node[0], value)
        case "Contains":
            text = node.find(f"{T}Constant").get("Value").lower()
            return text in str(value(node.find(f"{T}FieldURI").get("FieldURI"))).lower()
    if node.tag not in COMPARED:
        raise Refusal("ErrorUnsupportedPathForQuery", text=f"{node.tag} is not understood here.")
    held = value(node.find(f"{T}FieldURI").get("FieldURI"))
    constant = node.find(f"{T}FieldURIOrConstant/{T}Constant").get("Value")
    return COMPARED[node.tag](held, int(constant) if isinstance(held, int) else _time(constant))


def _time(text: str) -> str:
    """A time as it is written here, whatever its zone and fraction; other text as it is."""
    try:
        return moment(int(datetime.fromisoformat(text).astimezone(UTC).timestamp()))
    except ValueError:
        return text
