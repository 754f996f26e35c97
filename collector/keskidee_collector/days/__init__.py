"""One row a machine and day, for good."""
