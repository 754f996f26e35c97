"""One round of readings: sources found, read before a deadline, and their samples put together."""
