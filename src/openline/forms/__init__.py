"""Forms of notices (pure).

Empty until notices come; the room exists so that its place is fixed.
"""
