"""One post's decisions, free of I/O: events in, commands out."""
