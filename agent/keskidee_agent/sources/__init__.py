"""One reading a file. A module here is a source: `read(machine)` is the whole contract (see agent/README.md)."""
