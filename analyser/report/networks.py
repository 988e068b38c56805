"""The members of a space as a small network: a place for everybody, and no rank."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from analyser.report import layout, palette
from analyser.report.canvas import frame, line, rules
from analyser.report.svg import altair, picture
from analyser.report.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyser.report.svg import Picture

__all__ = ["Dot", "members_picture"]

_EDGES: Final = 150
_NAMED: Final = 45
_SIDE: Final = 400


@dataclass(frozen=True, slots=True)
class Dot:
    """A member in the picture of a space: short label, what the pointer says, place, colour."""

    principal: str
    label: str
    said: str
    core: bool
    owner: bool
    department: str


def _colours(departments: Sequence[str]) -> dict[str, str]:
    """A colour for each department: the most frequent eight have their own, all others share grey."""
    order = sorted(Counter(departments).items(), key=lambda item: (-item[1], item[0]))
    return {name: palette.SERIES[n] if n < len(palette.SERIES) else palette.OTHER for n, (name, _) in enumerate(order)}


def members_picture(key: str, name: str, dots: Sequence[Dot], pairs: Sequence[tuple[str, str, int]]) -> Picture:
    """Who writes with whom in a space: core inside, periphery on the ring, owners ringed, width by mail.

    Parameters
    ----------
    pairs
        Mail between members: one, other, deliveries either way.
    """
    alt = altair()
    place = layout.concentric([d.principal for d in dots if d.core], [d.principal for d in dots if not d.core], pairs)
    heavy = sorted(pairs, key=lambda pair: (-pair[2], pair[:2]))[:_EDGES]
    colour = _colours([d.department for d in dots])
    half, named = _SIDE / 2, len(dots) <= _NAMED
    at = {principal: (half + (half - 26) * x, half + (half - 26) * y) for principal, (x, y) in place.items()}
    size = 560 if named else 110
    points = [
        {
            "x": at[d.principal][0],
            "y": at[d.principal][1],
            "label": d.label if named else "",
            "said": d.said,
            "colour": colour[d.department],
            "ring": palette.INK if d.owner else palette.GROUND,
            "wide": 3 if d.owner else 1,
        }
        for d in dots
    ]
    peak = max((n for *_, n in heavy), default=1)
    lines = [line(at[a], at[b], 0.6 + 4 * (n / peak) ** 0.5) for a, b, n in heavy]
    spots = frame(alt.Chart(alt.Data(values=points)), (_SIDE, _SIDE))
    chart = alt.layer(
        rules(lines, (_SIDE, _SIDE), palette.OTHER, 0.45),
        spots.mark_circle(size=size, opacity=1).encode(
            fill=alt.Fill("colour:N", scale=None),
            stroke=alt.Stroke("ring:N", scale=None),
            strokeWidth=alt.StrokeWidth("wide:Q", scale=None),
            description="said:N",
        ),
        spots.mark_text(fontSize=10, fontWeight=600, color=palette.GROUND, aria=False).encode(text="label:N"),
    ).properties(width=_SIDE, height=_SIDE)
    core = sum(d.core for d in dots)
    folded = len(pairs) - len(heavy)
    return picture(
        chart,
        key,
        f"Members of “{name}”",
        f"{counted(core, 'member')} in the core and {len(dots) - core} around it;"
        f" {counted(len(pairs), 'pair')} exchange mail.",
        data=(("Department", "In the core", "Around it"), _by_department(dots)),
        caption="Core inside, periphery on the ring, owners ringed; width by all mail between two people."
        + (f" {folded:,} thinner ties are folded." if folded else ""),
        legend=[(name, shade) for name, shade in colour.items() if shade != palette.OTHER]
        + [("other departments", palette.OTHER)] * (palette.OTHER in colour.values()),
    )


def _by_department(dots: Sequence[Dot]) -> list[tuple[str, int, int]]:
    inside = Counter(d.department for d in dots if d.core)
    return [
        (name, inside[name], total - inside[name])
        for name, total in sorted(Counter(d.department for d in dots).items())
    ]
