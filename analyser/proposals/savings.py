"""What a space would free: deliveries and hours a week, as a range, with the formula beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyser.config import Savings
    from analyser.findings.contract import Audience

__all__ = ["savings"]


def savings(audience: Audience, assumptions: Savings) -> dict[str, object]:
    """Savings of one audience's mail.

    Notes
    -----
    ``hours = (messages * minutes_per_sent + deliveries * minutes_per_read) / 60 / weeks * share_moved``, with the low
    and the high share that moves (`reference/metrics.md` section 1, cost of a pattern). Reading is assumed: metadata
    has
    no event for it. Messages, deliveries and weeks are those of the last half-year of the audience's life, so that
    neither
    a long history nor a silence since thins out its pace.
    """
    weeks = max(1, audience.pace_weeks)
    messages, deliveries = audience.pace_messages, audience.pace_deliveries
    minutes = messages * assumptions.minutes_per_sent + deliveries * assumptions.minutes_per_read
    hours = minutes / 60 / weeks
    low, high = assumptions.share_moved
    result: dict[str, object] = {
        "deliveries_per_week": round(deliveries / weeks, 1),
        "hours_per_week": round(hours * (low + high) / 2, 1),
        "hours_low": round(hours * low, 1),
        "hours_high": round(hours * high, 1),
        "formula": (
            f"({messages} messages × {assumptions.minutes_per_sent:g} min"
            f" + {deliveries} deliveries × {assumptions.minutes_per_read:g} min)"
            f" ÷ 60 ÷ {weeks} weeks × {low:.0%} to {high:.0%} that move"
        ),
    }
    if assumptions.hourly_rate is not None:
        result["cost_per_week_low"] = round(hours * low * assumptions.hourly_rate, 2)
        result["cost_per_week_high"] = round(hours * high * assumptions.hourly_rate, 2)
        result["currency"] = assumptions.currency
    return result
