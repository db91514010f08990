"""The common record (pure): entries, trees, notes, receipts, logs, bundles, audit."""
