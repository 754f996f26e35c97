"""The pretend machines against a server that decodes what they send."""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING, Any

import pytest

from keskidee_collector.access.authority import ServerCertificate, prepare
from keskidee_simulator.enrolment import Refused
from keskidee_simulator.fleet import DEVICE_KINDS, FALLING_SILENT, Pretend, build_fleet
from keskidee_simulator.habits import OFF, ON, SILENT, presence
from keskidee_simulator.simulation import simulate
from keskidee_simulator.sites import Cut
from tests.simulator.listener import Listener, listening, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from keskidee_simulator.world import Tally

pytestmark = pytest.mark.slow  # a fleet's life, test by test: together eight seconds

TOKEN = "kj1_pretend_-"
INTERVAL = 0.2


async def during(
    listener: Listener, folder: Path, condition: Callable[[], bool], *, token: str = TOKEN, count: int = 3, **given: Any
) -> Tally:
    """Runs a simulation until something has come true."""
    stop = asyncio.Event()
    options: dict[str, Any] = {"interval_seconds": INTERVAL, "steady": True} | given
    running = asyncio.create_task(
        simulate(listener.url, token, build_fleet("keskidee", count), folder, stop=stop, **options)
    )
    try:
        await until(lambda: condition() or running.done())
    finally:
        stop.set()
        tally = await running
    assert condition()
    return tally


@pytest.fixture(scope="module", name="certificate")
def certificate_fixture(tmp_path_factory: pytest.TempPathFactory) -> ServerCertificate:
    return prepare(tmp_path_factory.mktemp("tls"), ["127.0.0.1"])


