"""Subjects about pay, health, discipline and law: found so that such mail can be left alone."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import ibis

from analyser.config import Thresholds, threshold

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["SensitiveThresholds", "is_sensitive"]


class SensitiveThresholds(Thresholds):
    """Which subjects are left alone."""

    words: tuple[str, ...] = threshold(
        (
            "confidential",
            "strictly private",
            "privileged",
            "salary",
            "salaries",
            "payroll",
            "compensation review",
            "severance",
            "dismissal",
            "termination agreement",
            "termination of employment",
            "disciplinary",
            "grievance",
            "harassment",
            "redundancy",
            "redundancies",
            "layoff",
            "layoffs",
            "whistleblow",
            "whistleblower",
            "performance improvement plan",
            "performance warning",
            "medical leave",
            "sick leave",
            "sickness absence",
            "occupational health",
            "litigation",
            "lawsuit",
            "legal hold",
            "settlement offer",
            "internal investigation",
            "works council hearing",
            "pay review",
            "bonus round",
            "vertraulich",
            "gehalt",
            "gehälter",
            "kündigung",
            "abmahnung",
            "abfindung",
            "personalakte",
            "krankmeldung",
            "wiedereingliederung",
            "betriebsratsanhörung",
            "rechtsstreit",
            "klage",
            "confidentiel",
            "salaire",
            "salaires",
            "licenciement",
            "sanction disciplinaire",
            "arrêt maladie",
            "litige",
            "confidencial",
            "salario",
            "despido",
            "baja médica",
            "litigio",
            "riservato",
            "stipendio",
            "licenziamento",
            "contenzioso",
            "vertrouwelijk",
            "salaris",
            "ontslag",
            "ziekteverlof",
            "geschil",
        ),
        "Words and phrases that mark a subject; whole words, any case",
    )


def is_sensitive(base_subject: ir.StringColumn, limits: SensitiveThresholds) -> ir.BooleanValue:
    """True where the base subject (lower case) bears one of the words as a whole word, in either spelling of accents;
    null subjects are not sensitive.
    """
    forms = {unicodedata.normalize(form, word.lower()) for word in limits.words for form in ("NFC", "NFD")}
    if not forms:
        return ibis.literal(False)  # noqa: FBT003
    words = "|".join(re.escape(word) for word in sorted(forms)).replace("\\ ", r"\s+")
    outside = r"[^\p{L}\p{M}\p{N}]"
    return base_subject.re_search(rf"(?:^|{outside})(?:{words})(?:$|{outside})").fill_null(False)  # noqa: FBT003
