"""One reading of the inventory a file; the agent finds them by itself. agent/README.md, "Inventory", says how."""
