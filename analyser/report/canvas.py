"""Charts whose coordinates are the pixels of the picture, for networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyser.report.svg import altair

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["frame", "line", "rules"]


def frame(chart: Any, size: tuple[float, float]) -> Any:
    """A chart whose x and y are pixels of the picture."""
    alt = altair()
    channels = []
    for kind, name, length in ((alt.X, "x", size[0]), (alt.Y, "y", size[1])):
        domain = [0, length] if name == "x" else [length, 0]
        channels.append(kind(f"{name}:Q", axis=None, scale=alt.Scale(domain=domain, nice=False)))
    return chart.encode(*channels)


def line(one: tuple[float, float], other: tuple[float, float], width: float, **more: object) -> dict[str, object]:
    return {"x": one[0], "y": one[1], "x2": other[0], "y2": other[1], "wide": width, **more}


def rules(lines: Sequence[dict[str, object]], size: tuple[float, float], colour: str | None, opacity: float) -> Any:
    """Straight lines; `colour` None takes each line's own."""
    alt = altair()
    marks = frame(alt.Chart(alt.Data(values=list(lines))), size)
    marks = marks.mark_rule(opacity=opacity, strokeCap="round", aria=any("said" in line for line in lines))
    marks = marks.encode(x2="x2:Q", y2="y2:Q", strokeWidth=alt.StrokeWidth("wide:Q", scale=None))
    if any("said" in line for line in lines):
        marks = marks.encode(description="said:N")
    return marks.encode(stroke=alt.value(colour) if colour else alt.Stroke("colour:N", scale=None))
