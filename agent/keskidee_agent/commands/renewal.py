"""`keskidee agent run --renew`: gives this machine a new credential. The resident runs it, once a month or so.

The new one is made here, and the collector is told its SHA-256. Once that is durable there, it is kept here in place of
the old one, and used from the next report on: so one of both holds, whatever is lost or killed in between. Where the
collector knows this credential no more, the one before it is tried: a backup was restored that is older. The
authorities that the collector is known by are fetched on the way: one of them may be on its way out.
"""

from __future__ import annotations

import hashlib
import secrets
import ssl
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from keskidee_agent.transport.asking import CallFailed, call, session_through
from keskidee_agent.transport.identity import CA_FILE, read_identity, write_authorities, write_identity
from keskidee_agent.transport.trust import AUTHORITIES_AT_MOST, certificates_in

if TYPE_CHECKING:
    import requests

    from keskidee_agent.transport.route import Route

OK, STRANGER = 200, 401
PLACE = ("machine_id", "instance", "site", "role")
"""What a clone is given."""


def renew(state: Path, url: str, *, ca_file: str, route: Route, session_id: str = "") -> None:
    """Renews the credential in the folder `state`, at the collector with this URL.

    `session_id` is the resident's session, in hexadecimal: where the collector has found that it is of a copy of the
    machine that enrolled, it gives an id of its own instead, with which the new credential goes.
    Raises CallFailed where that fails, with the credential as it was; OSError where it cannot be kept.
    """
    identity = read_identity(state)
    credential = secrets.token_urlsafe(32)
    body = {"sha256": hashlib.sha256(credential.encode()).hexdigest(), "session": session_id}
    address = f"{url}/v1/machines/{identity.machine_id}/credential"
    status = STRANGER
    if Path(ca_file) == (state / CA_FILE).absolute():  # a file of the settings, or the system's, is not ours to change
        _take_authorities(state, url, ca_file, route)
    with session_through(route) as session:
        session.verify = ca_file or True
        for known in filter(None, (identity.credential, identity.previous_credential)):
            answer = call(session, "POST", address, token=known, json=body)
            status = answer.status_code
            if status == 201:
                place = {name: text_in(answer, name) for name in PLACE}
                write_identity(state, replace(identity, **place, credential=credential, previous_credential=""), None)
                sys.stderr.write(f"keskidee agent: identity=new instance={place['instance']!r} reason='a clone'\n")
                return
            if status == 204:
                write_identity(state, replace(identity, credential=credential, previous_credential=known), None)
                return
            if status != STRANGER:
                break
    raise CallFailed(f"the collector gives no new credential (status {status})")


def _take_authorities(state: Path, url: str, ca_file: str, route: Route) -> None:
    """Keeps the authorities that the collector is known by now, said over a connection that is trusted already.

    They must be good for that same collector: an agent never locks itself out. Raises CallFailed, OSError.
    """
    address = f"{url}/v1/authorities"
    with session_through(route) as session:
        session.verify = ca_file
        answer = call(session, "GET", address)
    if answer.status_code != OK:  # an earlier version has one, and keeps it
        return
    try:
        found = certificates_in(answer.text)
    except ValueError:
        found = []
    if not 0 < len(found) <= AUTHORITIES_AT_MOST:
        raise CallFailed("the collector's authorities are not as they should be")
    pem = "".join(map(ssl.DER_cert_to_PEM_cert, found)).encode()
    if pem == Path(ca_file).read_bytes():
        return
    with tempfile.TemporaryDirectory(dir=state) as folder, session_through(route) as session:
        session.verify = str(Path(folder) / CA_FILE)
        Path(session.verify).write_bytes(pem)
        call(session, "GET", address)
    write_authorities(state, pem)


def text_in(answer: requests.Response, name: str) -> str:
    """A text of an answer in JSON. Raises CallFailed where it is not there."""
    try:
        value = answer.json()[name]
    except (ValueError, KeyError, TypeError):
        value = None
    if not isinstance(value, str):
        raise CallFailed(f"an answer that is not the collector's: {answer.text[:80]!r}")
    return value
