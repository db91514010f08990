"""The conformance kit: a peer that speaks well and wrongly on purpose, and reports by clause.

It connects over real sockets, pinned like any peer, with a log of its own that begins at the
founding of the line. What it finds is said with the clause of docs/spec that speaks of it.
"""
