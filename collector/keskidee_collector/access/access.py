"""Who may do what: join tokens for new machines, metrics tokens for Prometheus, API tokens for the register, the admin
token of this host.

Tokens are 256 random bits and known here by their SHA-256 only. A join token carries the fingerprint of the agents'
CA behind its secret, so that an agent can check whom it talks to before it sends anything.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from keskidee_collector.store.register import Token

if TYPE_CHECKING:
    from collections.abc import Iterable

JOIN, METRICS, API, API_WRITE = "join", "metrics", "api", "api-write"
SCOPES = (JOIN, METRICS, API, API_WRITE)
_PREFIXES = {JOIN: "kj1", METRICS: "km1", API: "kp1", API_WRITE: "kp1"}
NO_FINGERPRINT = "-"
IN_FORCE, REVOKED, EXPIRED, USED_UP = "in force", "revoked", "expired", "used up"
_REFUSED = {REVOKED: "was revoked", EXPIRED: "has expired", USED_UP: "is used up"}


class NotAllowed(Exception):
    """The token is unknown, revoked, used up or expired; the text says which."""


def digest(secret: str) -> bytes:
    """What is kept of a token or a credential."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def new_credential() -> str:
    """256 random bits, base64url without padding."""
    return secrets.token_urlsafe(32)


def matches(secret: str, kept: bytes) -> bool:
    """Whether this is the secret of which `kept` is the digest; takes the same time either way."""
    return hmac.compare_digest(digest(secret), kept)


class Access:
    """The tokens, by digest, with those that are no longer in force."""

    def __init__(self, tokens: Iterable[Token], fingerprint: str) -> None:
        self._tokens = {token.hash: token for token in tokens}
        self._fingerprint = fingerprint or NO_FINGERPRINT

    def issue(
        self,
        scope: str,
        *,
        now: float,
        site: str = "",
        role: str = "",
        expires_at: float | None = None,
        uses: int | None = None,
        fingerprint: str = "",
    ) -> tuple[str, Token]:
        """A new token's text (shown once) and what is kept of it; `keep` puts it in force.

        `fingerprint` stands in for the usual one, for a machine that comes by another way.
        """
        text = f"{_PREFIXES[scope]}_{new_credential()}"
        if scope == JOIN:
            text += f"_{fingerprint or self._fingerprint}"
        token = Token(secrets.token_hex(4), scope, digest(text), site, role, now, expires_at, uses)
        return text, token

    def name(self, fingerprint: str) -> None:
        """Tokens that are made from now on name the agents' CA with this fingerprint."""
        self._fingerprint = fingerprint

    def keep(self, token: Token) -> None:
        """Puts a token in force."""
        self._tokens[token.hash] = token

    def use(self, token: Token) -> Token:
        """The token after one more use; `token` is as `check` gave it just now."""
        return self._changed(token, -1)

    def give_back(self, token: Token) -> None:
        """Takes a use back; what others used meanwhile stays used, and a token that was revoked stays revoked."""
        self._changed(token, 1)

    def _changed(self, token: Token, uses: int) -> Token:
        now = self._tokens.get(token.hash, token)
        if now.uses_left is not None:
            now = now._replace(uses_left=now.uses_left + uses)
        if token.hash in self._tokens:
            self._tokens[token.hash] = now
        return now

    def revoke(self, token_id: str, now: float) -> Token | None:
        """Takes a token out of force; None where there is none of this id that was in it."""
        for token in self._tokens.values():
            if token.id == token_id and token.revoked_at is None:
                self._tokens[token.hash] = token._replace(revoked_at=now)
                return self._tokens[token.hash]
        return None

    def tokens(self) -> list[Token]:
        """Every token that is known, oldest first."""
        return sorted(self._tokens.values(), key=lambda token: token.created_at)

    def check(self, text: str, scope: str, now: float) -> Token:
        """The token behind this text. Raises NotAllowed."""
        token = self._tokens.get(digest(text))
        if token is None or token.scope != scope:
            raise NotAllowed(f"this {scope} token is not known here")
        standing = standing_of(token, now)
        if standing != IN_FORCE:
            raise NotAllowed(f"this {scope} token {_REFUSED[standing]}")
        return token

    def check_any(self, text: str, scopes: tuple[str, ...], now: float) -> Token:
        """The token behind this text, whose scope is one of these. Raises NotAllowed."""
        token = self._tokens.get(digest(text))
        return self.check(text, token.scope if token is not None and token.scope in scopes else scopes[0], now)


def standing_of(token: Token, now: float) -> str:
    """In force, revoked, expired or used up."""
    if token.revoked_at is not None:
        return REVOKED
    if token.expires_at is not None and token.expires_at <= now:
        return EXPIRED
    return IN_FORCE if token.uses_left is None or token.uses_left > 0 else USED_UP


def bearer(header: str) -> str:
    """The secret in an Authorization header: a bearer's, or the password of HTTP Basic (for people's browsers)."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        return _basic_password(rest.strip())
    return ""


def _basic_password(encoded: str) -> str:
    import base64
    import binascii

    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
