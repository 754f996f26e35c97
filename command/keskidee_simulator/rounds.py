"""One round of a pretend machine: its readings, encoded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from keskidee_report.codec import Encoder
from keskidee_report.delta import delta_of
from keskidee_report.model import ABSENT, DENIED, OK, TIMED_OUT, Reading, Sample
from keskidee_simulator import families as f
from keskidee_simulator.course import Course
from keskidee_simulator.fleet import SOURCE_DENIED, SOURCE_TIMING_OUT, Pretend
from keskidee_simulator.services import services
from keskidee_simulator.software import newest_update
from keskidee_simulator.systems import layout

if TYPE_CHECKING:
    from datetime import date

    from keskidee_report.delta import Snapshot
    from keskidee_simulator.models import Model, System

TIMING_OUT_SECONDS = 1200.0
"""A source that times out does so for this long, then answers for as long."""


@cache
def shared_encoder(model: Model, system: System, utc_offset_seconds: int, silenced: str) -> Encoder:
    """The encoder of all machines of a layout: its tables of names are the same for them, and so built once."""
    del model, system, utc_offset_seconds, silenced
    return Encoder(bytes(8))


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """The place of a round: session, sequence, true Unix seconds of the round and of the last boot."""

    session: bytes
    sequence: int
    now: float
    booted_at: float


class Rounds:
    """Makes the reports of one machine, whose first inventory is of the day `began`."""

    __slots__ = ("_course", "_machine", "_own", "_sources")

    def __init__(self, machine: Pretend, began: date) -> None:
        self._machine = machine
        self._sources = layout(machine.model, machine.system, machine.site.utc_offset_seconds)
        self._course = Course(machine, newest_update(machine, began))
        self._own = _own(machine) if machine.system.os else []

    def readings(self, now: float, booted_at: float) -> list[Reading]:
        """What every source gave at `now` (Unix seconds), with the outcome of the one that ails."""
        machine = self._machine
        courses = self._course.at(now, booted_at)
        silenced = self._silenced(now)
        readings = [
            source.reading(courses) if source.name != silenced else _failed(machine, silenced)
            for source in self._sources
        ]
        if machine.reads_services:
            readings.append(services(machine, now, courses))
        return [*readings, *[own if own.source != silenced else _failed(machine, silenced) for own in self._own]]

    def encode(
        self, readings: list[Reading], when: When, *, base: Snapshot | None = None
    ) -> tuple[Snapshot, list[bytes]]:
        """These readings as frames, and what is the base of the next ones once they are acknowledged.

        A delta where `base` has the same names; otherwise the whole report with all names. The encoder serves others of
        this layout in between, so the frames of the schema are asked for at once.
        """
        machine = self._machine
        silenced = ",".join(reading.source for reading in readings if reading.outcome != OK)
        encoder = shared_encoder(machine.model, machine.system, machine.site.utc_offset_seconds, silenced)
        encoder.session = when.session
        boot_ms = milliseconds(when.now - when.booted_at)
        report = encoder.report(readings, sequence=when.sequence, boot_ms=boot_ms, wall_ms=self.wall_ms(when.now))
        delta = delta_of(base, report.snapshot) if base is not None else None
        if delta is not None:
            return delta[1], [delta[0]]
        return report.snapshot, [*encoder.schema_frames(report.schema_id)[0], report.frame]

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


def _own(machine: Pretend) -> list[Reading]:
    """What no other machine says."""
    dmi = _dmi(machine)
    return [
        Reading("dmi", OK, "", 0.00004, dmi) if dmi else Reading("dmi", ABSENT, "no DMI"),
        Reading("uname", OK, "", 0.00002, _uname(machine)),
    ]


def _uname(machine: Pretend) -> list[Sample]:
    system = machine.system
    sysname, architecture = {
        "linux": ("Linux", "x86_64"),
        "windows": ("Windows", "AMD64"),
        "darwin": ("Darwin", "arm64"),
    }[system.os]
    return [
        f.UNAME(
            1.0,
            sysname=sysname,
            release=system.kernel,
            version=f"{system.product} (simulated)",
            machine=architecture,
            nodename=machine.hostname,
            domainname="(none)" if system.os == "linux" else "",
        )
    ]


def _dmi(machine: Pretend) -> list[Sample]:
    model = machine.model
    if machine.system.os == "darwin":
        return []
    return [
        f.DMI(
            1.0,
            bios_vendor=model.maker,
            bios_version="1.4 (simulated)",
            board_vendor=model.maker,
            chassis_vendor=model.maker,
            product_name=model.name,
            product_serial=machine.serial,
            product_uuid=machine.uuid,
            system_vendor=model.maker,
        )
    ]
