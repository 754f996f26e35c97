"""The agents' authority is replaced while they report, by stages that a crash, a restart or a backup keeps."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from keskidee.cli import main
from keskidee_agent.transport.identity import read_identity
from keskidee_agent.transport.trust import certificates_in
from keskidee_collector.access import authority, certificates
from keskidee_collector.access.ca_metrics import AuthorityMetrics
from keskidee_collector.access.certificates import authorities_in, certificate_in, fingerprint_of
from keskidee_collector.access.rotation import (
    DAY_SECONDS,
    HAND_OUT_SECONDS,
    HANDING_OUT,
    IN_USE,
    SETTLED,
    TRUST_SECONDS,
    Rotation,
)
from keskidee_collector.backup.archive import AUTHORITY
from tests.collector.inside import Inside
from tests.collector.served import Line, Served
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.processes import Start

pytestmark = pytest.mark.slow

NAMES = ["127.0.0.1", "localhost"]
AGENT = [sys.executable, "-m", "keskidee", "agent"]


def trusted(folder: Path, by: str) -> bool:
    """Whether who knows these authorities (PEM) trusts the server's certificate."""
    context = ssl.create_default_context(cadata=by)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem", folder / "server.key")
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        context.wrap_bio(to_client, to_server, server_hostname="127.0.0.1"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    try:
        for _ in range(4):
            for end in ends:
                with suppress(ssl.SSLWantReadError):
                    end.do_handshake()
    except ssl.SSLCertVerificationError:
        return False
    return ends[0].version() is not None


def rotation_of(collector: Inside, folder: Path) -> Rotation:
    return Rotation(collector.state, folder, lambda: sign(folder), names_own=True)


def sign(folder: Path) -> None:
    authority.prepare(folder, NAMES)


def age(folder: Path, seconds: float, now: float) -> None:
    os.utime(folder / "ca.pem", (now - seconds, now - seconds))


async def stages(collector: Inside, folder: Path) -> list[tuple[str, int, bool, bool]]:
    """Stage, authorities, and whether who knows only the old one, or only the new one, trusts the server."""
    rotation = rotation_of(collector, folder)
    old = authorities_in(folder)[0].decode()
    await rotation.begin()
    new = authorities_in(folder)[1].decode()
    found = [(rotation.stage, len(rotation.pems), trusted(folder, old), trusted(folder, new))]
    for _ in range(2):
        await rotation.finish()
        found.append((rotation.stage, len(rotation.pems), trusted(folder, old), trusted(folder, new)))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sign(tmp_path / "tls")
    return tmp_path / "tls"


def test_the_next_authority_is_handed_out_then_signs_and_then_is_the_only_one(folder: Path, tmp_path: Path) -> None:
    collector = Inside(tmp_path)
    assert asyncio.run(stages(collector, folder)) == [
        (HANDING_OUT, 2, True, False), (IN_USE, 2, False, True), (SETTLED, 1, False, True),
    ]  # fmt: skip
    assert sorted(path.name for path in folder.iterdir()) == ["ca.key", "ca.pem", "server.key", "server.pem"]
    collector.state.close()


def test_metrics_say_its_stage_who_is_behind_and_when_each_ends(folder: Path, tmp_path: Path) -> None:
    collector = Inside(tmp_path)

    async def run() -> dict[str, list[float]]:
        await collector.report(await collector.enrol("pc-01"), authorities="0123456789abcdef")
        rotation = rotation_of(collector, folder)
        await rotation.begin()
        return {
            family.name: [sample.value for sample in family.samples] for family in AuthorityMetrics(rotation).collect()
        }

    found = asyncio.run(run())
    collector.state.close()
    ends = found.pop("keskidee_ca_expiry_timestamp_seconds")
    assert found == {"keskidee_ca_stage": [0, 1, 0], "keskidee_ca_machines_behind": [1]}
    assert [end > time.time() + 19 * 365 * DAY_SECONDS for end in ends] == [True, True]


def test_a_crash_between_the_key_and_its_certificate_is_made_good_by_the_next_start(folder: Path) -> None:
    certificates.make_next(folder)
    old, new = authorities_in(folder)
    os.replace(folder / "next.key", folder / "ca.key")
    sign(folder)
    assert authorities_in(folder) == [new, old]
    assert certificate_in(folder).fingerprint == fingerprint_of(new)
    assert trusted(folder, new.decode())


def test_a_start_in_the_middle_changes_nothing_and_a_backup_holds_all_of_it(folder: Path) -> None:
    certificates.make_next(folder)
    before = {name: (folder.parent / name).read_bytes() for name in AUTHORITY}
    sign(folder)
    assert {name: (folder.parent / name).read_bytes() for name in AUTHORITY} == before


def test_it_goes_on_by_itself_once_everybody_heard_lately_is_ready(folder: Path, tmp_path: Path) -> None:
    collector = Inside(tmp_path)
    found = []

    async def run() -> None:
        rotation = rotation_of(collector, folder)
        agent = await collector.enrol("pc-01")
        await collector.enrol("away")
        ids = rotation.progress().authorities
        await collector.report(agent, authorities=ids[0])

        async def step(seconds: float) -> None:
            age(folder, seconds, collector.clock.at)
            rotation._read()
            await rotation.advance()
            found.append((rotation.stage, rotation.progress().lacking))

        await step(TRUST_SECONDS)
        await rotation.begin()
        await step(HAND_OUT_SECONDS)
        rotation.ask()
        found.append(("asked", [m.instance for m in collector.state.fleet if m.renews]))
        collector.clock.wait(15 * 86_400)
        await collector.report(agent, authorities=" ".join(rotation.progress().authorities))
        await step(HAND_OUT_SECONDS - 60)
        await step(HAND_OUT_SECONDS + 60)
        token = await collector.token()
        assert token.rpartition("_")[2] == certificate_in(folder).fingerprint
        await step(TRUST_SECONDS + 60)

    asyncio.run(run())
    assert found == [
        (SETTLED, ["away"]), (HANDING_OUT, ["away", "pc-01"]), ("asked", ["pc-01"]),
        (HANDING_OUT, []), (IN_USE, []), (SETTLED, []),
    ]  # fmt: skip
    collector.state.close()


@pytest.mark.parametrize(
    ("told", "lacks", "asked"),
    [
        ("", True, False),
        ("none", False, False),
        ("system", False, False),
        ("fixed ID", True, False),
        ("ID", True, True),
    ],
)
def test_who_is_asked_for_it(folder: Path, tmp_path: Path, told: str, *, lacks: bool, asked: bool) -> None:
    collector = Inside(tmp_path)

    async def run() -> tuple[bool, bool]:
        rotation = rotation_of(collector, folder)
        agent = await collector.enrol("pc-01")
        await collector.report(agent, authorities=told.replace("ID", rotation.progress().authorities[0]))
        await rotation.begin()
        age(folder, 60, collector.clock.at)
        rotation._read()
        rotation.ask()
        return bool(rotation.progress().lacking), collector.machine(agent).renews

    assert asyncio.run(run()) == (lacks, asked)
    collector.state.close()


def test_a_collector_without_tls_has_none(tmp_path: Path) -> None:
    collector = Inside(tmp_path)
    found = [asyncio.run(collector.administer("GET", path)).status for path in ("/v1/ca/rotation", "/v1/authorities")]
    stranger = asyncio.run(collector.ask("POST", "/v1/ca/rotation", b"{}")).status
    assert (found, stranger) == ([404, 404], 401)
    collector.state.close()


@pytest.mark.timeout(200)
def test_a_running_agent_follows_its_collector_to_another_authority(
    tmp_path: Path, start: Start, free_port: Callable[[], int], capsys: pytest.CaptureFixture[str]
) -> None:
    collector = Served(tmp_path, {}, listen=f"0.0.0.0:{free_port()}")
    awake, asleep = tmp_path / "awake", tmp_path / "asleep"
    url = f"https://127.0.0.1:{collector.port}"
    for state in (awake, asleep):
        command = [*AGENT, "enrol", url, "--token-file", "-", "--state", str(state)]
        subprocess.run(command, input=collector.token(), text=True, check=True, capture_output=True)
    start([*AGENT, "run", "--state", str(awake), "--interval", "1"], ready=None)
    old = (awake / "ca.pem").read_text()

    def rotate(*words: str) -> list[str]:
        capsys.readouterr()
        assert main(["collector", "ca", *words, "--data", str(collector.data)]) == 0
        return capsys.readouterr().out.splitlines()

    def trusts(count: int) -> bool:
        return len(certificates_in((awake / "ca.pem").read_text())) == count

    assert "is handed out" in rotate("rotate")[0]
    wait_until(lambda: trusts(2), seconds=60)
    mine = read_identity(awake).instance
    wait_until(lambda: mine not in rotate("status")[1].replace(read_identity(asleep).instance, ""), seconds=60)
    assert "signs" in rotate("rotate", "--finish")[0]
    assert json.loads((collector.data / "collector.json").read_text())["url"] == url
    collector.stop()
    collector.start()  # every connection is made anew, with the other authority's certificate
    wait_until(lambda: collector.counts().get("stored", 0) > 2, seconds=60)
    with pytest.raises(ssl.SSLCertVerificationError):
        Line(collector.port, ssl.create_default_context(cadata=old))

    slept = start([*AGENT, "run", "--state", str(asleep), "--interval", "1"], ready=None)
    wait_until(lambda: "if it was replaced, enrol with --force" in slept.stderr, seconds=60)
    assert "one authority" in rotate("rotate", "--finish")[0]
    wait_until(lambda: trusts(1), seconds=60)
    stored = collector.counts()["stored"]
    wait_until(lambda: collector.counts()["stored"] > stored + 2, seconds=60)
    machine = read_identity(asleep).machine_id
    again = [*AGENT, "enrol", url, "--token-file", "-", "--state", str(asleep), "--force"]
    subprocess.run(again, input=collector.token(), text=True, check=True, capture_output=True)
    assert read_identity(asleep).machine_id == machine
    assert collector.stop() == 0
