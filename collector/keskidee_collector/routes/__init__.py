"""Every route that is no report and no page for people, and who may ask it."""
