"""Composition root: wires the engine to its adapters."""
