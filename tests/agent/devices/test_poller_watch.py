"""A device from poll to poll: the same series as a whole reading, values that move, and what fails in one line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from keskidee_agent.devices import metrics
from keskidee_agent.devices.engine import Garbled, NoAnswer, Refused
from keskidee_agent.devices.mibs import interfaces, system
from keskidee_agent.devices.poller import stock
from keskidee_agent.devices.poller.watch import WHOLE_SECONDS, Watch
from keskidee_agent.devices.read import read_device
from keskidee_agent.devices.recorded_engine import RecordedEngine, recorded_rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from pathlib import Path

    from keskidee_agent.devices.engine import Engine, Row, Value
    from keskidee_agent.devices.poller.watch import Poll
    from keskidee_report.model import Sample

Series = list[tuple[str, tuple[tuple[str, str], ...], float]]
OWN = ("keskidee_device_up", "keskidee_device_poll_seconds")
OCTETS = f"{interfaces.MORE}.6.1"
SWITCH: dict[str, Value] = {
    system.DESCRIPTION: b"Cisco IOS Software, Version 15.2",
    system.OBJECT_ID: "1.3.6.1.4.1.9.1.1",
    system.UPTIME: 1000,
    system.INTERFACES: 1,
    f"{interfaces.TABLE}.1.1": 1,
    f"{interfaces.TABLE}.2.1": b"GigabitEthernet0/1",
    f"{interfaces.TABLE}.8.1": 1,
    f"{interfaces.TABLE}.9.1": 0,
    f"{interfaces.MORE}.1.1": b"Gi0/1",
    OCTETS: 7,
    f"{interfaces.MORE}.18.1": b"uplink",
}


class Device:
    """A device with these values, which may change and may fail; it counts what it is asked."""

    def __init__(self, values: Mapping[str, Value], *, most: int = 100) -> None:
        self.values: dict[str, Value] = dict(values)
        self.most = most
        self.too_big = 1000  # so many names are answered by tooBig, which gufo gives as nothing
        self.fails: Exception | None = None
        self.sizes: list[int] = []
        self.walks = 0

    async def get(self, oids: Sequence[str]) -> list[Row]:
        self.sizes.append(len(oids))
        if self.fails is not None:
            raise self.fails
        if len(oids) > self.too_big:
            return []
        if len(oids) > self.most:
            raise NoAnswer("no answer")
        return [(oid, self.values[oid]) for oid in oids if oid in self.values]

    async def below(self, oid: str, repetitions: int) -> AsyncIterator[Row]:
        self.walks += 1
        async for row in RecordedEngine(list(self.values.items())).below(oid, repetitions):
            yield row

    def close(self) -> None: ...


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def watching(engine: Engine, clock: Clock | None = None) -> Watch:
    async def opened() -> Engine:
        return engine

    return Watch(opened, ticks=clock or Clock())


def series(samples: Iterable[Sample]) -> Series:
    """Without what a whole reading does not have."""
    return sorted((s[0].name, tuple(sorted(s[1].items())), s[2]) for s in samples if s[0].name not in OWN)


def told(poll: Poll) -> Series:
    return series(sample for reading in poll.readings for sample in reading.samples)


def value(poll: Poll, name: str) -> float:
    [found] = [sample[2] for reading in poll.readings for sample in reading.samples if sample[0].name == name]
    return found


def outcomes(poll: Poll) -> list[tuple[str, str, str]]:
    return [(reading.source, reading.outcome, reading.reason) for reading in poll.readings]


@pytest.mark.slow
def test_every_poll_of_a_recorded_device_gives_the_series_of_a_whole_reading(shared_data: Path) -> None:
    async def course(recording: Path) -> None:
        engine = RecordedEngine.of(recording)
        whole = series(metrics.samples(await read_device(engine)))
        watch = watching(engine)
        first, second = await watch.poll(30), await watch.poll(30)
        assert (told(first), told(second)) == (whole, whole), recording.name
        assert (first.whole is not None, second.whole is not None) == (True, False)

    for recording in sorted((shared_data / "snmp").glob("*.snmprec")):
        asyncio.run(course(recording))


@pytest.mark.slow
def test_a_poll_in_between_sees_every_sensor_move(shared_data: Path) -> None:
    async def course(recording: Path) -> None:
        device = Device(dict(recorded_rows(recording.read_bytes())))
        watch = watching(device)
        first = await watch.poll(30)
        assert first.whole is not None
        for sensor in first.whole.parts.sensors:
            if isinstance(before := device.values[sensor.oid], int):
                device.values[sensor.oid] = before + 1
        walks = device.walks
        second = await watch.poll(30)
        assert device.walks == walks
        assert told(second) == series(metrics.samples(await read_device(device)))

    for name in ("apc_smt750x-nmc2", "hwg-poseidon", "ricoh_mpc3002", "iosxe_c9300"):
        asyncio.run(course(shared_data / "snmp" / f"{name}.snmprec"))


def test_counters_are_read_anew_and_names_are_not() -> None:
    async def course() -> None:
        device = Device(SWITCH)
        watch = watching(device)
        await watch.poll(30)
        device.values |= {OCTETS: 8, f"{interfaces.MORE}.18.1": b"renamed"}
        walks = device.walks
        poll = await watch.poll(30)
        assert (value(poll, "ifHCInOctets"), device.walks) == (8, walks)
        [labels] = [s[1] for reading in poll.readings for s in reading.samples if s[0].name == "ifHCInOctets"]
        assert labels["ifAlias"] == "uplink"

    asyncio.run(course())


def test_names_are_read_again_when_a_port_changes_its_state_and_all_after_an_hour_or_a_start() -> None:
    async def course() -> None:
        device, clock = Device(SWITCH), Clock()
        watch = watching(device, clock)
        await watch.poll(30)
        await watch.poll(30)
        device.values |= {f"{interfaces.TABLE}.9.1": 900, f"{interfaces.MORE}.18.1": b"renamed"}
        poll = await watch.poll(30)
        assert ("ifAlias", "renamed") in {name: labels for name, labels, _ in told(poll)}["ifHCInOctets"]
        assert poll.whole is None
        device.values[system.UPTIME] = 5
        assert (await watch.poll(30)).whole is not None
        assert (await watch.poll(30)).whole is None
        clock.at += WHOLE_SECONDS
        assert (await watch.poll(30)).whole is not None

    asyncio.run(course())


def test_a_device_that_chokes_is_asked_for_less_and_stays_so() -> None:
    async def course() -> None:
        ports = range(1, 31)
        device = Device(
            {system.UPTIME: 1000, system.INTERFACES: 30}
            | {f"{interfaces.TABLE}.1.{port}": port for port in ports}
            | {f"{interfaces.MORE}.6.{port}": port for port in ports}
        )
        watch = watching(device)
        await watch.poll(30)
        device.most, device.sizes = 20, []
        assert outcomes(await watch.poll(30))[0][1] == "ok"
        assert device.sizes == [33, 33, 20, 13]
        device.sizes = []
        await watch.poll(30)
        assert device.sizes == [20, 13]
        device.most, device.too_big, device.sizes = 10, 10, []
        assert value(await watch.poll(30), "ifNumber") == 30
        assert device.sizes[:3] == [20, 5, 5]
        device.most, device.sizes = 0, []
        assert outcomes(await watch.poll(30)) == [("snmp", "timed_out", "no answer")]
        assert device.sizes == [5, 5, 1]

    asyncio.run(course())


def test_what_a_device_fails_with_is_its_outcome_and_no_value_stays() -> None:
    async def course() -> None:
        device = Device(SWITCH)
        watch = watching(device)
        await watch.poll(30)
        for error, outcome in ((NoAnswer("no answer"), "timed_out"), (Refused("wrong key"), "denied"),
                               (Garbled("no SNMP answer"), "failed"), (OSError("unknown name"), "failed")):  # fmt: skip
            device.fails = error
            poll = await watch.poll(30)
            assert (outcomes(poll), poll.is_up) == ([("snmp", outcome, str(error))], False)
            assert value(poll, "keskidee_device_up") == 0
        device.fails = None
        before, device.values = device.values, {}
        assert outcomes(await watch.poll(30)) == [("snmp", "failed", "answers, but has none of what it had")]
        device.values = before
        assert value(await watch.poll(30), "ifHCInOctets") == 7

    asyncio.run(course())


def test_a_device_becomes_an_inventory_whose_parts_have_keys_of_their_own() -> None:
    async def course() -> None:
        taken = stock.taken(await read_device(Device(SWITCH)))
        assert {place: dict(item.fields) for place, item in taken.items.items()} == {
            ("device", "system"): {
                "maker": "Cisco", "version": "15.2", "system": "ios", "type": "network",
                "object_id": "1.3.6.1.4.1.9.1.1",
            },
            ("interface", "Gi0/1"): {"description": "GigabitEthernet0/1", "alias": "uplink", "index": 1},
        }  # fmt: skip
        assert (taken.told, taken.moving) == (sorted(stock.KINDS), ["index"])

    asyncio.run(course())
