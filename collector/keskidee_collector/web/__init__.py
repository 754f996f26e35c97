"""The pages for people: what is wrong now, every machine, and how to add the next one. HTML without scripts."""
