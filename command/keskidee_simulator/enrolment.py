"""How a pretend machine comes by its credential, and the file that keeps them all."""

from __future__ import annotations

import hashlib
import json
import os
import ssl
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from keskidee_simulator.connection import Address, Answer, Connection

if TYPE_CHECKING:
    from pathlib import Path

    from keskidee_simulator.fleet import Pretend

FILE = "machines.jsonl"
CA_FILE = "ca.pem"


class Refused(Exception):
    """The collector will not have this machine; the text is its reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a machine was given when it enrolled."""

    number: int
    machine_id: str
    credential: str
    instance: str


class Credentials:
    """The credentials of all pretend machines, in a file that only its owner can read; a line is added at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / FILE
        self._known: dict[int, Credential] = {}
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        try:
            credential = Credential(**json.loads(line))
        except (ValueError, TypeError):
            return  # the last line of a simulator that was killed while writing: that machine enrols again
        self._known[credential.number] = credential

    def get(self, number: int) -> Credential | None:
        """The credential of this machine, None before it enrolled."""
        return self._known.get(number)

    def add(self, credential: Credential) -> None:
        """Remembers a new credential, on disk before in memory."""
        line = json.dumps(asdict(credential)) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)
        self._known[credential.number] = credential


async def enrol(connection: Connection, token: str, machine: Pretend, facts: dict[str, str]) -> Answer:
    """Asks for a credential: 201 with JSON (machine_id, credential, instance, site, role), or why not.

    Raises Unreachable.
    """
    asked = {
        "hostname": machine.hostname,
        "facts": facts,
        "evidence": machine.evidence(),
        "site": machine.site.name,
        "role": machine.role,
    }
    headers = f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    return await connection.send("POST", "/v1/enrol", headers, json.dumps(asked).encode())


async def trusted(host: str, port: int, token: str, folder: Path) -> ssl.SSLContext:
    """A TLS context that trusts the agents' CA: the one kept in `folder`, else `/v1/ca` checked against the token.

    The certificate is fetched over a connection that proves nothing, and believed only because its SHA-256 stands in
    the token. Raises Refused where it does not.
    """
    kept = folder / CA_FILE
    if kept.exists():
        return ssl.create_default_context(cadata=kept.read_text(encoding="ascii"))
    blind = ssl.create_default_context()
    blind.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE
    connection = Connection(Address(host=host, port=port, tls=blind))
    answer = await connection.send("GET", "/v1/ca")
    connection.close()
    fingerprint = token.rpartition("_")[2]
    pem = answer.body.decode("ascii", "replace")
    if answer.status != 200 or hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest() != fingerprint:
        raise Refused("the collector's CA is not the one whose fingerprint the join token carries")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept.write_text(pem, encoding="ascii")
    return ssl.create_default_context(cadata=pem)
