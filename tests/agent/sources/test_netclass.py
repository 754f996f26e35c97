"""Interfaces from round to round: what changed is seen at once or soon, and what went away is gone."""

from pathlib import Path

import pytest

from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.sources import netclass
from keskidee_report.model import FAILED, OK
from tests.agent.recordings import reading_at, reading_of, values, write_files

FOLDER = "sys/class/net/eth0"
ATTRIBUTES = {
    "address": "02:00:5e:00:53:01",
    "carrier": "1",
    "carrier_changes": "2",
    "flags": "0x1003",
    "ifindex": "2",
    "mtu": "1500",
    "operstate": "up",
    "speed": "1000",
}


def interface(**changes: str) -> dict[str, str | bytes]:
    return {f"{FOLDER}/{name}": f"{value}\n" for name, value in {**ATTRIBUTES, **changes}.items()}


def value(machine: RecordedMachine, name: str) -> float | None:
    machine.begin_round()
    return values(reading_of("netclass", machine)).get((f"node_network_{name}", (("device", "eth0"),)))


@pytest.fixture
def machine(tmp_path: Path) -> RecordedMachine:
    """One interface, read once."""
    machine = RecordedMachine(str(write_files(tmp_path, interface())))
    assert value(machine, "carrier") == 1
    return machine


@pytest.mark.parametrize(
    ("change", "name", "expected"),
    [
        ({"carrier": "0", "carrier_changes": "3"}, "carrier", 0),
        ({"speed": "100", "carrier_changes": "4"}, "speed_bytes", 12_500_000),
        ({"operstate": "down"}, "up", 0),
        ({"flags": "0x1103"}, "flags", 0x1103),
        ({"ifindex": "7", "mtu": "9000"}, "mtu_bytes", 9000),
    ],
)
def test_a_change_of_state_is_seen_in_the_next_round(
    machine: RecordedMachine, change: dict[str, str], name: str, expected: float
) -> None:
    write_files(Path(machine.root), interface(**change))
    assert value(machine, name) == expected


def test_a_change_of_anything_else_is_seen_within_sixteen_rounds(machine: RecordedMachine) -> None:
    write_files(Path(machine.root), interface(mtu="9000"))
    assert [value(machine, "mtu_bytes") for _ in range(netclass.REREAD_ROUNDS)][-1] == 9000


def test_an_interface_that_went_away_is_gone(machine: RecordedMachine) -> None:
    folder = Path(machine.root, FOLDER)
    folder.rename(folder.with_name("eth1"))
    assert value(machine, "up") is None


def test_a_refused_attribute_is_read_again_in_the_next_round(machine: RecordedMachine) -> None:
    write_files(Path(machine.root), interface(operstate="down", mtu="none"))
    machine.begin_round()
    assert reading_of("netclass", machine).outcome == FAILED
    write_files(Path(machine.root), interface(operstate="down", mtu="1400"))
    assert value(machine, "mtu_bytes") == 1400


class Announced(RecordedMachine):
    """A machine whose kernel announces what becomes of its interfaces."""

    change = True

    def links_changed(self, _: object) -> bool:
        change, self.change = self.change, False
        return change


def test_where_nothing_was_announced_it_is_read_in_its_turn_alone(tmp_path: Path) -> None:
    machine = Announced(str(write_files(tmp_path, interface())))
    read = []
    for number in range(2 * netclass.REREAD_ROUNDS):
        machine.change = number in (0, 5)
        if not number or not netclass.unchanged(machine):
            read.append(number)
            reading_of("netclass", machine)
    assert read == [0, 5, netclass.REREAD_ROUNDS]


def test_an_unknown_speed_is_left_out(tmp_path: Path) -> None:
    names = {name for name, _ in values(reading_at("netclass", write_files(tmp_path, interface(speed="-1"))))}
    assert "node_network_speed_bytes" not in names


def test_names_that_are_not_utf_8_are_read(tmp_path: Path) -> None:
    write_files(tmp_path, interface())
    folder = (tmp_path / FOLDER).rename(tmp_path / "sys/class/net" / b"wan\xff".decode(errors="surrogateescape"))
    write_files(folder, {"ifalias": b"caf\xe9\n"})
    reading = reading_at("netclass", tmp_path)
    assert reading.outcome == OK
    [labels] = [labels for family, labels, _ in reading.samples if family is netclass.INFO]
    assert (labels["device"], labels["ifalias"]) == ("wan\ufffd", "caf\ufffd")


def test_of_many_interfaces_eight_are_read_in_full_each_round(tmp_path: Path) -> None:
    for number in range(40):
        files = {path.replace("eth0", f"veth{number:02}"): content for path, content in interface().items()}
        write_files(tmp_path, files)
    read: list[str] = []

    class Watched(RecordedMachine):
        def content(self, path: str) -> bytes:
            read.append(path)
            return super().content(path)

    machine = Watched(str(tmp_path))
    reading_of("netclass", machine)
    read.clear()
    machine.begin_round()
    reading_of("netclass", machine)
    assert sum(path.endswith("/mtu") for path in read) == netclass.REREAD_TOGETHER
