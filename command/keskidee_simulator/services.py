"""The services that people use, as the agent at each site reads them; one of them does not reach one of the sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_report.model import GAUGE, OK, Family, Reading, Sample
from keskidee_simulator.course import CPU_BUSY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_simulator.fleet import Pretend

DAY = 86400.0
FAR_SECONDS = 0.24
"""What the line to an office adds."""
UNREACHED_SITE, UNREACHED = "georgetown", "mail"
TIMEOUT_SECONDS = 10.0
PHASES = {"resolve": 0.02, "connect": 0.11, "tls": 0.24, "processing": 0.55, "transfer": 0.08}
"""Each phase's share of the time of a page."""
CERTIFICATE_DAYS, RENEWED_DAYS_BEFORE = 90, 30
BACKUP_HOUR, BACKUP_BYTES = 3, 48.0 * (1 << 30)

READ_AT = Family("keskidee_services_read_timestamp_seconds", GAUGE, "When services were last read", digits=0)
SUCCESS = Family("probe_success", GAUGE, "Whether the service was as it should be", digits=0)
SECONDS = Family("probe_duration_seconds", GAUGE, "Time that reading the service took", digits=4)
LOOKUP = Family("probe_dns_lookup_time_seconds", GAUGE, "Time that resolving the name took", digits=4)
ANSWERS = Family("probe_dns_answer_rrs", GAUGE, "Answers of the DNS server that is named", digits=0)
STATUS = Family("probe_http_status_code", GAUGE, "Status of the page, after redirects", digits=0)
PHASE = Family("probe_http_duration_seconds", GAUGE, "Time by phase, summed over redirects", digits=4)
CERTIFICATE = Family("probe_ssl_earliest_cert_expiry", GAUGE, "When the server's certificate ends", digits=0)
FILE_AGE = Family("keskidee_service_file_age_seconds", GAUGE, "Age of the newest file; +Inf: there is none", digits=0)
FILE_SIZE = Family("keskidee_service_file_size_bytes", GAUGE, "Size of the newest file", digits=0)
INFO = Family("keskidee_service_info", GAUGE, "A service that is read: web, tcp, dns or file", digits=0)
FAILURE = Family("keskidee_service_failure_info", GAUGE, "Why the service failed, in a word", digits=0)


def services(machine: Pretend, now: float, courses: tuple[float, ...]) -> Reading:
    """What the agent of `machine` found at `now` (Unix seconds): pages, mail, names, and the backup at headquarters."""
    far = FAR_SECONDS if machine.number else 0.0
    seconds = 0.06 + far + 0.3 * courses[CPU_BUSY]
    samples = [READ_AT(float(int(now)))]
    for name, factor in (("records", 1.6), ("intranet", 1.0)):
        samples += _page(name, factor * seconds, now)
    samples += _mail(0.4 * seconds, is_reached=machine.site.name != UNREACHED_SITE)
    samples += [INFO(1.0, service="names", kind="dns"), *_answered("names", 0.2 * seconds)]
    samples.append(ANSWERS(1.0, service="names"))
    if machine.number == 0:
        samples.append(INFO(1.0, service="nightly backup", kind="file"))
        samples.append(FILE_AGE((now - BACKUP_HOUR * 3600) % DAY // 1, service="nightly backup"))
        samples.append(FILE_SIZE(BACKUP_BYTES, service="nightly backup"))
    order = {name: number for number, name in enumerate(dict.fromkeys(family.name for family, _, _ in samples))}
    return Reading("services", OK, "", 0.00004, sorted(samples, key=lambda sample: order[sample[0].name]))


def _answered(name: str, seconds: float) -> Iterator[Sample]:
    yield SUCCESS(1.0, service=name)
    yield SECONDS(seconds, service=name)


def _page(name: str, seconds: float, now: float) -> Iterator[Sample]:
    yield INFO(1.0, service=name, kind="web")
    yield from _answered(name, seconds)
    yield LOOKUP(PHASES["resolve"] * seconds, service=name)
    yield STATUS(200.0, service=name)
    for phase, share in PHASES.items():
        yield PHASE(share * seconds, service=name, phase=phase)
    renewal = (CERTIFICATE_DAYS - RENEWED_DAYS_BEFORE) * DAY
    yield CERTIFICATE(now // renewal * renewal + CERTIFICATE_DAYS * DAY, service=name)


def _mail(seconds: float, *, is_reached: bool) -> Iterator[Sample]:
    yield INFO(1.0, service=UNREACHED, kind="tcp")
    if is_reached:
        yield from _answered(UNREACHED, seconds)
        return
    yield SUCCESS(0.0, service=UNREACHED)
    yield SECONDS(TIMEOUT_SECONDS, service=UNREACHED)
    yield FAILURE(1.0, service=UNREACHED, reason="timeout")
