"""A real snmpd, read by `keskidee device` and by prometheus-snmp-exporter: the same series with the same values."""

import os
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from keskidee.cli import main
from tests.processes import Start

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]

IF_TABLE, IF_X_TABLE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
# columns of IF-MIB (RFC 2863), numbered from the first of the list
TABLE = """
    ifIndex - ifType ifMtu ifSpeed ifPhysAddress ifAdminStatus ifOperStatus ifLastChange ifInOctets ifInUcastPkts
    ifInNUcastPkts ifInDiscards ifInErrors ifInUnknownProtos ifOutOctets ifOutUcastPkts ifOutNUcastPkts ifOutDiscards
    ifOutErrors ifOutQLen
"""
X_TABLE = """
    - ifInMulticastPkts ifInBroadcastPkts ifOutMulticastPkts ifOutBroadcastPkts ifHCInOctets ifHCInUcastPkts
    ifHCInMulticastPkts ifHCInBroadcastPkts ifHCOutOctets ifHCOutUcastPkts ifHCOutMulticastPkts ifHCOutBroadcastPkts
    ifLinkUpDownTrapEnable ifHighSpeed ifPromiscuousMode ifConnectorPresent - ifCounterDiscontinuityTime
"""
LOOKUPS = (("ifAlias", f"{IF_X_TABLE}.18"), ("ifDescr", f"{IF_TABLE}.2"), ("ifName", f"{IF_X_TABLE}.1"))
IF_TYPES = {1: "other", 6: "ethernetCsmacd", 24: "softwareLoopback", 131: "tunnel", 53: "propVirtual"}
SHORT = 8  # the shortest passphrase that RFC 3414 allows


@dataclass(frozen=True, slots=True)
class Agent:
    """A running snmpd, and the options with which `keskidee device` opens it as version 3."""

    port: int
    secret: tuple[str, ...]
    auth_file: Path


@pytest.fixture
def snmpd(program: Callable[[str], Path], start: Start, free_port: Callable[[], int], tmp_path: Path) -> Agent:
    port = free_port()
    passphrases = {name: f"{name}-passphrase" for name in ("auth", "priv")}
    for name, passphrase in passphrases.items():
        (tmp_path / name).write_text(passphrase + "\n")
    configuration = tmp_path / "snmpd.conf"
    configuration.write_text(
        f"agentAddress udp:127.0.0.1:{port}\nrocommunity public\n"
        f"createUser monitor SHA {passphrases['auth']} AES {passphrases['priv']}\nrouser monitor priv\n"
    )
    folder = tmp_path / "persistent"
    folder.mkdir()
    argv: list[str | Path] = [program("snmpd"), "-f", "-Lo", "-C", "-c", configuration]
    start(argv, ready="NET-SNMP version", environment={"SNMP_PERSISTENT_DIR": os.fspath(folder)})
    secret = ("--user", "monitor", "--auth", f"SHA:{tmp_path / 'auth'}", "--priv", f"AES:{tmp_path / 'priv'}")
    return Agent(port, secret, tmp_path / "auth")


def if_mib() -> str:
    """The exporter's module if_mib, as its generator writes it."""
    metrics: list[dict[str, Any]] = [
        {"name": "sysUpTime", "oid": "1.3.6.1.2.1.1.3", "type": "gauge", "help": "-"},
        {"name": "ifNumber", "oid": "1.3.6.1.2.1.2.1", "type": "gauge", "help": "-"},
    ]
    lookups = [{"labels": ["ifIndex"], "labelname": name, "oid": oid, "type": "DisplayString"} for name, oid in LOOKUPS]
    for table, names in ((IF_TABLE, TABLE), (IF_X_TABLE, X_TABLE)):
        for at, name in enumerate(names.split(), 1):
            if name != "-":
                counter = name.endswith(("Octets", "Pkts", "Discards", "Errors", "Protos"))
                column: dict[str, Any] = {
                    "name": name,
                    "oid": f"{table}.{at}",
                    "type": "counter" if counter else "gauge",
                    "help": "-",
                }
                column |= {"ifType": {"type": "EnumAsInfo", "enum_values": IF_TYPES}}.get(name, {})
                column |= {"ifPhysAddress": {"type": "PhysAddress48"}}.get(name, {})
                metrics.append(column | {"indexes": [{"labelname": "ifIndex", "type": "gauge"}], "lookups": lookups})
    module = {
        "walk": ["1.3.6.1.2.1.2", "1.3.6.1.2.1.31.1.1"],
        "get": ["1.3.6.1.2.1.1.3.0"],
        "metrics": metrics,
        "version": 2,
        "auth": {"community": "public"},
    }
    return yaml.safe_dump({"if_mib": module})


def series(text: str) -> Series:
    """The interfaces' series. The parser ends the names of counters with `_total`, and theirs have no such end."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {
        (sample.name.removesuffix("_total"), frozenset(sample.labels.items())): sample.value
        for sample in samples
        if sample.name.startswith(("if", "sysUpTime"))
    }


def indexes(key: tuple[str, frozenset[tuple[str, str]]]) -> str | None:
    """The interface that a series is of; None for what is of the whole device."""
    return dict(key[1]).get("ifIndex")


def ours(capsys: pytest.CaptureFixture[str], agent: Agent, *options: str) -> Series:
    assert (
        main(["device", "127.0.0.1", "--port", str(agent.port), "--timeout", "20", "--format", "prometheus", *options])
        == 0
    )
    return series(capsys.readouterr().out)


def test_interfaces_are_the_series_of_the_exporter(
    snmpd: Agent,
    program: Callable[[str], Path],
    start: Start,
    free_port: Callable[[], int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "snmp.yml").write_text(if_mib())
    exporter = f"http://127.0.0.1:{free_port()}"
    listen = f"--web.listen-address={exporter.removeprefix('http://')}"
    start([program("prometheus-snmp-exporter"), f"--config.file={tmp_path / 'snmp.yml'}", listen], ready=f"{exporter}/")

    before = ours(capsys, snmpd)
    with urllib.request.urlopen(f"{exporter}/snmp?module=if_mib&target=127.0.0.1:{snmpd.port}", timeout=60) as answer:
        theirs = series(answer.read().decode())
    after = ours(capsys, snmpd, *snmpd.secret)

    # other tests may make and take away interfaces meanwhile
    stayed = set.intersection(*({indexes(key) for key in reading} for reading in (before, theirs, after)))
    before, theirs, after = (
        {key: value for key, value in reading.items() if indexes(key) in stayed} for reading in (before, theirs, after)
    )
    assert before.keys() == theirs.keys() == after.keys()
    assert {"sysUpTime", "ifNumber", "ifHCInOctets", "ifType_info", "ifPhysAddress"} <= {name for name, _ in theirs}
    bounds = {key: sorted((before[key], after[key])) for key in theirs}
    assert {key: value for key, value in theirs.items() if not bounds[key][0] <= value <= bounds[key][1]} == {}


@pytest.mark.parametrize("engine", ["gufo", "pysnmp"])
def test_a_wrong_community_or_key_is_one_clear_line(
    snmpd: Agent, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    device = ["device", "127.0.0.1", "--port", str(snmpd.port), "--engine", engine]
    assert main([*device, "--community", "wrong", "--timeout", "0.2"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "",
        "keskidee: 127.0.0.1: no answer (unreachable, no SNMP, or another community)\n",
    )
    snmpd.auth_file.write_text("x" * SHORT)
    assert main([*device, *snmpd.secret, "--timeout", "20"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("keskidee: 127.0.0.1: the device refuses this user or key")
    assert said.err.count("\n") == 1
