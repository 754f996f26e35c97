"""One round of a pretend machine: its readings, encoded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from keskidee_report.codec import Encoder, Report
from keskidee_report.model import DENIED, OK, TIMED_OUT, Reading, Sample
from keskidee_simulator import families as f
from keskidee_simulator.course import Course
from keskidee_simulator.fleet import SOURCE_DENIED, SOURCE_TIMING_OUT, Pretend
from keskidee_simulator.systems import layout

if TYPE_CHECKING:
    from keskidee_simulator.models import Model, System

TIMING_OUT_SECONDS = 1200.0
"""A source that times out does so for this long, then answers for as long."""


@cache
def shared_encoder(model: Model, system: System, silenced: str) -> Encoder:
    """The encoder of all machines of a layout: its tables of names are the same for them, and so built once."""
    del model, system, silenced
    return Encoder(bytes(8))


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """The place of a round: session, sequence, true Unix seconds of the round and of the last boot."""

    session: bytes
    sequence: int
    now: float
    booted_at: float


class Rounds:
    """Makes the reports of one machine."""

    __slots__ = ("_course", "_machine", "_own")

    def __init__(self, machine: Pretend) -> None:
        self._machine = machine
        self._course = Course(machine)
        self._own = [Reading("uname", OK, "", 0.00002, _uname(machine)), Reading("dmi", OK, "", 0.00004, _dmi(machine))]

    def readings(self, now: float, booted_at: float) -> list[Reading]:
        """What every source gave at `now` (Unix seconds), with the outcome of the one that ails."""
        machine = self._machine
        courses = self._course.at(now, booted_at)
        silenced = self._silenced(now)
        readings = [
            source.reading(courses) if source.name != silenced else _failed(machine, silenced)
            for source in layout(machine.model, machine.system)
        ]
        return [*readings, *[own if own.source != silenced else _failed(machine, silenced) for own in self._own]]

    def encode(self, readings: list[Reading], when: When, *, known_schema: bytes = b"") -> tuple[Report, list[bytes]]:
        """These readings as frames: the report, and what else it needs where the collector has not `known_schema`.

        The encoder serves others of this layout in between, so the frames of the schema are asked for at once.
        """
        machine = self._machine
        silenced = ",".join(reading.source for reading in readings if reading.outcome != OK)
        encoder = shared_encoder(machine.model, machine.system, silenced)
        encoder.session = when.session
        boot_ms = milliseconds(when.now - when.booted_at)
        report = encoder.report(readings, sequence=when.sequence, boot_ms=boot_ms, wall_ms=self.wall_ms(when.now))
        if report.schema_id == known_schema:
            return report, [report.frame]
        return report, [*encoder.schema_frames(report.schema_id)[0], report.frame]

    def wall_ms(self, now: float) -> int:
        """The machine's own clock, in ms since the epoch."""
        return milliseconds(now + self._machine.clock_offset_seconds)

    def _silenced(self, now: float) -> str:
        if self._machine.ailment == SOURCE_DENIED:
            return "dmi"
        if self._machine.ailment == SOURCE_TIMING_OUT and now % (2 * TIMING_OUT_SECONDS) < TIMING_OUT_SECONDS:
            return "filesystem"
        return ""


def milliseconds(seconds: float) -> int:
    """Whole milliseconds; what is before zero counts as zero."""
    return max(0, round(seconds * 1000))


def _failed(machine: Pretend, source: str) -> Reading:
    if machine.ailment == SOURCE_DENIED:
        return Reading(source, DENIED, "reading the serial numbers needs root", 0.0001)
    return Reading(source, TIMED_OUT, "a mount did not answer within 5 s", 5.0)


def _uname(machine: Pretend) -> list[Sample]:
    system = machine.system
    names = {"linux": "Linux", "windows": "Windows", "darwin": "Darwin"}
    architectures = {"linux": "x86_64", "windows": "AMD64", "darwin": "arm64"}
    return [
        f.UNAME(
            1.0,
            sysname=names[system.os],
            release=system.kernel,
            version=f"{system.name} (simulated)",
            machine=architectures[system.os],
            nodename=machine.hostname,
            domainname="(none)",
        )
    ]


def _dmi(machine: Pretend) -> list[Sample]:
    model, system = machine.model, machine.system
    return [
        f.DMI(
            1.0,
            system_vendor=model.maker,
            product_name=model.name,
            product_serial=machine.serial,
            product_uuid=machine.uuid,
        ),
        f.OS_INFO(
            1.0,
            id=system.id,
            name=system.name.split(" 1")[0],
            pretty_name=system.name,
            version_id=system.version,
            version_codename=system.codename,
        ),
    ]
