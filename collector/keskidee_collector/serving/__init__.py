"""The process and its connections: how the collector is reached, starts and stops."""
