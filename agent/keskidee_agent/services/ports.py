"""A TCP port that accepts, with TLS or without, and a name that resolves: by the system, or by a server that is named.

Source: RFC 1035, 4.1 (messages).
"""

from __future__ import annotations

import secrets
import socket
import struct
import time
from typing import TYPE_CHECKING

from keskidee_agent.services.line import addresses_of, connect
from keskidee_agent.services.outcome import Failed
from keskidee_config import host_and_port

if TYPE_CHECKING:
    from keskidee_agent.services.line import Deadline
    from keskidee_agent.services.outcome import Outcome
    from keskidee_config import ServiceSettings

HEADER = struct.Struct("!6H")  # id, flags, questions, answers, authorities, additional
ADDRESS, INTERNET = 1, 1
ANSWER, RECURSION_DESIRED, ERROR = 0x8000, 0x0100, 0x000F
MESSAGE_BYTES = 4096
DNS_PORT = 53


def read_tcp(service: ServiceSettings, deadline: Deadline, outcome: Outcome) -> None:
    """Connects, and closes. Raises Failed, OSError."""
    host, port = host_and_port(service.tcp or "")
    connect(addresses_of(host, port, outcome), deadline).close()


def read_dns(service: ServiceSettings, deadline: Deadline, outcome: Outcome) -> None:
    """Asks for the name's addresses. Raises Failed, OSError."""
    name = service.dns or ""
    if service.server is None:
        addresses_of(name, 0, outcome)
        return
    host, port = host_and_port(service.server if ":" in service.server else f"{service.server}:{DNS_PORT}")
    [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    number = secrets.randbelow(0x10000)
    began = time.perf_counter()
    with socket.socket(family, kind, protocol) as line:
        line.connect(address)  # so that only its answers come
        line.send(query(number, name))
        while True:
            line.settimeout(deadline.left())
            if (answers := answers_in(line.recv(MESSAGE_BYTES), number)) is not None:
                break
    outcome.add("probe_dns_lookup_time_seconds", time.perf_counter() - began)
    outcome.add("probe_dns_answer_rrs", answers)
    if not answers:
        raise Failed("name")


def query(number: int, name: str) -> bytes:
    """A question for the IPv4 addresses of a name."""
    labels = [label.encode("idna") for label in name.rstrip(".").split(".")]
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return HEADER.pack(number, RECURSION_DESIRED, 1, 0, 0, 0) + question + struct.pack("!2H", ADDRESS, INTERNET)


def answers_in(message: bytes, number: int) -> int | None:
    """How many answers a message holds; None where it is none to our question. Raises Failed where it is a refusal."""
    if len(message) < HEADER.size:
        return None
    found, flags, _, answers, _, _ = HEADER.unpack_from(message)
    if found != number or not flags & ANSWER:
        return None
    if flags & ERROR:
        raise Failed("name")
    return int(answers)
