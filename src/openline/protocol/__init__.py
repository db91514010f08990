"""The protocol between two posts (pure, sans-I/O)."""
