"""Openline: a direct line between two organisations that do not trust each other.

The package is split into rooms; which room may import which is fixed in
docs/architecture.md and held by import-linter.
"""

__version__ = "0.0.1"
