"""How much a past message still says about the future."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

__all__ = ["recency"]


def recency(at: ir.TimestampValue, now: datetime, half_life_days: float) -> ir.FloatingValue:
    """One for mail of `now`, halved per half-life of age; what bears a later date is not worth more than new mail."""
    age = ibis.greatest(ibis.literal(now).epoch_seconds() - at.epoch_seconds(), 0) / 86400.0
    weight: ir.FloatingValue = ibis.literal(0.5) ** (age / half_life_days)
    return weight
