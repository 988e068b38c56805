"""Measures are published as rows, whatever an audience is measured by."""

import ibis
import pyarrow as pa

from analyser.pipeline.mining.mined import long


def test_a_row_per_measure():
    wide = ibis.memtable(pa.table({"audience": ["a", "b"], "hours": [24.0, 1.0], "threads": [3, 4]}))
    rows = {(r["audience"], r["measure"]): r["value"] for r in long(wide).to_pyarrow().to_pylist()}
    assert rows == {("a", "hours"): 24.0, ("b", "hours"): 1.0, ("a", "threads"): 3.0, ("b", "threads"): 4.0}
    assert long(wide).value.type().is_float64()
