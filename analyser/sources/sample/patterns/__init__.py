"""The planted patterns: every planter writes its instances and labels them; none knows of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from analyser.sources.sample.patterns import decoys, groups, guarded, notices, requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyser.sources.sample.planting import Planting

__all__ = ["PLANTERS"]

_FUNCTIONS: Final[tuple[Callable[[Planting], None], ...]] = (
    notices.status_report,
    notices.broadcast,
    requests.department_questions,
    requests.approval_chain,
    requests.scheduling,
    requests.document_rounds,
    groups.project_burst,
    notices.alerts,
    groups.decision_thread,
    groups.cc_for_cover,
    requests.social,
    groups.bridge,
    groups.working_group,
    requests.onboarding,
    notices.regional_notice,
    guarded.external,
    guarded.confidential,
    decoys.same_people,
    decoys.one_off_burst,
    decoys.outside_mass_mail,
    decoys.frequent_pair,
    decoys.payroll_report,
    decoys.monday_person,
    decoys.survey,
    decoys.constant_copy,
    decoys.nightly_report,
)

PLANTERS: Final[dict[str, Callable[[Planting], None]]] = {function.__name__: function for function in _FUNCTIONS}
"""Planters by name; the name is also the part whose chance they use."""
