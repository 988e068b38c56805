"""From a chart to a static picture: SVG with a text alternative, hover titles, and the data behind it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

from analyser.errors import MissingExtraError
from analyser.report.palette import COLOURS, INK, LINE, MUTED

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Picture", "altair", "picture", "themed", "variable"]

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"

_NAMESPACE: Final = "http://www.w3.org/2000/svg"
_CHATTER: Final = ("role", "aria-roledescription", "aria-hidden", "aria-label", "class", "pointer-events")
_LONG_DECIMAL: Final = re.compile(r"(\d+\.\d\d)\d+")
_PAINT: Final = re.compile(r'\b(fill|stroke)="(#[0-9a-f]{6})"')
_VARIABLES: Final = {colour: f"var(--{name})" for name, colour in COLOURS.items()}


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn picture.

    Parameters
    ----------
    svg
        The picture, complete in itself: no script, no link, no style sheet.
    title, description
        Text alternative: what it is, and what it shows.
    columns, rows
        The data behind it, as a table.
    caption
        What the reader must know to read it: what was folded, what is not shown.
    legend
        Labels with their colours, of `analyser.report.palette`.
    """

    svg: str
    title: str
    description: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    legend: tuple[tuple[str, str], ...] = ()

    def _repr_html_(self) -> str:
        """The picture as notebooks show it: with its legend and caption."""
        marks = "".join(
            f'<span style="margin-right:1.2em"><span style="color:{colour}">■</span> {escape(label)}</span>'
            for label, colour in self.legend
        )
        said = f"<figcaption>{marks} {escape(self.caption)}</figcaption>" if marks or self.caption else ""
        return f"<figure><strong>{escape(self.title)}</strong><br>{self.svg}{said}</figure>"


def altair() -> Any:
    """The chart library.

    Raises
    ------
    MissingExtraError
        The extra `report` is not installed.
    """
    try:
        import altair as alt  # noqa: PLC0415  an extra: imported by who draws
    except ImportError as error:
        raise MissingExtraError("report", wanted_for="a picture") from error
    return alt


def picture(
    chart: Any,
    key: str,
    title: str,
    description: str,
    *,
    data: tuple[Sequence[str], Sequence[Sequence[object]]],
    caption: str = "",
    legend: Sequence[tuple[str, str]] = (),
) -> Picture:
    """Draw a chart.

    Parameters
    ----------
    chart
        An Altair chart; marks with a `description` get it as hover title.
    key
        Start of the identities in the SVG, unique on a page.
    data
        Column names and rows behind the picture.

    Raises
    ------
    MissingExtraError
        The extra `report` is not installed.
    """
    try:
        import vl_convert  # noqa: PLC0415  an extra: imported by who draws
    except ImportError as error:
        raise MissingExtraError("report", wanted_for="a picture") from error
    # data stands in the chart; an empty list of addresses forbids it to fetch any
    raw = vl_convert.vegalite_to_svg(_styled(chart).to_dict(), allowed_base_urls=[])
    columns, rows = data
    return Picture(
        svg=_accessible(raw, key, title, description),
        title=title,
        description=description,
        columns=tuple(columns),
        rows=tuple(tuple(str(cell) for cell in row) for row in rows),
        caption=caption,
        legend=tuple(legend),
    )


def themed(svg: str) -> str:
    """The picture for a page: each colour as the CSS variable of its name, so that dark pages can give it another."""
    return _PAINT.sub(lambda found: f'{found[1]}="{_VARIABLES.get(found[2], found[2])}"', svg)


def variable(colour: str) -> str:
    """The CSS variable of a colour of the palette."""
    return _VARIABLES[colour]


def _styled(chart: Any) -> Any:
    return (
        chart.configure(background="transparent", font=FONT, padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=MUTED,
            titleColor=INK,
            titleFontWeight="normal",
            gridColor=LINE,
            gridOpacity=0.5,
            domainColor=LINE,
            tickColor=LINE,
            labelFontSize=12,
            titleFontSize=12,
        )
    )


def _accessible(raw: str, key: str, title: str, description: str) -> str:
    """Give the picture a text alternative, its marks hover titles, and drop what only repeats it."""
    root = ET.fromstring(raw.replace(f' xmlns="{_NAMESPACE}"', "", 1))  # noqa: S314  made by Vega, two lines above
    for element in root.iter():
        said = element.get("aria-label")
        if said and element.get("role") == "graphics-symbol" and element.get("aria-roledescription") != "axis":
            hover = ET.Element("title")
            hover.text = said
            element.insert(0, hover)
        for name in _CHATTER:
            element.attrib.pop(name, None)
        for name in ("d", "transform"):
            if name in element.attrib:
                element.set(name, _LONG_DECIMAL.sub(r"\1", element.attrib[name]))
    _prune(root)
    width, height = root.get("width", "0"), root.get("height", "0")
    root.attrib.clear()
    root.attrib.update(
        {
            "xmlns": _NAMESPACE,
            "viewBox": f"0 0 {width} {height}",
            "width": width,
            "height": height,
            "role": "img",
            "aria-labelledby": f"{key}-title {key}-desc",
        }
    )
    for tag, text in (("desc", description), ("title", title)):
        element = ET.Element(tag, {"id": f"{key}-{tag}"})
        element.text = text
        root.insert(0, element)
    return ET.tostring(root, encoding="unicode")


def _prune(parent: ET.Element) -> None:
    """Drop what draws nothing: empty paths and groups of a chart's frame."""
    for child in list(parent):
        _prune(child)
        empty = child.tag == "g" and not len(child)
        hidden = child.get("display") == "none" or child.get("d") == "M0,0h0v0h0Z"
        if empty or (hidden and not len(child)):
            parent.remove(child)
