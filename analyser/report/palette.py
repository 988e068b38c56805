"""Colours of the pictures: one set of names, and for each name what light pages show.

A picture is drawn in the light colours, which are right on paper and on slides. On a page, `analyser.report.svg.themed`
turns each of them into the CSS variable of its name, and the style sheet gives it a value for light and for dark.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ACCENT", "COLOURS", "FAINT", "GROUND", "INK", "LINE", "MUTED", "OTHER", "SERIES", "WARM"]

INK: Final = "#1c2729"
MUTED: Final = "#566366"
LINE: Final = "#bcc6c7"
FAINT: Final = "#eaeeee"
GROUND: Final = "#fffffe"
ACCENT: Final = "#0b6268"
WARM: Final = "#a24e10"
OTHER: Final = "#8b979a"

SERIES: Final = ("#0f6cbd", "#b3560b", "#0f7a5c", "#a3327a", "#7a6a00", "#5b4fc0", "#b3261e", "#3b6b86")
"""Eight colours that readers with any colour vision tell apart; beyond eight, labels tell."""

COLOURS: Final = {
    "ink": INK,
    "muted": MUTED,
    "line": LINE,
    "faint": FAINT,
    "ground": GROUND,
    "accent": ACCENT,
    "warm": WARM,
    "other": OTHER,
    **{f"series-{n}": colour for n, colour in enumerate(SERIES, 1)},
}
"""Names of the CSS variables (without their dashes) and the light colours behind them; no two are equal."""
