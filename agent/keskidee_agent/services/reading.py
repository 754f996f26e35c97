"""Reads every service that is due, side by side, and leaves what came of it for the resident agent.

A process of its own that ends after each reading: a server that hangs costs its own thread for its own time, and
nothing stays in memory. `services.json` is what this process remembers, `services.prom` what the resident reads.
"""

from __future__ import annotations

import json
import math
import threading
import time
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from keskidee_agent.services import files, ports, web
from keskidee_agent.services.line import Deadline
from keskidee_agent.services.outcome import Outcome, reason_of
from keskidee_agent.sources.services import END, FAMILIES, READ_AT
from keskidee_agent.transport.identity import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from keskidee_agent.services.outcome import Sample
    from keskidee_config import ServiceSettings

    Reader = Callable[[ServiceSettings, Deadline, Outcome], None]

MEMORY_FILE, PAGE_FILE = "services.json", "services.prom"
GRACE_SECONDS = 1.0
"""A thread that has not ended so long after its deadline (the resolver knows none) is left behind."""
EARLY_SECONDS = 2.0
"""A reading that comes so little before its time is in time: rounds do not fall on the second."""


def kind_of(service: ServiceSettings) -> str:
    """web, tcp, dns or file."""
    return "web" if service.url else "tcp" if service.tcp else "dns" if service.dns else "file"


READERS: dict[str, Reader] = {"web": web.read, "tcp": ports.read_tcp, "dns": ports.read_dns, "file": files.read}


def read_all(services: Sequence[ServiceSettings]) -> dict[str, list[Sample]]:
    """The samples of each service by name. It takes as long as the longest timeout, and a second."""
    threads = [(service, _Reading(service)) for service in services]
    for _, thread in threads:
        thread.start()
    for service, thread in threads:
        thread.join(max(0.0, service.timeout_seconds + GRACE_SECONDS - (time.monotonic() - thread.began)))
    return {service.name: thread.samples() for service, thread in threads}


class _Reading(threading.Thread):
    """One service, read once."""

    def __init__(self, service: ServiceSettings) -> None:
        super().__init__(daemon=True)
        self.began = time.monotonic()
        self._service = service
        self._done: tuple[Outcome, float] | None = None

    def run(self) -> None:
        outcome, began = Outcome(), time.perf_counter()
        try:
            READERS[kind_of(self._service)](self._service, Deadline(self._service.timeout_seconds), outcome)
        except Exception as error:  # noqa: BLE001  # whatever a server sends costs its own service and no other
            if not isinstance(error, (OSError, HTTPException, ValueError)) and not hasattr(error, "reason"):
                import traceback

                traceback.print_exc()
            outcome.reason = reason_of(error)
        self._done = outcome, time.perf_counter() - began

    def samples(self) -> list[Sample]:
        """What is known of it now; a thread that has not ended is a service that did not answer in time."""
        outcome, seconds = self._done or (Outcome(reason="timeout"), self._service.timeout_seconds)
        kind = kind_of(self._service)
        found: list[Sample] = [("keskidee_service_info", {"kind": kind}, 1)]
        if kind != "file":
            found.append(("probe_success", {}, 0 if outcome.reason else 1))
            found.append(("probe_duration_seconds", {}, seconds))
        if outcome.reason:
            found.append(("keskidee_service_failure_info", {"reason": outcome.reason}, 1))
        return found + outcome.samples


def read_due(folder: Path, services: Sequence[ServiceSettings], warn: Callable[[str], None], *, now: float) -> None:
    """Reads those whose interval is over and writes the page anew; the others stay on it. Raises OSError."""
    known = _remembered(folder / MEMORY_FILE)
    due = [service for service in services if _is_due(known.get(service.name), service, now)]
    found = read_all(due)
    for name, samples in found.items():
        before, after = reason_in(known.get(name, {}).get("samples", [])), reason_in(samples)
        if before != after:
            warn(f"service={name!r} " + (f"state=failed reason={after}" if after else "state=well"))
    kept: dict[str, Any] = {
        service.name: {"at": now, "samples": found[service.name]} if service.name in found else known[service.name]
        for service in services
    }
    replace(folder / MEMORY_FILE, json.dumps(kept).encode())
    told = page(((name, row["samples"]) for name, row in kept.items()), at=now)
    replace(folder / PAGE_FILE, told.encode())


def page(samples: Iterable[tuple[str, list[Sample]]], *, at: float) -> str:
    """Text of a Prometheus page with the time of the reading and the samples of each service, family by family."""
    lines: dict[str, list[str]] = {name: [] for name in FAMILIES}
    lines[READ_AT].append(f"{READ_AT} {at:.0f}")
    for service, of_service in samples:
        for name, labels, value in of_service:
            pairs = ",".join(f"{label}={_quoted(text)}" for label, text in {"service": service, **labels}.items())
            number = f"{value:.{FAMILIES[name].digits}f}" if math.isfinite(value) else "+Inf"
            lines[name].append(f"{name}{{{pairs}}} {number}")
    told = (f"# TYPE {name} gauge\n" + "\n".join(rows) for name, rows in lines.items() if rows)
    return "\n".join(told) + END.decode()


def _is_due(row: Any, service: ServiceSettings, now: float) -> bool:
    return row is None or not 0 <= now - row["at"] < service.interval_seconds - EARLY_SECONDS


def _remembered(path: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):  # the first time, or a disk that was full: everything is read anew
        return {}
    return known


def reason_in(samples: Iterable[Sequence[Any]]) -> str:
    """Why a service failed, in a word; empty where it is well."""
    return next((labels["reason"] for name, labels, _ in samples if name == "keskidee_service_failure_info"), "")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
