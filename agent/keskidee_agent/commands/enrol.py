"""`keskidee agent enrol URL`: joins this machine to a collector with the token that the collector gave.

The token is sent only to a server that proves to hold the certificate authority whose fingerprint stands in the token:
the authority is fetched without trust, compared, and from then on it is the only one that is trusted. A token without a
fingerprint is of a collector that leaves TLS to a proxy in front of it: over https that proxy's certificate is checked
against `ca_file`, or else the system's authorities, before the token goes out.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import ssl
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keskidee_agent.transport.asking import CallFailed, call, session_through
from keskidee_agent.transport.identity import (
    CA_FILE,
    IDENTITY_FILE,
    SYSTEM,
    Identity,
    read_identity,
    settings_of,
    state_directory,
    write_identity,
)
from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.route import Route, route_to
from keskidee_agent.transport.trust import system_authorities, usable
from keskidee_config import ConfigError, decoded

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    import requests

    from keskidee_agent.transport.origin import Origin

TOKEN_VARIABLE = "KESKIDEE_TOKEN"  # noqa: S105  # the name, not the secret
NO_FINGERPRINT = "-"
MARKS = ("\ufeff", "\xef\xbb\xbf")
"""What PowerShell puts before the first line that it pipes as UTF-8: as it is, and as Python reads it on Windows."""
EXAMPLE = """\
example, with the token in a file that only you can read:
  keskidee agent enrol https://collector.example.org:5375 --token-file join-token

