"""Propose collaboration spaces from mailbox metadata. `ARCHITECTURE.md` shows the way through the house."""

__all__ = ["__version__"]

__version__ = "0.1.0"
