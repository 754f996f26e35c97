"""`keskidee collector ...` and `keskidee register ...`."""
