"""A desk without a browser, for checks and tests."""
