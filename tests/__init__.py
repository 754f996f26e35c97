"""How we know. A package, so that tests share what starts real programs: `from tests.processes import Start`."""
