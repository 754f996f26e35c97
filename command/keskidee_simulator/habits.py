"""When a pretend machine is on, off, asleep or silent, as a function of time alone."""

from __future__ import annotations

from dataclasses import dataclass

from keskidee_simulator.fleet import FALLING_SILENT, Pretend

ON, OFF, ASLEEP, SILENT = "on", "off", "asleep", "silent"

DAY = 86400.0
MORNING, EVENING = 7.4 * 3600, 16.7 * 3600
REBOOT_SECONDS = 90.0
SILENT_EVERY_SECONDS, SILENT_FOR_SECONDS = 2700.0, 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """What a machine is doing: `state` until the moment `until`, and when it booted last (Unix seconds).

    `unplugged`: it is off, and had no time to say goodbye.
    """

    state: str
    booted_at: float
    until: float
    unplugged: bool = False


def presence(machine: Pretend, now: float) -> Presence:
    """What `machine` is doing at `now`.

    Four in ten desktops and laptops are switched off for the night, by the clock of their site, half of these at the
    wall. One laptop in five
    sleeps for some minutes in each half hour. The rest stay on and are booted again after weeks.
    """
    if machine.kind in ("desktop", "laptop") and machine.chance(16) < 0.4:
        return _daily(machine, now)
    on = _long(machine, now)
    if on.state == ON and machine.kind == "laptop" and machine.chance(18) < 0.2:
        period = 1500 + 1500 * machine.chance(20)
        return _pausing(on, now, ASLEEP, period, 0.25 * period, machine.chance(22))
    if on.state == ON and machine.ailment == FALLING_SILENT:
        return _pausing(on, now, SILENT, SILENT_EVERY_SECONDS, SILENT_FOR_SECONDS, machine.chance(22))
    return on


def _daily(machine: Pretend, now: float) -> Presence:
    local = now + machine.site.utc_offset_seconds
    midnight = local // DAY * DAY - machine.site.utc_offset_seconds
    start = midnight + MORNING + round(3600 * machine.chance(18))
    end = midnight + EVENING + 7200 * machine.chance(20)
    if now < start:
        return Presence(state=OFF, booted_at=start - DAY, until=start, unplugged=machine.pulls_plug)
    if now < end:
        return Presence(state=ON, booted_at=start, until=end)
    return Presence(state=OFF, booted_at=start, until=start + DAY, unplugged=machine.pulls_plug)


def _long(machine: Pretend, now: float) -> Presence:
    period = round(DAY * ((20 if machine.kind in ("server", "device") else 5) + 30 * machine.chance(24)))
    phase = round(period * machine.chance(26))
    booted_at = (now + phase) // period * period - phase
    if now - booted_at < REBOOT_SECONDS:
        return Presence(state=OFF, booted_at=booted_at - period + REBOOT_SECONDS, until=booted_at + REBOOT_SECONDS)
    return Presence(state=ON, booted_at=booted_at + REBOOT_SECONDS, until=booted_at + period)


def _pausing(on: Presence, now: float, state: str, period: float, pause: float, phase: float) -> Presence:
    at = (now + phase * period) % period
    if at < period - pause:
        return Presence(state=ON, booted_at=on.booted_at, until=min(on.until, now - at + period - pause))
    return Presence(state=state, booted_at=on.booted_at, until=min(on.until, now - at + period))
