"""The link: TLS 1.3 over TCP and keyed UDP, every frame on every path."""
