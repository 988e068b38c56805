"""What a miner finds: audiences of one kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ibis import selectors

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["Mined", "long"]


@dataclass(frozen=True, slots=True)
class Mined:
    """Audiences of one kind.

    Parameters
    ----------
    meta
        `audience`, `kind`, `stem`.
    members
        `audience`, `actor`, `role`.
    spoken
        `audience`, `message`.
    measures
        `audience`, `measure`, `value`: what only audiences of this kind have, read by their rule; None for nothing.
    rhythm
        Whether its rhythm is tested. Tests are corrected for their number, so each that no rule asks for weakens the
        others.
    """

    meta: ir.Table
    members: ir.Table
    spoken: ir.Table
    measures: ir.Table | None = None
    rhythm: bool = True


def long(wide: ir.Table) -> ir.Table:
    """Measures as rows: `audience`, `measure`, `value`, from a column each."""
    names = [name for name in wide.columns if name != "audience"]
    each = wide.select("audience", **{name: wide[name].cast("float64") for name in names})
    return each.pivot_longer(selectors.cols(*names), names_to="measure", values_to="value")
