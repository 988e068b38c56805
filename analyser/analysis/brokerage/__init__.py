"""How departments are linked: structural facts about links, never about persons."""

from __future__ import annotations

from analyser.analysis.brokerage.thresholds import BrokerageThresholds

__all__ = ["BrokerageThresholds"]
