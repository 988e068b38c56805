"""Mail counts half per half-life, and a date in the future is worth no more than today."""

from __future__ import annotations

from datetime import timedelta

import pytest

from analyser.analysis.audiences.recency import recency

DAY = timedelta(days=1)


@pytest.mark.parametrize(("age", "weight"), [(0, 1), (45, 0.5), (90, 0.25), (-45, 1), (-9000, 1)])
def test_weight_by_age(age, weight, table):
    mail = table("mail", [{"day": 0}])
    now = mail.sent_at.max().to_pyarrow().as_py() + age * DAY
    assert mail.select(x=recency(mail.sent_at, now, 45.0)).to_pyarrow()["x"].to_pylist() == pytest.approx([weight])
