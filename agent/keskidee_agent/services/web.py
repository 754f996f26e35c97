"""A web page: its status, a text in it, the time of each phase, and when the certificate ends.

Phases and names are blackbox_exporter's: resolve, connect, tls, processing (to the first byte of the answer) and
transfer, each summed over redirects. http.client and not requests, whose timeouts begin anew with each byte and whose
phases nobody sees.
"""

from __future__ import annotations

import http.client
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from keskidee_agent.services.line import Inlet, addresses_of, connect
from keskidee_agent.services.outcome import Failed
from keskidee_report import __version__

if TYPE_CHECKING:
    import socket

    from keskidee_agent.services.line import Deadline
    from keskidee_agent.services.outcome import Outcome
    from keskidee_config import ServiceSettings

REDIRECTS = frozenset({301, 302, 303, 307, 308})
REDIRECTS_AT_MOST = 5
BODY_BYTES = 1 << 20
"""How far into a page its text is looked for."""
PHASES = ("resolve", "connect", "tls", "processing", "transfer")
URL_LENGTH = 4096


def read(service: ServiceSettings, deadline: Deadline, outcome: Outcome) -> None:
    """Reads the page. Raises Failed, OSError, http.client.HTTPException."""
    phases = dict.fromkeys(PHASES, 0.0)
    url, redirects = service.url or "", 0
    try:
        while True:
            status, location, body = _one(url, service, deadline, outcome, phases)
            if status in service.status or status not in REDIRECTS or not location:
                break
            redirects += 1
            if redirects > REDIRECTS_AT_MOST:
                raise Failed("redirects")
            url = urljoin(url, location)[:URL_LENGTH]
        outcome.add("probe_http_status_code", status)
    finally:
        outcome.add("probe_http_redirects", redirects)
        for phase, seconds in phases.items():
            outcome.add("probe_http_duration_seconds", seconds, phase=phase)
    if status not in service.status if service.status else not 200 <= status < 300:
        raise Failed("status")
    if service.text and service.text.encode() not in body:
        raise Failed("text")


def _one(
    url: str, service: ServiceSettings, deadline: Deadline, outcome: Outcome, phases: dict[str, float]
) -> tuple[int, str, bytes]:
    """Status, Location and body of one request; the time of each phase is added to `phases`."""
    watch = _Watch(phases)
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise Failed("redirects")
    outcome.samples = [sample for sample in outcome.samples if sample[0] not in PER_REQUEST]
    port = address.port or (443 if address.scheme == "https" else 80)
    with watch.phase("resolve"):
        found = addresses_of(address.hostname, port, outcome)
    with watch.phase("connect"):
        line = connect(found, deadline)
    try:
        if address.scheme == "https":
            with watch.phase("tls"):
                line = _secured(line, address.hostname, service, deadline)
            outcome.add("probe_ssl_earliest_cert_expiry", _expiry(line))
        answer = http.client.HTTPResponse(Inlet(line, deadline), method="GET")  # type: ignore[arg-type]  # has makefile
        with watch.phase("processing"):
            line.settimeout(deadline.left())
            line.sendall(_request(address))
            answer.begin()
        with watch.phase("transfer"):
            body = answer.read(BODY_BYTES)
        return answer.status, answer.getheader("Location", "") or "", body
    finally:
        line.close()


PER_REQUEST = frozenset({"probe_dns_lookup_time_seconds", "probe_ssl_earliest_cert_expiry"})
"""What the last of several requests says; the time of the others is in their phases."""


def _request(address: Any) -> bytes:
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    host = address.netloc.rpartition("@")[2]
    head = (
        f"GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: keskidee/{__version__}\r\n"
        "Accept: */*\r\nConnection: close\r\n\r\n"
    )
    if any(character <= " " for character in target + host) or not head.isascii():
        raise Failed("redirects")  # only a server can have written it: the settings are checked
    return head.encode()


def _secured(line: socket.socket, host: str, service: ServiceSettings, deadline: Deadline) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=service.ca_file)
    line.settimeout(deadline.left())
    return context.wrap_socket(line, server_hostname=host)


def _expiry(line: socket.socket) -> float:
    """When the server's certificate ends, in epoch seconds."""
    assert isinstance(line, ssl.SSLSocket)
    certificate = line.getpeercert()
    assert certificate, "it was verified"
    return ssl.cert_time_to_seconds(str(certificate["notAfter"]))


class _Watch:
    """Adds the time that a `with` takes to its phase."""

    def __init__(self, phases: dict[str, float]) -> None:
        self._phases = phases
        self._phase, self._began = "", 0.0

    def phase(self, name: str) -> _Watch:
        self._phase = name
        return self

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._phases[self._phase] += time.perf_counter() - self._began
