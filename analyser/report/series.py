"""Charts over weeks and bars over names, for whoever looks closer than the report does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyser.report import palette
from analyser.report.svg import altair, picture
from analyser.report.text import clipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from analyser.report.svg import Picture

__all__ = ["bars", "weekly"]

_NAMED = 24  # letters of a name beside its bar


def weekly(
    key: str,
    title: str,
    unit: str,
    lines: Mapping[str, Sequence[tuple[date, float]]],
    *,
    marks: Sequence[tuple[date, str]] = (),
) -> Picture:
    """Lines over weeks, up to eight with a colour of their own.

    Parameters
    ----------
    key
        Identity of the picture on its page.
    unit
        What the vertical axis counts.
    lines
        By name: beginnings of weeks with values, in the order of time.
    marks
        Days at which a vertical line stands, and what it says.
    """
    alt = altair()
    names = list(lines)
    colour = {name: palette.SERIES[n] if n < len(palette.SERIES) else palette.OTHER for n, name in enumerate(names)}
    points = [
        {"name": name, "week": week.isoformat(), "value": value, "said": f"{name}, week of {week}: {value:,.0f}"}
        for name, values in lines.items()
        for week, value in values
    ]
    base = alt.Chart(alt.Data(values=points)).encode(
        x=alt.X("week:T", title=None, axis=alt.Axis(format="%b %Y", grid=False, tickCount=6)),
        y=alt.Y("value:Q", title=unit, scale=alt.Scale(domainMin=0)),
        color=alt.Color("name:N", legend=None, scale=alt.Scale(domain=names, range=list(colour.values()))),
    )
    layers = [
        base.mark_line(strokeWidth=2, aria=False),
        base.mark_circle(size=36, opacity=1).encode(description="said:N"),
    ]
    if marks:
        at = alt.Chart(alt.Data(values=[{"week": day.isoformat(), "text": text} for day, text in marks]))
        at = at.encode(x="week:T")
        layers.append(at.mark_rule(color=palette.INK, strokeDash=[4, 3], aria=False))
        layers.append(
            at.mark_text(align="left", baseline="top", dx=5, color=palette.INK, aria=False).encode(
                text="text:N", y=alt.value(2)
            )
        )
    rows = [(point["name"], point["week"], f"{point['value']:,.1f}") for point in points]
    return picture(
        alt.layer(*layers).properties(width=640, height=240),
        key,
        title,
        _ends(lines, unit),
        data=(("Line", "Week", unit), rows),
        legend=[(name, colour[name]) for name in names],
    )


def bars(key: str, title: str, unit: str, values: Sequence[tuple[str, float]], *, caption: str = "") -> Picture:
    """A bar for each name, in the order given.

    Parameters
    ----------
    values
        Names, and what they count.
    """
    alt = altair()
    rows: list[dict[str, Any]] = [
        {"name": clipped(name, _NAMED), "value": value, "text": f"{value:,.4g}", "said": f"{name}: {value:,.4g} {unit}"}
        for name, value in values
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("value:Q", title=unit, axis=alt.Axis(grid=False, tickCount=5)),
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=200, ticks=False)),
    )
    chart = alt.layer(
        base.mark_bar(color=palette.ACCENT).encode(description="said:N"),
        base.mark_text(align="left", dx=5, color=palette.INK, aria=False).encode(text="text:N"),
    )
    most = max(values, key=lambda value: value[1], default=None)
    return picture(
        # names are measured in another font than the reader's: there must be room for a wider one
        chart.properties(
            width=520, height=max(1, len(rows)) * 26, padding={"left": 28, "top": 4, "right": 28, "bottom": 4}
        ),
        key,
        title,
        "Nothing to show." if most is None else f"{len(rows)} bars; the longest is {most[0]}: {most[1]:,.4g} {unit}.",
        data=(("Name", unit), [(name, f"{value:,.4g}") for name, value in values]),
        caption=caption,
    )


def _ends(lines: Mapping[str, Sequence[tuple[date, float]]], unit: str) -> str:
    """Where each line begins and ends, in words."""
    told = [
        f"{name}: from {values[0][1]:,.0f} in the week of {values[0][0]} to {values[-1][1]:,.0f}"
        for name, values in lines.items()
        if values
    ]
    return f"{unit} by week. {'; '.join(told)}." if told else "Nothing to show."
