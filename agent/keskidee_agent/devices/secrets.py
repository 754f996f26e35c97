"""Credentials from the command line: a community, or a user with keys that stand in files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from keskidee_agent.devices.engine import AUTHENTICATIONS, PRIVACIES, V1, V2C, V3, Credential

if TYPE_CHECKING:
    import argparse

COMMUNITY = "KESKIDEE_SNMP_COMMUNITY"
SHORTEST_KEY = 8  # RFC 3414: shorter passphrases are refused by agents


class WrongSecret(Exception):
    """What was typed is no credential; the text says where and what is valid."""


def credential_of(args: argparse.Namespace) -> Credential:
    """The credential that options and environment give. Raises WrongSecret."""
    if args.user is None:
        if args.auth or args.priv:
            raise WrongSecret("--auth and --priv need --user")
        community = args.community or os.environ.get(COMMUNITY) or "public"
        return Credential(community=community, version=V1 if args.v1 else V2C)
    if args.community or args.v1:
        raise WrongSecret("--user is version 3: it goes with neither --community nor --v1")
    if args.priv and not args.auth:
        raise WrongSecret("--priv needs --auth: there is no privacy without authentication")
    auth = key("--auth", args.auth, AUTHENTICATIONS) if args.auth else None
    priv = key("--priv", args.priv, PRIVACIES) if args.priv else None
    return Credential(version=V3, user=args.user, auth=auth, priv=priv)


def key(option: str, word: str, protocols: tuple[str, ...]) -> tuple[str, bytes]:
    """`SHA:FILE`: the protocol, and the passphrase that is the first line of the file."""
    protocol, separator, path = word.partition(":")
    protocol = protocol.upper().replace("-", "")
    if not separator or protocol not in protocols:
        raise WrongSecret(f"{option} is PROTOCOL:FILE, where PROTOCOL is {', '.join(protocols)}")
    passphrase = first_line(option, path)
    if len(passphrase) < SHORTEST_KEY:
        raise WrongSecret(f"{option}: {path}: the passphrase has fewer than {SHORTEST_KEY} bytes")
    return protocol, passphrase


def first_line(option: str, path: str) -> bytes:
    """The first line of a file. Raises WrongSecret."""
    try:
        return Path(path).read_bytes().split(b"\n", 1)[0].rstrip(b"\r")
    except OSError as error:
        raise WrongSecret(f"{option}: {path}: {error.strerror}") from error
