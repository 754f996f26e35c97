"""A collector in which much has happened, and a picture of all that has to survive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keskidee_report.delta import Snapshot
from keskidee_report.model import Family, Reading
from tests.collector.inside import LOAD, Inside

if TYPE_CHECKING:
    from keskidee_collector.fleet.machine import Machine

CPU = Family("node_cpu_seconds_total", "counter", "CPU.", digits=2)
DMI = Family("node_dmi_info", "gauge", "A non-numeric value.")


async def busy(collector: Inside) -> None:
    """Machines in every state, of several systems, with problems and refused families."""
    for number in range(3):
        agent = await collector.enrol(f"srv-{number}", os="linux")
        found = [
            Reading("cpu", "ok", "", 0.001, [CPU(1.25, cpu=str(cpu)) for cpu in range(4)]),
            Reading("dmi", "denied", "needs root", 0.002, [DMI(1, vendor='Dell "Inc."')]),
            Reading("textfile", "ok", "", 0.0, [Family("up", "gauge", "")(1.0), LOAD(float(number))]),
        ]
        for _ in range(3):
            collector.clock.wait(15)
            await collector.report(agent, *found, os="linux", interval_seconds="30")
    off = await collector.enrol("pc-off")
    await collector.report(off)
    await collector.goodbye(off, "sleep")
    gone = await collector.enrol("pc-gone")
    await collector.report(gone)
    await collector.administer("POST", f"/v1/machines/{gone.id}/retire")
    revoked = await collector.enrol("pc-revoked")
    await collector.administer("POST", f"/v1/machines/{revoked.id}/revoke")
    await collector.enrol("pc-new")


def said(snapshot: Snapshot | None) -> list[Any]:
    return [getattr(snapshot, name) for name in Snapshot.__slots__] if snapshot else []


def picture(machine: Machine) -> dict[str, Any]:
    """All of a machine that has to survive."""
    passing = {"turn", "schema", "schemas", "sessions", "problems", "heard_ticks", "taken_ticks", "on_since", "posts",
               "refused_posts", "refusal", "departures",
               "requests_left", "requests_ticks", "hurried_ticks",
               "shown", "bases", "stored_position", "posts_since_stored"}  # fmt: skip
    seen = {name: getattr(machine, name) for name in machine.__slots__ if name not in passing}
    seen["schemas"] = set(machine.schemas)
    seen["shown"] = said(machine.shown)
    seen["bases"] = {key: said(base) for key, base in machine.bases.items()}
    seen["families"] = machine.schema.families if machine.schema else ()
    seen["refused"] = machine.schema.refused if machine.schema else {}
    seen["sessions"] = {session: taken.ranges() for session, taken in machine.sessions.items()}
    seen["problems"] = {source: (p.outcome, p.reason) for source, p in machine.problems.items()}
    return seen
