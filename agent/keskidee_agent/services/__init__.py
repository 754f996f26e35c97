"""Services as users meet them, read from this machine: web pages, TCP ports, names, and how old a file is."""
