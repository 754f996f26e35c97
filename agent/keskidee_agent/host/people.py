"""Names of people: the one way by which a source may tell the name of a user, and how much of it.

Whoever reads the names of users (who is signed in, whose session was the last, which accounts there are) gives them to
`machine.user_name(text)` and leaves out what comes back as None. Off is the default, and holds until the collector has
said what this machine's site wants; the agent's own settings may allow less than that, never more.
"""

from __future__ import annotations

from _hashlib import hmac_digest  # the C function: `hmac` costs the resident agent 0.3 MiB

OFF, HASHED, CLEAR = 0, 1, 2
"""The places of the words of keskidee_report.rules.USER_NAMES."""
HASH_DIGITS = 16
SALT_BYTES = 16


def user_name(text: str, salt: bytes, choice: int) -> str | None:
    """The name as it may be told: None, 16 hexadecimal digits, or itself.

    The digits are the beginning of an HMAC-SHA-256 with the machine's salt, which never leaves it: the same user of the
    same machine has the same ones whatever the case of the letters, on another machine others. Without a salt: None.
    """
    if choice == CLEAR:
        return text
    if choice != HASHED or len(salt) != SALT_BYTES:
        return None
    return hmac_digest(salt, text.strip().lower().encode("utf-8", "replace"), "sha256").hex()[:HASH_DIGITS]
