"""LLDP-MIB (IEEE 802.1AB) and CISCO-CDP-MIB: who stands at the other end of each port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.answers import hardware_address, text
from keskidee_agent.devices.mibs.interfaces import MORE, TABLE
from keskidee_agent.devices.parts import Neighbour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.engine import Value
    from keskidee_agent.devices.parts import Parts

LOCAL, REMOTE = "1.0.8802.1.1.2.1.3.7.1", "1.0.8802.1.1.2.1.4.1.1"
CDP_DEVICE, CDP_PORT = "1.3.6.1.4.1.9.9.23.1.2.1.1.6", "1.3.6.1.4.1.9.9.23.1.2.1.1.7"
WALKS = (LOCAL, REMOTE, CDP_DEVICE, CDP_PORT)


def read(answers: Answers, parts: Parts) -> None:
    """Neighbours by both; one that speaks both is one."""
    parts.neighbours += dict.fromkeys((*by_lldp(answers), *by_cdp(answers)))


def by_cdp(answers: Answers) -> Iterator[Neighbour]:
    """One neighbour a row of cdpCacheTable, whose index is (ifIndex, number)."""
    interfaces = answers.texts(f"{MORE}.1") or answers.texts(f"{TABLE}.2")
    devices, ports = answers.column(CDP_DEVICE), answers.column(CDP_PORT)
    for row in dict.fromkeys([*devices, *ports]):
        index = row.partition(".")[0]
        yield Neighbour(
            port=interfaces.get(index, index), device=named(devices.get(row)), remote_port=named(ports.get(row))
        )


def by_lldp(answers: Answers) -> Iterator[Neighbour]:
    """One neighbour a row of lldpRemTable, whose index is (time mark, local port, number)."""
    locals_, descriptions = answers.texts(f"{LOCAL}.4"), answers.column(f"{LOCAL}.3")
    names, ports = answers.texts(f"{REMOTE}.9"), answers.column(f"{REMOTE}.7")
    chassis, remote_words = answers.column(f"{REMOTE}.5"), answers.texts(f"{REMOTE}.8")
    interfaces = answers.texts(f"{MORE}.1") or answers.texts(f"{TABLE}.2")
    for row in dict.fromkeys([*chassis, *ports, *names]):
        mark = row.split(".")
        port = mark[1] if len(mark) > 1 else row
        yield Neighbour(
            port=interfaces.get(port) or locals_.get(port) or named(descriptions.get(port)) or port,
            device=names.get(row) or named(chassis.get(row)),
            remote_port=named(ports.get(row)) or remote_words.get(row),
        )


def named(value: Value | None) -> str | None:
    """A port or chassis id: six bytes that are no text are a hardware address."""
    if value is None:
        return None
    if isinstance(value, bytes) and any(byte < 32 or byte > 126 for byte in value):
        return hardware_address(value) or value.hex(":")
    return text(value) or None
