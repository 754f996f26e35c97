"""Everything that matters in one file, and back."""
