"""A generated organisation with planted, labelled patterns and decoys."""

from __future__ import annotations

from analyser.sources.sample.source import SampleOrganisationSource

__all__ = ["SampleOrganisationSource"]
