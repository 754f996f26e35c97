"""Why a notification is not taken."""

from __future__ import annotations


class Refused(Exception):
    """A notification that is not taken; the text is the reason, a label's value."""
