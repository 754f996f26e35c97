"""Services as users meet them (`services:` in the settings), as another process has read them. No privilege.

This source opens a file and nothing else, so that no server can hold up a round. Names are blackbox_exporter's.
"""

from __future__ import annotations

from keskidee_report.model import Family, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PROMPT = True  # a file beside the spool, which each round writes to
READ_AT = "keskidee_services_read_timestamp_seconds"
END = b"\n# EOF\n"
FAMILIES = {
    family.name: family
    for family in (
        Family(READ_AT, "gauge", "When services were last read", digits=0),
        Family("probe_success", "gauge", "Whether the service was as it should be", digits=0),
        Family("probe_duration_seconds", "gauge", "Time that reading the service took", digits=4),
        Family("probe_dns_lookup_time_seconds", "gauge", "Time that resolving the name took", digits=4),
        Family("probe_dns_answer_rrs", "gauge", "Answers of the DNS server that is named", digits=0),
        Family("probe_http_status_code", "gauge", "Status of the page, after redirects", digits=0),
        Family("probe_http_redirects", "gauge", "Redirects on the way to the page", digits=0),
        Family("probe_http_duration_seconds", "gauge", "Time by phase, summed over redirects", digits=4),
        Family("probe_ssl_earliest_cert_expiry", "gauge", "When the server's certificate ends", digits=0),
        Family("keskidee_service_file_age_seconds", "gauge", "Age of the newest file; +Inf: there is none", digits=0),
        Family("keskidee_service_file_size_bytes", "gauge", "Size of the newest file", digits=0),
        Family("keskidee_service_info", "gauge", "A service that is read: web, tcp, dns or file", digits=0),
        Family("keskidee_service_failure_info", "gauge", "Why the service failed, in a word", digits=0),
    )
}


def read(machine: Machine) -> Iterable[Sample]:
    """The samples of all services, labelled `service`."""
    if not machine.services_file:
        raise NotHere("no services are set")
    memory = machine.memory("services")
    signature = machine.here.signature(machine.services_file)
    if signature is None:
        raise NotHere("services have not been read yet")
    if memory.get("signature") != signature:
        memory["samples"] = parsed(machine.here.content(machine.services_file))
        memory["signature"] = signature
    samples: list[Sample] = memory["samples"]
    age = machine.time() - samples[0][2]
    if age > machine.services_stale_seconds:
        raise TimedOut(f"services were read {age:.0f} s ago, and not since")
    return samples


def parsed(content: bytes) -> list[Sample]:
    """The samples of a whole page of the other process, the time of the reading first. Raises Malformed."""
    from keskidee_agent.gather.exposition import parse

    if not content.endswith(END):
        raise Malformed("a page of services that is cut short", content[-80:])
    found: list[Sample] = []
    for family in parse(content):
        if family.name not in FAMILIES:
            raise Malformed("not a family of services", family.name)
        found += [(FAMILIES[family.name], labels, value) for labels, value in family.samples]
    if not found or found[0][0].name != READ_AT:
        raise Malformed("a page of services without its time", content[:80])
    return found
