"""Department recovery: do communities of the interaction graph agree with the departments of the directory?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.metrics import adjusted_mutual_info_score

__all__ = ["Recovery", "department_recovery"]


@dataclass(frozen=True, slots=True)
class Recovery:
    """Agreement of two partitions of the same people, 1 if they are equal and about 0 by chance."""

    people: int
    departments: int
    communities: int
    adjusted_mutual_information: float


def department_recovery(communities: pa.Table, principals: pa.Table) -> Recovery | None:
    """Adjusted mutual information of communities and departments; None where fewer than two departments are known.

    People who are in no community, or whose department is unknown, are left out.

    Parameters
    ----------
    communities, principals
        Tables of the lake.

    Notes
    -----
    Vinh, Epps, Bailey 2010; normalised by the arithmetic mean of both entropies.
    """
    at = pc.index_in(communities["principal"], principals["principal"].combine_chunks())
    department = pc.take(principals["department"].combine_chunks(), at.combine_chunks())
    rows = pa.table({"community": communities["community"], "department": department})
    rows = rows.filter(pc.is_valid(rows["department"]))
    named = rows["department"].to_numpy(zero_copy_only=False).astype(str)
    found = rows["community"].to_numpy()
    departments, truth = np.unique(named, return_inverse=True)
    if len(departments) < 2:  # noqa: PLR2004
        return None
    score = float(adjusted_mutual_info_score(truth, found))
    return Recovery(len(truth), len(departments), len(np.unique(found)), score)
