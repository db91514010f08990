"""The duty officer's page and its server."""
