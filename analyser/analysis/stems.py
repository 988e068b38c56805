"""Subject stems: base subjects with the parts masked that change from one occasion to the next.

``Weekly report KW 32 (v3)`` and ``weekly report kw 33`` share the stem ``weekly report kw #``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["stem"]

# Names of months and weekdays in the languages of the reply prefixes that are written in Latin letters.
_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
    "|januar|februar|märz|maerz|mai|juni|juli|oktober|dezember|okt|dez|mrz"
    "|janvier|février|fevrier|mars|avril|juin|juillet|août|aout|septembre|octobre|novembre|décembre|decembre"
    "|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
    "|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre"
    "|januari|februari|maart|mei|augustus|styczeń|luty|marzec|kwiecień|maj|czerwiec|lipiec|sierpień|wrzesień"
    "|październik|listopad|grudzień"
)
_DAYS = (
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tues?|wed|thurs?|thu|fri"
    "|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag"
    "|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    "|lunes|martes|miércoles|miercoles|jueves|viernes|lunedì|martedì|mercoledì|giovedì|venerdì"
    "|maandag|dinsdag|woensdag|donderdag|vrijdag"
)
_BOUNDARY = r"(?:^|[^\p{L}\p{M}\p{N}])"
_PATTERNS = (
    # RE2 knows no Unicode word boundary, so the masks eat one separator and put a space in its place
    (rf"{_BOUNDARY}(?:{_MONTHS}|{_DAYS})\.?(?:$|[^\p{{L}}\p{{M}}\p{{N}}])", " # "),
    (rf"{_BOUNDARY}(?:{_MONTHS}|{_DAYS})\.?(?:$|[^\p{{L}}\p{{M}}\p{{N}}])", " # "),  # neighbours share a separator
    (rf"{_BOUNDARY}(?:final|draft|entwurf|rev(?:ision)?|version|ver|v)[ ._-]*\d[\p{{L}}\p{{M}}\d.]*", " # "),
    (r"[\p{L}\p{M}]*\d[\p{L}\p{M}\d]*", "#"),
    (r"[^\p{L}\p{M}\p{N}#]+", " "),
    (r"#(?:\s*#)+", "#"),
)


def stem(base_subject: ir.StringColumn) -> ir.StringColumn:
    """Mask numbers, dates, weekdays and version markers of base subjects.

    Returns
    -------
    ir.StringColumn
        Null where no word of at least two letters is left.
    """
    text = base_subject
    for pattern, replacement in _PATTERNS:
        text = text.re_replace(pattern, replacement)
    text = text.strip()
    return text.re_search(r"\p{L}[\p{L}\p{M}]").ifelse(text, ibis.null("string"))
