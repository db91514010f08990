"""One file per change of the tables; a file here is never changed after a release."""
