"""Charts of the product: data in, a picture out. Calendar, curve and matrix; networks stand in `networks`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from analyser.privacy import suppress, suppressed
from analyser.report import palette
from analyser.report.svg import altair, picture
from analyser.report.text import WEEKDAYS, clipped, counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyser.report.measures import Flow
    from analyser.report.svg import Picture

__all__ = ["WEEKS", "cadence_calendar", "coverage_curve", "flow_matrix"]

SPACES: Final = 40
"""Spaces that the curve draws at the most; the table lists all."""

WEEKS: Final = 26
"""Weeks that a calendar shows at the most."""

OTHERS: Final = "other departments"

_DAY: Final = 17
"""Side of a day of the calendar, in pixels."""


def cadence_calendar(
    key: str, name: str, mail: Mapping[date, tuple[int, int]], last: date, *, expected: int | None = None
) -> Picture:
    """When a space's mail was sent: weeks across, weekdays down, shade by messages.

    Parameters
    ----------
    key
        Identity of the picture on its page.
    mail
        Messages and people by day, in the organisation's time zone; days without mail may be absent.
    last
        Last day of the analysed period; the calendar ends with its week.
    expected
        Weekday on which mail is expected (0 Monday); its days are outlined.
    """
    alt = altair()
    monday = last - timedelta(days=last.weekday())
    days = [monday + timedelta(days=7 - n) for n in range(1, WEEKS * 7 + 1)]
    shown = sorted(day for day in days if day <= last)
    most = max((mail[day][0] for day in shown if day in mail), default=1)
    marks = [_day(day, monday, mail.get(day, (0, 0)), most) for day in shown]
    x, y = _pixels("x", WEEKS * _DAY), _pixels("y", 7 * _DAY, down=True)
    square = {"width": _DAY - 3, "height": _DAY - 3, "cornerRadius": 2}
    base = alt.Chart(alt.Data(values=marks)).encode(x=x, y=y, description="said:N")
    layers = [
        base.mark_rect(fill=palette.FAINT, aria=False, **square),
        base.mark_rect(fill=palette.ACCENT, **square).encode(opacity=alt.Opacity("shade:Q", scale=None)),
    ]
    if expected is not None:
        slots = base.transform_filter(f"datum.weekday === {expected}")
        layers.append(slots.mark_rect(fill="transparent", stroke=palette.ACCENT, strokeWidth=1.2, aria=False, **square))
    layers += [_months(shown, monday), _weekday_names()]
    chart = alt.layer(*layers).properties(width=WEEKS * _DAY, height=7 * _DAY)
    with_mail = [day for day in shown if mail.get(day, (0, 0))[0]]
    total = sum(mail[day][0] for day in with_mail)
    return picture(
        chart,
        key,
        f"Mail of “{name}” by day",
        f"Calendar of {WEEKS} weeks up to {last.day} {last:%B %Y}: {counted(total, 'mail')}"
        f" on {counted(len(with_mail), 'day')}"
        + (f"; {WEEKDAYS[expected]}s are outlined." if expected is not None else "."),
        data=(("Day", "Mails", "People"), [(day.isoformat(), *mail[day]) for day in with_mail]),
    )


def _day(day: date, monday: date, mail: tuple[int, int], most: int) -> dict[str, Any]:
    messages, people = mail
    said = f"{WEEKDAYS[day.weekday()]} {day.day} {day:%B %Y}: {counted(messages, 'mail')}"
    return {
        "x": (WEEKS - 1 + (day - monday).days // 7 + 0.5) * _DAY,
        "y": (day.weekday() + 0.5) * _DAY,
        "weekday": day.weekday(),
        # from a quarter on: a single mail must be seen
        "shade": 0.25 + 0.75 * (messages / most) ** 0.5 if messages else 0,
        "said": f"{said}, {counted(people, 'person', 'people')}" if messages else said,
    }


def _months(shown: Sequence[date], monday: date) -> Any:
    """Names of months over the weeks in which they begin."""
    alt = altair()
    firsts = [day for day in shown if day.day == 1]
    labels = [
        {"x": (WEEKS - 1 + (day - monday).days // 7 + 0.1) * _DAY, "y": -8, "text": f"{day:%b}"}
        for day in firsts
        if (monday - day).days > 7  # noqa: PLR2004  a name needs the room of two weeks
    ]
    return _labels(alt.Data(values=labels), WEEKS * _DAY, 7 * _DAY, "left")


def _weekday_names() -> Any:
    alt = altair()
    labels = [{"x": -8, "y": (n + 0.5) * _DAY, "text": WEEKDAYS[n][:3]} for n in (0, 2, 4, 6)]
    return _labels(alt.Data(values=labels), WEEKS * _DAY, 7 * _DAY, "right")


def _labels(data: Any, width: float, height: float, align: str) -> Any:
    alt = altair()
    chart = alt.Chart(data).mark_text(align=align, baseline="middle", fontSize=11, color=palette.MUTED, aria=False)
    return chart.encode(x=_pixels("x", width), y=_pixels("y", height, down=True), text="text:N")


def _pixels(channel: str, length: float, *, down: bool = False) -> Any:
    """A channel whose values are pixels."""
    alt = altair()
    kind = alt.X if channel == "x" else alt.Y
    return kind(f"{channel}:Q", axis=None, scale=alt.Scale(domain=[length, 0] if down else [0, length], nice=False))


def coverage_curve(key: str, spaces: Sequence[tuple[str, float, bool]]) -> Picture:
    """How much the first k spaces serve together.

    Parameters
    ----------
    spaces
        In rank order: name, share of all benefit that it adds (0 to 1), True for a pilot.
    """
    alt = altair()
    steps: list[dict[str, Any]] = [{"spaces": 0, "share": 0.0, "pilot": False, "said": ""}]
    total = 0.0
    for number, (name, share, pilot) in enumerate(spaces, 1):
        total += share
        said = f"{number}. {name}: {total:.0%} together"
        steps.append({"spaces": number, "share": total, "pilot": pilot, "said": said})
    pilots = sum(1 for *_, pilot in spaces if pilot)
    top = min(1.0, max(0.1, steps[min(len(steps) - 1, SPACES)]["share"] * 1.08))
    x = alt.X(
        "spaces:Q",
        title="Spaces, in the order in which they are proposed",
        axis=alt.Axis(tickMinStep=1, tickCount=8, grid=False),
    )
    y = alt.Y(
        "share:Q", title="Benefit together", scale=alt.Scale(domain=[0, top]), axis=alt.Axis(format="%", tickCount=5)
    )
    shown = steps[: max(SPACES, 2 * pilots) + 1]
    base = alt.Chart(alt.Data(values=shown)).encode(x=x, y=y)
    first = base.transform_filter(f"datum.spaces <= {pilots}")
    chart = alt.layer(
        base.mark_line(interpolate="step-after", color=palette.OTHER, strokeWidth=1.5, aria=False),
        first.mark_line(interpolate="step-after", color=palette.ACCENT, strokeWidth=2.5, aria=False),
        base.transform_filter("datum.pilot")
        .mark_circle(color=palette.ACCENT, opacity=1, size=70)
        .encode(description="said:N"),
    ).properties(width=640, height=240)
    served = sum(share for _, share, pilot in spaces if pilot)
    return picture(
        chart,
        key,
        "What the first spaces serve together",
        f"{counted(pilots, 'pilot')} serve {served:.0%} of what could be served; all {len(spaces)} spaces {total:.0%}.",
        data=(
            ("Spaces", "Name", "Adds", "Together"),
            [
                (step["spaces"], name, f"{share:.1%}", f"{step['share']:.1%}")
                for step, (name, share, _) in zip(steps[1:], spaces, strict=True)
            ],
        ),
        caption="Dots are the pilots; the step of each space is what it adds to those before it."
        + (f" The first {len(shown) - 1} spaces are drawn." if len(shown) < len(steps) else ""),
    )


def flow_matrix(
    key: str, flows: Sequence[Flow], headcount: Mapping[str, int], minimum: int, *, most: int = 14
) -> Picture:
    """Mail between departments: senders down, receivers across, shade by the square root of deliveries.

    Parameters
    ----------
    headcount
        People by department.
    minimum
        Cells with fewer people behind them say so instead of a number.
    most
        Departments that have a row of their own; the smallest others share one.
    """
    alt = altair()
    order = sorted(headcount, key=lambda name: (-headcount[name], name))
    own = order if len(order) <= most else order[: most - 1]
    cells = _cells(flows, set(own))
    names = [*own, *([OTHERS] if len(own) < len(order) else [])]
    peak = max((n for (a, b), (n, _) in cells.items() if a != b), default=1) or 1
    marks = []
    for (sender, receiver), (deliveries, people) in sorted(cells.items()):
        hidden = suppress(people, minimum)
        marks.append(
            {
                "from": clipped(sender, 24),
                "to": clipped(receiver, 24),
                "shade": 0.0 if hidden or sender == receiver else max(0.06, (deliveries / peak) ** 0.5),
                "diagonal": sender == receiver,
                "mark": "✕" if hidden else "",
                "said": f"{sender} to {receiver}: "
                + (suppressed(minimum) if hidden else f"{counted(deliveries, 'delivery', 'deliveries')}"),
            }
        )
    sort = [clipped(name, 24) for name in names]
    x = alt.X("to:N", sort=sort, title="Received by", axis=alt.Axis(orient="top", labelAngle=-50, labelLimit=170))
    y = alt.Y("from:N", sort=sort, title="Sent by", axis=alt.Axis(labelLimit=170))
    base = alt.Chart(alt.Data(values=marks)).encode(x=x, y=y, description="said:N")
    side = 30 * len(names)
    chart = alt.layer(
        base.mark_rect(fill=palette.FAINT, stroke=palette.GROUND, aria=False),
        base.mark_rect(fill=palette.ACCENT).encode(opacity=alt.Opacity("shade:Q", scale=None)),
        base.mark_text(color=palette.MUTED, fontSize=11, aria=False).encode(text="mark:N"),
    ).properties(
        width=side,
        height=side,
        # the slanting name of the last column reaches beyond the matrix
        padding={"left": 4, "top": 4, "right": 40, "bottom": 4},
    )
    return picture(
        chart,
        key,
        "Mail between departments",
        _widest(cells, minimum),
        data=(("Sent by", "Received by", "Deliveries"), _matrix_rows(cells, minimum)),
        caption="Shade by the square root of deliveries; mail within a department is left pale, so that ties between"
        f" them are seen. ✕ {suppressed(minimum)}, so that nobody can be singled out.",
    )


def _cells(flows: Sequence[Flow], own: set[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """Deliveries and people by cell; in a shared row, the people of its largest part stand for all."""
    cells: dict[tuple[str, str], tuple[int, int]] = {}
    for flow in flows:
        cell = (flow.source if flow.source in own else OTHERS, flow.target if flow.target in own else OTHERS)
        deliveries, people = cells.get(cell, (0, 0))
        cells[cell] = (deliveries + flow.deliveries, max(people, flow.people))
    return cells


def _matrix_rows(cells: Mapping[tuple[str, str], tuple[int, int]], minimum: int) -> list[tuple[str, str, str]]:
    ordered = sorted(cells.items(), key=lambda cell: (-cell[1][0], cell[0]))
    shown = [(a, b, f"{n:,}") for (a, b), (n, people) in ordered if not suppress(people, minimum)]
    hidden = sorted((a, b, suppressed(minimum)) for (a, b), (_, people) in ordered if suppress(people, minimum))
    return [*shown, *hidden]


def _widest(cells: Mapping[tuple[str, str], tuple[int, int]], minimum: int) -> str:
    between = {
        cell: n
        for cell, (n, people) in cells.items()
        if cell[0] != cell[1] and OTHERS not in cell and not suppress(people, minimum)
    }
    if not between:
        return f"No two departments exchange mail of at least {minimum} people."
    (sender, receiver), n = max(between.items(), key=lambda item: (item[1], item[0]))
    return f"The widest flow between departments is from {sender} to {receiver}: {n:,} deliveries."
