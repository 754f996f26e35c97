"""Names that all machines share: one definition a family, compiled, and filled with values."""
