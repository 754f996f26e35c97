"""The asset register: what is owned, what it is made of, and what became of it."""