def server_tls(certificate: ServerCertificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context


def rounds(listener: Listener) -> list[int]:
    return [len(heard.rounds) for heard in listener.machines.values()]


def everyone(listener: Listener, count: int, at_least: int) -> Callable[[], bool]:
    return lambda: len(rounds(listener)) == count and min(rounds(listener)) >= at_least


def shifted(to: float) -> Callable[[], float]:
    """A clock that runs as the real one, from another moment."""
    ahead = to - time.time()
    return lambda: time.time() + ahead


def moment_before(machine: Pretend, state: str, after: str, seconds: float) -> float:
    """A moment `seconds` before the machine changes from one state to the other."""
    now = 1_790_000_000.0
    for _ in range(1000):
        found = presence(machine, now)
        if found.state == state and presence(machine, found.until + 1.0).state == after:
            return found.until - seconds
        now = found.until + 1.0
    raise AssertionError(f"{machine.hostname} never goes from {state} to {after}")


def test_every_machine_enrols_with_the_join_token_and_reports_with_its_own_credential(tmp_path: Path) -> None:
    async def main() -> None:
        async with listening() as listener:
            await during(listener, tmp_path, everyone(listener, 3, 2))
            assert listener.tokens == [TOKEN] * 3
            assert sorted(str(asked["hostname"]) for asked in listener.enrolled) == sorted(
                machine.hostname for machine in build_fleet("keskidee", 3)
            )

    asyncio.run(main())


def test_a_device_is_enlisted_by_its_poller_and_reports_with_that_ones_credential(tmp_path: Path) -> None:
    fleet = build_fleet("keskidee", 23)
    devices = [machine for machine in fleet if machine.poller is not None]

    async def main() -> None:
        async with listening() as listener:
            await during(listener, tmp_path, everyone(listener, 23, 2), count=23)
            assert sorted(listener.devices) == sorted(device.hostname for device in devices)
            assert len(listener.enrolled) == 23 - len(devices)
            for device in devices:
                heard = listener.machines[listener.devices[device.hostname]]
                assert heard.facts["kind"] == DEVICE_KINDS[device.model.chassis]
                assert heard.outcomes[0] == {"snmp": "ok", "interfaces": "ok", "sensors": "ok"}
                assert heard.values[0]["keskidee_device_up", ()] == 1

    asyncio.run(main())


def test_a_restart_uses_the_credentials_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with listening() as listener:
            await during(listener, tmp_path, everyone(listener, 3, 1))
            before = rounds(listener)
            await during(listener, tmp_path, lambda: min(rounds(listener)) > max(before))
            assert len(listener.enrolled) == 3

    asyncio.run(main())


def test_the_credentials_are_for_their_owner_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with listening() as listener:
            await during(listener, tmp_path, everyone(listener, 1, 1), count=1)

    asyncio.run(main())
    assert (tmp_path / "machines.jsonl").stat().st_mode & 0o777 == 0o600


def test_machines_have_a_session_each_and_count_their_reports_from_one(tmp_path: Path) -> None:
    async def main() -> None:
        async with listening() as listener:
            await during(listener, tmp_path, everyone(listener, 3, 3))
            heard = list(listener.machines.values())
            assert len({machine.sessions[0] for machine in heard}) == 3
            assert [[r.sequence for r in machine.rounds[:3]] for machine in heard] == [[1, 2, 3]] * 3

    asyncio.run(main())


def test_a_machine_keeps_one_connection(tmp_path: Path) -> None:
    async def main() -> None:
        async with listening() as listener:
            await during(listener, tmp_path, everyone(listener, 3, 4))
            assert len(listener.writers) == 3

    asyncio.run(main())


def test_the_schema_travels_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with listening() as listener:
            await during(listener, tmp_path, everyone(listener, 1, 1), count=1)
            listener.schemas.clear()
            tally = await during(listener, tmp_path, everyone(listener, 1, 3), count=1)
            assert tally.schema_asked == 0
            assert len(listener.schemas) == 1

    asyncio.run(main())


def test_a_collector_that_forgot_the_schema_is_given_it_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with listening() as listener:
            forgotten: list[int] = []

            def heard_again() -> bool:
                if everyone(listener, 2, 2)() and not forgotten:
                    listener.schemas.clear()
                    forgotten.append(min(rounds(listener)))
                return bool(forgotten) and min(rounds(listener)) > forgotten[0] + 1

            tally = await during(listener, tmp_path, heard_again, count=2)
            assert tally.schema_asked >= 1

    asyncio.run(main())


def test_retry_after_is_obeyed(tmp_path: Path) -> None:
    async def main() -> None:
        async with listening() as listener:
            listener.answers = [503]
            began = time.monotonic()
            await during(listener, tmp_path, everyone(listener, 1, 1), count=1)
            assert time.monotonic() - began > 1.0

    asyncio.run(main())


def test_a_lost_connection_is_opened_again_and_nothing_is_missing(tmp_path: Path) -> None:
    async def main() -> None:
        async with listening() as listener:
            cut: list[int] = []

            def heard_again() -> bool:
                if everyone(listener, 1, 2)() and not cut:
                    listener.writers[0].close()
                    cut.append(rounds(listener)[0])
                return bool(cut) and rounds(listener)[0] > cut[0] + 2

            await during(listener, tmp_path, heard_again, count=1)
            stamps = [r.sequence for heard in listener.machines.values() for r in heard.rounds]
            assert stamps == list(range(1, len(stamps) + 1))

    asyncio.run(main())


def test_a_machine_switched_off_for_the_night_says_goodbye_and_is_quiet(tmp_path: Path) -> None:
    machine = next(m for m in build_fleet("keskidee", 20) if m.kind == "desktop" and m.chance(16) < 0.4)

    async def main() -> None:
        clock = shifted(moment_before(machine, ON, OFF, 3.0))
        async with listening() as listener:

            def gone() -> bool:
                return "shutdown" in goodbyes(listener, machine)

            await during(listener, tmp_path, gone, count=machine.number + 1, steady=False, clock=clock)

    asyncio.run(main())


def goodbyes(listener: Listener, machine: Pretend) -> list[str]:
    return [g for h in listener.machines.values() if h.facts.get("serial") == machine.serial for g in h.goodbyes]


def test_a_machine_never_heard_of_reports_three_times_before_it_is_off(tmp_path: Path) -> None:
    machine = next(
        m for m in build_fleet("keskidee", 20) if m.kind == "desktop" and m.chance(16) < 0.4 and not m.pulls_plug
    )
    assert machine.number < 20

    async def main() -> None:
        clock = shifted(moment_before(machine, OFF, ON, 3600.0))
        async with listening() as listener:
            await during(
                listener, tmp_path, lambda: bool(goodbyes(listener, machine)), count=machine.number + 1, steady=False,
                clock=clock,
            )  # fmt: skip
            heard = next(h for h in listener.machines.values() if h.facts["serial"] == machine.serial)
            assert (len(heard.rounds), heard.goodbyes) == (3, ["shutdown"])

    asyncio.run(main())


def test_a_machine_that_is_off_at_a_restart_says_so_once(tmp_path: Path) -> None:
    machine = next(
        m for m in build_fleet("keskidee", 20) if m.kind == "desktop" and m.chance(16) < 0.4 and not m.pulls_plug
    )
    night = moment_before(machine, OFF, ON, 3600.0)

    async def main() -> None:
        async with listening() as listener:
            await during(listener, tmp_path, everyone(listener, machine.number + 1, 1), count=machine.number + 1)
            before = len(next(h for h in listener.machines.values() if h.facts["serial"] == machine.serial).rounds)
            await during(
                listener, tmp_path, lambda: bool(goodbyes(listener, machine)), count=machine.number + 1, steady=False,
                clock=shifted(night),
            )  # fmt: skip
            heard = next(h for h in listener.machines.values() if h.facts["serial"] == machine.serial)
            assert (len(heard.rounds) - before, heard.goodbyes) == (1, ["shutdown"])

    asyncio.run(main())


def test_a_machine_that_is_unplugged_says_no_goodbye_and_tells_it_when_it_is_back(tmp_path: Path) -> None:
    machine = next(m for m in build_fleet("keskidee", 40) if m.chance(16) < 0.4 and m.pulls_plug)
    clock = shifted(moment_before(machine, OFF, ON, 3.0))

    async def main() -> None:
        async with listening() as listener:

            def told() -> list[str]:
                mine = [h for h in listener.machines.values() if h.facts["serial"] == machine.serial]
                return [h.facts.get("away_reason", "") for h in mine]

            await during(
                listener,
                tmp_path,
                lambda: told() == ["power_loss"],
                count=machine.number + 1,
                steady=False,
                clock=clock,
            )
            assert goodbyes(listener, machine) == []

    asyncio.run(main())


def test_a_site_whose_link_is_cut_is_not_heard_and_the_others_are(tmp_path: Path) -> None:
    fleet = build_fleet("keskidee", 30)
    now = time.time()
    cut = Cut(site=fleet[0].site.name, begins_at=now, ends_at=now + 3600)
    there = {machine.serial for machine in fleet if machine.link.name == cut.site}

    async def main() -> None:
        async with listening() as listener:
            heard = listener.machines

            def others() -> bool:
                rounds_of = {h.facts["serial"]: len(h.rounds) for h in heard.values() if "serial" in h.facts}
                return sum(count >= 3 for count in rounds_of.values()) == 30 - len(there)

            await during(listener, tmp_path, others, count=30, cuts=[cut])
            assert {h.facts["serial"] for h in heard.values() if h.rounds} & there == set()

    asyncio.run(main())


def test_a_machine_that_falls_silent_says_no_goodbye(tmp_path: Path) -> None:
    machine = next(m for m in build_fleet("keskidee", 60) if m.ailment == FALLING_SILENT)

    async def main() -> None:
        clock = shifted(moment_before(machine, ON, SILENT, 1.0))
        async with listening() as listener:
            began = time.monotonic()
            await during(
                listener, tmp_path, lambda: time.monotonic() - began > 2.5, count=machine.number + 1, steady=False,
                clock=clock,
            )  # fmt: skip
            heard = next(h for h in listener.machines.values() if h.facts["serial"] == machine.serial)
            assert 2 <= len(heard.rounds) <= 6
            assert heard.goodbyes == []

    asyncio.run(main())


def test_reports_of_the_machines_are_spread_over_the_interval(tmp_path: Path) -> None:
    async def main() -> None:
        async with listening() as listener:
            # a busy machine is late by tenths of a second, and what begins late is not at its place before the second
            def all_twice() -> bool:
                return len(listener.machines) == 50 and min(rounds(listener)) >= 2

            await during(listener, tmp_path, all_twice, count=50, interval_seconds=3.0)
            places = [machine.rounds[-1].wall_ms % 3000 // 750 for machine in listener.machines.values()]
            assert set(places) == {0, 1, 2, 3}  # how many each has is chance: their ids are random

    asyncio.run(main())


@pytest.mark.parametrize("count", [60])
def test_every_report_of_every_system_is_decoded(tmp_path: Path, count: int) -> None:
    async def main() -> None:
        async with listening() as listener:
            tally = await during(listener, tmp_path, everyone(listener, count, 2), count=count, interval_seconds=0.5)
            assert (tally.refused, tally.failed) == (0, 0)

    asyncio.run(main())


def test_over_tls_the_ca_is_taken_when_the_token_carries_its_fingerprint(
    tmp_path: Path, certificate: ServerCertificate
) -> None:
    token = f"kj1_pretend_{certificate.fingerprint}"

    async def main() -> None:
        async with listening(server_tls(certificate), certificate.ca_pem) as listener:
            await during(listener, tmp_path, everyone(listener, 2, 2), count=2, token=token)
            assert listener.tokens == [token] * 2

    asyncio.run(main())


def test_a_ca_of_another_fingerprint_is_refused_and_the_token_is_not_sent(
    tmp_path: Path, certificate: ServerCertificate
) -> None:
    async def main() -> None:
        async with listening(server_tls(certificate), certificate.ca_pem) as listener:
            with pytest.raises(Refused, match="not the one whose fingerprint"):
                await simulate(listener.url, f"kj1_pretend_{'0' * 64}", build_fleet("keskidee", 1), tmp_path)
            assert listener.tokens == []

    asyncio.run(main())
