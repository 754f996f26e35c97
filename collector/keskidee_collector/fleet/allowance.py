"""What somebody may do so often, saved up to a bound: requests of a machine, changes of its asset and of its parts."""


def saved_up(left: float, elapsed_seconds: float, *, most: float, per_seconds: float) -> float:
    """How much is left after so many seconds more, where `most` come in `per_seconds`, and `most` is the bound."""
    return min(left + elapsed_seconds * most / per_seconds, float(most))
