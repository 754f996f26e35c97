"""`keskidee agent ...`: each command in a module of its own."""
