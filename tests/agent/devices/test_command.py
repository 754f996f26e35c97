"""`keskidee device`: what is typed wrong is one line and status 2; what cannot be reached one line and status 1."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from keskidee.cli import main
from keskidee_agent.devices import written
from keskidee_agent.devices.metrics import samples
from keskidee_agent.gather.output import as_prometheus
from tests.agent.devices.expectations import reading_of
from tests.agent.inventory.test_glpi import faults

SOCOMEC = "1.3.6.1.4.1.4555.1.1.7.1.2."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--port 0", "--port is 1 to 65535, and --timeout more than 0"),
        ("--timeout 0", "--port is 1 to 65535, and --timeout more than 0"),
        ("--priv AES:x", "--auth and --priv need --user"),
        ("--user u --community c", "--user is version 3: it goes with neither --community nor --v1"),
        ("--user u --priv AES:x", "--priv needs --auth: there is no privacy without authentication"),
        ("--user u --auth SHA", "--auth is PROTOCOL:FILE, where PROTOCOL is MD5, SHA, SHA224, SHA256, SHA384, SHA512"),
        ("--user u --auth SHA:nowhere", "--auth: nowhere: No such file or directory"),
    ],
)
def test_a_slip_is_one_line(
    options: str, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["device", "127.0.0.1", *options.split()]) == 2
    assert capsys.readouterr() == ("", f"keskidee: {said}\n")


def test_a_short_passphrase_is_refused_without_being_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "key").write_text("secret\n")
    assert main(["device", "127.0.0.1", "--user", "u", "--auth", f"sha-256:{tmp_path / 'key'}"]) == 2
    said = capsys.readouterr().err
    assert said == f"keskidee: --auth: {tmp_path / 'key'}: the passphrase has fewer than 8 bytes\n"


def test_a_name_that_is_none_is_told_without_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["device", "no name"]) == 1
    said = capsys.readouterr().err
    assert (said.startswith("keskidee: no name: "), "Errno" in said) == (True, False)


def test_a_port_without_listener_is_one_line(free_port: Callable[[], int], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["device", "127.0.0.1", "--port", str(free_port()), "--timeout", "0.1", "--engine", "gufo"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("keskidee: 127.0.0.1: no")  # nobody listens, or no answer where ICMP is filtered


def test_units_are_base_units_in_prometheus(shared_data: Path) -> None:
    text = as_prometheus(samples(reading_of(shared_data / "snmp" / "socomec-ups.snmprec")))
    lines = {
        line.partition("{")[0]: line for line in text.splitlines() if f'oid="{SOCOMEC}' in line and "state" not in line
    }
    assert {name: line.rpartition(" ")[2] for name, line in lines.items()} == {
        "keskidee_ups_runtime_seconds": "3932100",
        "keskidee_ups_battery_charge_ratio": "1",
        "keskidee_sensor_volts": "54.2",
        "keskidee_sensor_celsius": "21",
    }


def test_every_recorded_device_makes_a_page_without_repeated_series(shared_data: Path) -> None:
    for recording in sorted((shared_data / "snmp").glob("*.snmprec")):
        lines = as_prometheus(samples(reading_of(recording))).splitlines()
        names = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
        assert len(names) == len(set(names)), recording.stem


def test_every_recorded_device_fits_glpis_schema(shared_data: Path) -> None:
    schema = json.loads((shared_data / "glpi_inventory_format" / "inventory.schema.json").read_text())
    made = {
        recording.stem: written.for_glpi(reading_of(recording))
        for recording in sorted((shared_data / "snmp").glob("*.snmprec"))
    }
    assert [(name, faults(each, schema, schema["definitions"])) for name, each in made.items()] == [
        (name, []) for name in made
    ]
    switch = made["ios_c3560"]
    device, port = switch["content"]["network_device"], switch["content"]["network_ports"][0]
    assert (switch["itemtype"], switch["action"], device["type"]) == ("NetworkEquipment", "netinventory", "Networking")
    assert {name: port[name] for name in ("ifnumber", "ifname", "iftype")} == {
        "ifnumber": 1,
        "ifname": "Vl1",
        "iftype": 53,
    }
