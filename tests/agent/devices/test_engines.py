"""The engines over UDP, against snmpsim: gufo and pysnmp give the very rows that were recorded."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from keskidee.cli import main
from keskidee_agent.devices.commands import ENGINES, open_engine
from keskidee_agent.devices.document import as_document
from keskidee_agent.devices.engine import V1, Address, Credential, Row
from keskidee_agent.devices.mibs import system
from keskidee_agent.devices.recorded_engine import RecordedEngine
from keskidee_agent.devices.walk import got, walked
from tests.agent.devices.expectations import reading_of
from tests.agent.devices.simulator import Simulator

RECORDINGS = ("socomec-ups", "hwg-poseidon", "apc_ap7900b", "brother", "cyberpower_pr2200rt2uc")
ALL = "1.3.6.1"
TIMEOUT_SECONDS = 30  # snmpsim is slow, and a machine may be too

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def simulator(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    recordings = [shared_data / "snmp" / f"{name}.snmprec" for name in RECORDINGS]
    running = Simulator(tmp_path_factory.mktemp("snmpsim"), recordings)
    yield running
    running.stop()


def asked(port: int, credential: Credential, engine_name: str) -> tuple[list[Row], list[Row], str | None]:
    """The system group, and all rows below 1.3.6.1."""

    async def ask() -> tuple[list[Row], list[Row], str | None]:
        address = Address(host="127.0.0.1", port=port, timeout_seconds=TIMEOUT_SECONDS)
        engine = open_engine(engine_name, address, credential)
        try:
            return await got(engine, system.ALL), *await walked(engine, ALL)
        finally:
            engine.close()

    return asyncio.run(ask())


def recorded(path: Path) -> tuple[list[Row], list[Row], str | None]:
    async def ask() -> tuple[list[Row], list[Row], str | None]:
        engine = RecordedEngine.of(path)
        return await got(engine, system.ALL), *await walked(engine, ALL)

    return asyncio.run(ask())


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("name", RECORDINGS)
def test_every_engine_gives_the_recorded_rows(shared_data: Path, simulator: Simulator, name: str, engine: str) -> None:
    rows = asked(simulator.port, Credential(community=name), engine)
    assert rows == recorded(shared_data / "snmp" / f"{name}.snmprec")


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_version_1_gives_the_same(shared_data: Path, simulator: Simulator, engine: str) -> None:
    name = "hwg-poseidon"
    rows = asked(simulator.port, Credential(community=name, version=V1), engine)
    assert rows == recorded(shared_data / "snmp" / f"{name}.snmprec")


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_the_command_prints_the_device(
    shared_data: Path, simulator: Simulator, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["device", "127.0.0.1", "--port", str(simulator.port), "--community", "socomec-ups", "--engine", engine]
    assert main([*words, "--timeout", str(TIMEOUT_SECONDS)]) == 0
    out, err = capsys.readouterr()
    document = as_document(reading_of(shared_data / "snmp" / "socomec-ups.snmprec"))
    assert (json.loads(out), err) == (document, "")


def test_a_credential_does_not_print_its_secrets() -> None:
    secret = replace(Credential(), community="hidden", auth=("SHA", b"hidden"))
    assert "hidden" not in repr(secret)