Without --token-file the token comes from the environment variable KESKIDEE_TOKEN, or from standard input."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command `enrol`."""
    from argparse import RawDescriptionHelpFormatter

    parser = subparsers.add_parser(
        "enrol",
        help="join a collector",
        description="Joins this machine to the collector at URL with a token that the collector gave.",
        epilog=EXAMPLE,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("url", metavar="URL", help="https://HOST:PORT; http only to this machine itself")
    parser.add_argument("--token-file", metavar="FILE", help="file with the join token; - for standard input")
    parser.add_argument("--config", metavar="FILE", type=Path, help="settings (default: agent.yml, where there is one)")
    parser.add_argument(
        "--state",
        metavar="DIR",
        type=Path,
        help="where credential and spool are kept (default: state_directory of agent.yml)",
    )
    parser.add_argument("--site", help="site to be filed under; a token for another one is refused")
    parser.add_argument("--role", help="role to be filed under, likewise")
    parser.add_argument(
        "--force", action="store_true", help="enrol again, under its record where the collector knows it"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Enrols. Status 0 done, 1 the collector refused or cannot be reached, 2 usage."""
    from keskidee_agent.gather.output import write_stdout
    from keskidee_agent.host.facts import facts_of
    from keskidee_agent.host.machine import Machine

    state = args.state
    try:
        settings = settings_of(args.config)
        state = state or state_directory(settings.state_directory)
        origin = origin_of(args.url)
        if (state / IDENTITY_FILE).exists() and not args.force:
            raise ConfigError(f"enrolled already ({state / IDENTITY_FILE}); --force enrols again")
        token = read_token(args.token_file, os.environ)
        wishes = {"site": args.site or settings.site or "", "role": args.role or settings.role or ""}
        route = route_to(origin, settings, os.environ)
        facts = facts_of(Machine())
        identity = enrol(origin, token, state, facts, wishes=wishes, ca_file=settings.ca_file, route=route)
    except (ConfigError, ValueError) as error:
        sys.stderr.write(f"keskidee: {error}\n")
        return 2
    except CallFailed as error:
        sys.stderr.write(f"keskidee: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"keskidee: {error.filename or state}: {error.strerror}\n")
        return 1
    write_stdout(f"enrolled as {identity.instance} (site {identity.site}, role {identity.role}) at {origin.url}\n")
    return 0


def read_token(file: str | None, environment: Mapping[str, str]) -> str:
    """The token from a file, from standard input (`-`, or where nothing else is named), or from KESKIDEE_TOKEN.

    Raises ConfigError where there is none.
    """
    if file is None and environment.get(TOKEN_VARIABLE):
        text = environment[TOKEN_VARIABLE]
    elif file in (None, "-"):
        if sys.stdin.isatty():
            sys.stderr.write("join token: ")
            sys.stderr.flush()
        text = sys.stdin.readline()
    else:
        try:
            text = decoded(Path(file).read_bytes())
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: cannot be read: {getattr(error, 'strerror', None) or 'not text'}") from None
    if not text.strip():
        raise ConfigError("no join token: give --token-file FILE, or - and the token on standard input")
    for mark in MARKS:
        text = text.removeprefix(mark)
    return text.strip()


def fingerprint_of(token: str) -> str:
    """The SHA-256 (hex) of the authority in `kj1_SECRET_FINGERPRINT`; `-` where the collector itself has no TLS.

    Raises ConfigError for what is no join token; the text is never quoted.
    """
    start, _, fingerprint = token.rpartition("_")
    hexadecimal = len(fingerprint) == 64 and not set(fingerprint) - set("0123456789abcdef")
    if (
        not start.startswith("kj1_")
        or len(start) < 20
        or not token.isascii()
        or not (hexadecimal or fingerprint == NO_FINGERPRINT)
    ):
        raise ConfigError("this is no join token (kj1_...); `keskidee collector token create` makes one")
    return fingerprint


def enrol(
    origin: Origin,
    token: str,
    state: Path,
    facts: dict[str, str],
    *,
    wishes: Mapping[str, str] | None = None,
    ca_file: str | None = None,
    route: Route | None = None,
) -> Identity:
    """Joins the collector and keeps what it gave in the folder `state`.

    `facts` are facts_of()'s, `wishes` may hold site and role. `ca_file` has authorities (PEM) that may sign the
    server's certificate in place of the collector's own or the system's; a fingerprint in the token is compared all the
    same. Raises CallFailed, ConfigError (no token, or of another kind of collector), OSError where `state` cannot
    be written.
    """
    fingerprint = fingerprint_of(token)
    if not origin.tls and fingerprint != NO_FINGERPRINT:
        raise ConfigError(f"this token wants https, not {origin.url}")
    trusted = usable(Path(ca_file)) if ca_file and origin.tls else ""
    by_system = origin.tls and fingerprint == NO_FINGERPRINT and not trusted
    if by_system:
        trusted = system_authorities(state)
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with session_through(route or Route()) as session, tempfile.TemporaryDirectory(dir=state) as folder:
        ca_pem = None
        if fingerprint != NO_FINGERPRINT:
            ca_pem = _fetch_authority(session, origin, fingerprint)
            own = Path(folder) / CA_FILE
            own.write_bytes(ca_pem)
            trusted = trusted or str(own)
        session.close()  # that connection was not verified, so the token must not travel on it
        session.verify = trusted or True
        body = {"hostname": facts.get("hostname", ""), "facts": facts, **(wishes or {}), **_who_it_was(state, token)}
        answer = call(session, "POST", f"{origin.url}/v1/enrol", token=token, json=body)
    given = _given(answer)
    identity = Identity(collector=origin.url, authority=SYSTEM if by_system else "", **given)
    write_identity(state, identity, ca_pem)
    return identity


def _who_it_was(state: Path, token: str) -> dict[str, Any]:
    """What shows that this machine is the one that enrolled here before, without telling its credential."""
    try:
        known = read_identity(state)
    except ConfigError:
        return {}
    kept = hashlib.sha256(known.credential.encode()).digest()  # what a collector that knows it has of it
    return {"before": {"machine_id": known.machine_id, "proof": hmac.digest(kept, token.encode(), "sha256").hex()}}


def _fetch_authority(session: requests.Session, origin: Origin, fingerprint: str) -> bytes:
    """The collector's authority as PEM, proved by the fingerprint."""
    import warnings

    from urllib3.exceptions import InsecureRequestWarning

    session.verify = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureRequestWarning)
        answer = call(session, "GET", f"{origin.url}/v1/ca")
    try:
        der = ssl.PEM_cert_to_DER_cert(answer.text.strip())
    except ValueError:
        raise CallFailed(f"{origin.url} does not give a certificate authority; is it a collector?") from None
    if answer.status_code != 200 or not hmac.compare_digest(hashlib.sha256(der).hexdigest(), fingerprint):
        raise CallFailed(
            f"{origin.url} is not the collector of this token: its authority has another fingerprint"
            " (or was rotated: then a new token names it)"
        )
    return ssl.DER_cert_to_PEM_cert(der).encode()


def _given(answer: requests.Response) -> dict[str, str]:
    """machine_id, credential, instance, site and role of a 201. Raises CallFailed for every other answer."""
    try:
        values = answer.json()
    except ValueError:
        values = {}
    values = values if isinstance(values, dict) else {}
    if answer.status_code == 201:
        names = ("machine_id", "credential", "instance", "site", "role")
        if all(isinstance(values.get(name), str) for name in names):
            return {name: values[name] for name in names}
    detail = str(values.get("detail") or values.get("title") or answer.text[:80])
    raise CallFailed(f"the collector refused (status {answer.status_code}): {detail}")
