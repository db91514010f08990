"""Two posts in one process: faulty link and disk, virtual clock, one seed."""
