"""The poller's ear: who may speak from which address, a port that is taken, and events while the collector is away."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from keskidee_agent.commands.ear import NEEDED, NO_POLLER, OFF, Ear, ear_as_text, ear_of
from keskidee_agent.devices.engine import V3, Address, Credential
from keskidee_agent.devices.poller import hearing
from keskidee_agent.devices.poller.device import add_told
from keskidee_agent.devices.poller.hearing import EVENTS_FILE, Hearing
from keskidee_agent.devices.poller.senders import by_address, trusted_of
from keskidee_agent.devices.poller.target import Target
from keskidee_agent.devices.poller.watch import UP, Poll
from keskidee_agent.devices.secrets import WrongSecret
from keskidee_agent.devices.traps.ledger import TRAPS
from keskidee_agent.devices.traps.receiver import Sender
from keskidee_agent.transport.asking import CallFailed
from keskidee_config import AgentSettings, DeviceSettings, TrapSettings, TrapUserSettings
from keskidee_report.model import TIMED_OUT, Reading
from tests.agent.devices.notifying import LINK_DOWN, PORT_7, trap
from tests.processes import find_free_port

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 60
OPENED = Credential(community="public")


def target(name: str, host: str = "127.0.0.1") -> Target:
    return Target(machine_id=name, name=name, address=Address(host=host), credential=OPENED, interval_seconds=60)


@pytest.mark.parametrize(
    ("polled", "own", "expected"),
    [
        ({"a": {"192.0.2.1"}}, {"a": ("192.0.2.9", "127.0.0.1")}, {"192.0.2.1": "a", "192.0.2.9": "a"}),
        ({"a": {"192.0.2.1"}, "b": {"192.0.2.1"}}, {}, {}),
        ({"a": {"192.0.2.1"}, "b": {"192.0.2.2"}}, {"b": ("192.0.2.1",)}, {"192.0.2.1": "a", "192.0.2.2": "b"}),
        ({}, {"a": ("10.0.0.1", "10.0.0.3"), "b": ("10.0.0.2", "10.0.0.3")}, {"10.0.0.1": "a", "10.0.0.2": "b"}),
        ({}, {"a": ("fe80::1", "::", "0.0.0.0", "224.0.0.1", "no address", "2001:db8::1")}, {"2001:db8::1": "a"}),
    ],
)
def test_an_address_is_of_the_device_that_alone_has_it(polled: Any, own: Any, expected: dict[str, str]) -> None:
    assert by_address(polled, own) == expected


def test_a_device_is_taken_at_its_own_word_unless_the_settings_name_others(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a passphrase\n")
    polled = {"switch-1": {"192.0.2.1"}, "gone": {"192.0.2.2"}}
    alone = trusted_of([target("switch-1")], polled, {}, TrapSettings(), b"")
    assert (alone.communities, alone.users, alone.devices) == (
        frozenset(), (), {"192.0.2.1": Sender("switch-1", OPENED)},
    )  # fmt: skip
    user = TrapUserSettings(user="notifier", auth=f"SHA:{tmp_path / 'secret'}")
    settings = TrapSettings(community_files=(str(tmp_path / "secret"),), users=(user,))
    named = trusted_of([target("switch-1")], polled, {}, settings, b"")
    signer = Credential(version=V3, user="notifier", auth=("SHA", b"a passphrase"))
    assert (named.communities, named.users, named.devices) == (
        frozenset({b"a passphrase"}), (signer,), {"192.0.2.1": Sender("switch-1")},
    )  # fmt: skip
    with pytest.raises(WrongSecret, match=r"traps: community_files: .*none"):
        trusted_of([], {}, {}, TrapSettings(community_files=(str(tmp_path / "none"),)), b"")


def test_what_a_device_tells_while_it_answers_nothing_is_reported_and_no_sign_of_life() -> None:
    poll = Poll(readings=[Reading("snmp", TIMED_OUT, "no answer", 6.0, [UP(0)])], is_up=False)
    add_told(poll, [TRAPS(3, trap="linkDown")])
    assert [(reading.source, reading.outcome, reading.samples) for reading in poll.readings] == [
        ("snmp", TIMED_OUT, [UP(0), TRAPS(3, trap="linkDown")])
    ]


class Poller:
    """An ear on a port of loopback, and what its collector takes: nothing before it `answers`."""

    def __init__(self, folder: Path) -> None:
        self.address = ("127.0.0.1", find_free_port())
        self.settings = TrapSettings(listen=f"127.0.0.1:{self.address[1]}")
        self.folder = folder
        self.answers = False
        self.told: list[dict[str, Any]] = []
        self.polls: list[str] = []

    def take(self, body: bytes) -> requests.Response:
        if not self.answers:
            raise CallFailed("cannot be reached")
        self.told += json.loads(zlib.decompress(body))["events"]
        response = requests.Response()
        response.status_code = 204
        return response

    async def hear(self, until: Callable[[], object]) -> Hearing:
        """Hears as one process until something holds."""
        ear = Hearing(self.settings, self.folder, machine_id="poller", poll=self.polls.append, send=self.take)
        ear.know([target("switch-1")])
        task = asyncio.create_task(ear.serve())
        deadline = time.monotonic() + SECONDS
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            while not until():
                assert time.monotonic() < deadline
                if not self.polls:
                    sock.sendto(trap(LINK_DOWN, PORT_7), self.address)
                await asyncio.sleep(0.02)
        task.cancel()
        return ear


@pytest.fixture
def poller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Poller:
    monkeypatch.setattr(hearing, "TURN_SECONDS", 0.02)
    monkeypatch.setattr(hearing, "TELL_SECONDS", 0.02)
    monkeypatch.setattr(hearing, "LISTEN_AGAIN_SECONDS", 0.05)
    (tmp_path / "devices").mkdir()
    return Poller(tmp_path / "devices")


def test_events_wait_on_disk_while_the_collector_is_away_and_the_next_process_tells_them(poller: Poller) -> None:
    kept = poller.folder / EVENTS_FILE

    async def course() -> None:
        ear = await poller.hear(kept.exists)
        ear.close()
        counts = [event.count for event in ear.ledger.events]
        poller.answers = True
        (await poller.hear(lambda: poller.told and not kept.exists())).close()
        assert poller.polls == ["switch-1"]
        assert [(each["machine_id"], each["kind"], each["subject"], each["count"]) for each in poller.told] == [
            ("switch-1", "linkDown", "7", count) for count in counts
        ]

    asyncio.run(course())


def test_a_port_that_is_taken_is_told_once_and_heard_on_as_soon_as_it_is_free(
    poller: Poller, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = DeviceSettings(name="switch-1", address="127.0.0.1", community_file="/dev/null")
    settings = AgentSettings(devices=(device,), traps=poller.settings)

    def reason() -> str | None:
        ear = ear_of(settings, tmp_path)
        return None if ear is None else ear.reason

    async def course() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(poller.address)
            await poller.hear(lambda: reason() == "Address already in use")
        ear = await poller.hear(lambda: reason() == "" and poller.polls)
        assert [labels for _, labels, value in ear.samples_of("switch-1") if value] == [{"trap": "linkDown"}]
        ear.close()
        assert reason() == NO_POLLER

    asyncio.run(course())
    said = capsys.readouterr().err
    assert (said.count("traps=unheard reason='Address already in use'"), said.count("traps=heard")) == (1, 1)


def test_doctor_is_silent_of_traps_where_nobody_is_polled_and_says_where_nobody_is_to_listen(tmp_path: Path) -> None:
    assert ear_of(AgentSettings(), tmp_path) is None
    device = DeviceSettings(name="switch-1", address="192.0.2.1", community_file="/dev/null")
    ear = ear_of(AgentSettings(devices=(device,), traps=TrapSettings(enabled=False)), tmp_path)
    assert ear == Ear(address="0.0.0.0:162", reason=OFF, refused={})


@pytest.mark.parametrize(
    ("ear", "is_well", "said"),
    [
        (None, True, ""),
        (
            Ear(address="0.0.0.0:162", received=7, refused={"stranger": 2, "community": 1}, last_at=970.0), True,
            (
                "\nTRAPS      heard on 0.0.0.0:162\nreceived   7, the last one taken 30 s ago\n"
                "refused    community 1, stranger 2, of no device\n"
            ),
        ),
        (
            Ear(address="[::]:1162", refused={}), True,
            "\nTRAPS      heard on [::]:1162\nreceived   0, none taken yet\n",
        ),
        (
            Ear(address="0.0.0.0:162", reason="Permission denied", refused={}), False,
            (
                "\nTRAPS      not heard on 0.0.0.0:162: Permission denied\n"
                "needs      the right to a port below 1024; devices are polled meanwhile, and only their traps"
                " are lost\n"
                "run        sudo deploy/systemd/install --poller agent\n"
                "or         sudo systemctl edit keskidee-agent, with these lines, then sudo systemctl restart"
                " keskidee-agent:\n"
                "               [Service]\n"
                "               CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n"
                "               AmbientCapabilities=CAP_NET_BIND_SERVICE\n"
                "or         traps.listen: 0.0.0.0:1162 in agent.yml, and that port on the devices\n"
                "or         traps.enabled: false in agent.yml, and nobody listens\n"
            ),
        ),
        (
            Ear(address="0.0.0.0:1162", reason="Permission denied", refused={}), False,
            "\nTRAPS      not heard on 0.0.0.0:1162: Permission denied\n",
        ),
        (
            Ear(address="0.0.0.0:162", reason=NO_POLLER, refused={}), True,
            "\nTRAPS      not heard on 0.0.0.0:162: the poller is not running\n",
        ),
    ],
)  # fmt: skip
def test_doctor_says_where_traps_are_heard_or_why_not(ear: Ear | None, is_well: bool, said: str) -> None:
    assert (ear is None or ear.is_well, ear_as_text(ear, 1000.0)) == (is_well, said)


def test_what_doctor_tells_to_write_is_what_the_drop_in_of_the_installer_says() -> None:
    drop_in = Path(__file__).parents[3] / "deploy/systemd/keskidee-agent.poller.conf"
    wanted = {line.strip() for line in NEEDED if line.startswith(" ")}
    assert wanted <= set(drop_in.read_text(encoding="utf-8").splitlines())
