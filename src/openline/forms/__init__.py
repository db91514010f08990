"""Forms of notices (pure). Empty until the notices issue; the room exists so that its place is fixed."""
