"""What goes out in a round, in which form, and how much of it."""
