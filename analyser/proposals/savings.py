"""What a space would free: deliveries and hours a week, as a range, with the formula and every assumption beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyser.config import Savings
    from analyser.findings.contract import Audience

__all__ = ["savings"]


def savings(audience: Audience, assumptions: Savings) -> dict[str, Any]:
    """Savings of one audience's mail.

    Returns
    -------
    dict
        ``deliveries_per_week``, and of these ``deliveries_low`` and ``deliveries_high`` that stop; ``hours_per_week``
        between ``hours_low`` and ``hours_high``; ``formula``, a text; ``generated``, the hours a week that the pattern
        takes today by what they are spent on, before any of it moves; ``assumptions``, sentences; where a rate is
        set, ``hourly_rate``, ``currency``, ``cost_per_week_low`` and ``cost_per_week_high``.

    Notes
    -----
    ``hours = (messages * minutes_per_sent + deliveries * minutes_per_read) / 60 / weeks * share_moved``, with the low
    and the high share that moves (`reference/metrics.md` section 1, cost of a pattern). It bills the sender's pattern
    and not the readers, as *generated workload* does: time created for internal recipients, each of whom counts once a
    message (section 1 [WPA-M]). Reading is assumed: metadata has no event for it. Messages, deliveries and weeks are
    those of the last half-year of the audience's life, so that neither a long history nor a silence since thins out its
    pace.
    """
    weeks = max(1, audience.pace_weeks)
    deliveries = audience.pace_deliveries
    # a program writes without anybody's time
    messages = round(audience.pace_messages * (1 - audience.automatic))
    writing, reading = assumptions.minutes_per_sent / 60 / weeks, assumptions.minutes_per_read / 60 / weeks
    hours = messages * writing + deliveries * reading
    low, high = assumptions.share_moved
    result: dict[str, Any] = {
        "deliveries_per_week": round(deliveries / weeks, 1),
        "deliveries_low": round(deliveries / weeks * low, 1),
        "deliveries_high": round(deliveries / weeks * high, 1),
        "hours_per_week": round(hours * (low + high) / 2, 1),
        "hours_low": round(hours * low, 1),
        "hours_high": round(hours * high, 1),
        "formula": (
            f"({messages} messages × {assumptions.minutes_per_sent:g} min"
            f" + {deliveries} deliveries × {assumptions.minutes_per_read:g} min)"
            f" ÷ 60 ÷ {weeks} weeks × {low:.0%} to {high:.0%} that move"
        ),
        "generated": _generated(audience, messages, writing, reading),
        "assumptions": _assumptions(audience, messages, assumptions),
    }
    if assumptions.hourly_rate is not None:
        result["cost_per_week_low"] = round(hours * low * assumptions.hourly_rate, 2)
        result["cost_per_week_high"] = round(hours * high * assumptions.hourly_rate, 2)
        result["hourly_rate"] = assumptions.hourly_rate
        result["currency"] = assumptions.currency
    return result


def _generated(audience: Audience, messages: int, writing: float, reading: float) -> dict[str, Any]:
    """Hours a week that the pattern takes today: of its authors, of those who answer, and of all who open it.

    Parameters
    ----------
    messages
        Messages that people wrote.
    writing, reading
        Hours a week per message, and per delivery.
    """
    answers = min(audience.pace_answers, messages)
    opening, answering = audience.pace_deliveries * reading, answers * writing
    beginning = (messages - answers) * writing
    return {
        "beginning_hours_per_week": round(beginning, 2),
        "answering_hours_per_week": round(answering, 2),
        "opening_hours_per_week": round(opening, 2),
        "words": (
            f"Today it takes {_time(beginning + answering + opening)} a week, charged to the pattern and to no reader:"
            f" {_time(opening)} to open {audience.pace_deliveries:,} deliveries, {_time(answering)} for {answers:,}"
            f" answers, {_time(beginning)} to begin {messages - answers:,} threads."
        ),
    }


def _time(hours: float) -> str:
    """Hours; minutes where they are fewer than one."""
    number, unit = (f"{hours * 60:.0f}", "minute") if round(hours * 60) < 60 else (f"{hours:.1f}", "hour")  # noqa: PLR2004
    return f"{number} {unit}{'' if number == '1' else 's'}"


def _assumptions(audience: Audience, messages: int, assumptions: Savings) -> list[str]:
    """What the hours rest on, in sentences."""
    low, high = assumptions.share_moved
    writing, reading = assumptions.minutes_per_sent, assumptions.minutes_per_read
    weeks = max(1, audience.pace_weeks)
    found = [
        f"Writing a message takes {writing:g} minutes, opening one {reading:g} (MyAnalytics: 5 and 2.5).",
        "Every delivery is opened: metadata has no event for it. Less where the next mail follows sooner.",
        f"{low:.0%} to {high:.0%} of this mail moves to the space.",
        f"Counted over the last {weeks} weeks of its life, each internal recipient once a message.",
    ]
    if programs := audience.pace_messages - messages:
        found.append(f"{programs:,} messages are by programs: they cost nobody time to write.")
    return found
