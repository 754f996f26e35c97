"""Network and printers: what is polled by SNMP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.board import DEVICE, Board
from deploy.grafana.panels import NETWORK, column, lines, listed, meant, number, worst
from deploy.grafana.queries import (
    ANY_IS_BAD,
    ANY_IS_WORTH_A_LOOK,
    BUSY,
    POLLED,
    PORT,
    STATE,
    STATES,
    SUPPLY,
    count,
    of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.grafana.panels import AnyPanel

DEVICES = POLLED.replace("}", ', instance=~"$device"}')
A_PORT = "instance, ifName, ifAlias"
PORT_LEGEND = "{{instance}} {{ifName}} {{ifAlias}}"
INFO = "group by (instance, vendor, model, version, kind) (keskidee_device_info)"


def rate(counter: str) -> str:
    """A counter of IF-MIB as a rate, a port a series."""
    return f"max by ({A_PORT}) (rate({counter}[$__rate_interval]))"


def used(counter: str) -> str:
    """Share of a port's speed."""
    return f"8 * {rate(counter)} / (1e6 * max by ({A_PORT}) (ifHighSpeed > 0))"


def devices() -> Iterator[AnyPanel]:
    """Which devices are there, do they answer, are they busy?"""
    yield number("Devices", "That are polled.", f"count({DEVICES}) or vector(0)")
    silent = count(DEVICES, 'keskidee_machine_state{state="silent"} == 1')
    yield number("Silent", "That do not answer. Printers that are off are off.", silent, steps=ANY_IS_BAD)
    unread = count(DEVICES, "keskidee_device_unread_tables > 0")
    yield number("Read in part", "Whose tables break off.", unread, steps=ANY_IS_WORTH_A_LOOK)
    up = f"count({of(DEVICES, 'ifOperStatus == 1')}) or vector(0)"
    yield number("Ports up", "Of all devices.", up)
    down = count(
        DEVICES, f'max by ({A_PORT}) (ifOperStatus{{ifAlias!=""}} == 2) and max by ({A_PORT}) (ifAdminStatus) == 1'
    )
    yield number("Described ports down", "Somebody expects them to be up.", down, steps=ANY_IS_WORTH_A_LOOK)
    low = count(DEVICES, 'keskidee_device_supply_level_ratio{type!~"input|waste.*"} < 0.05')
    yield number("Supplies to order", "Under a twentieth left.", low, steps=ANY_IS_WORTH_A_LOOK)
    columns = {
        "state": (of(DEVICES, STATE), meant(STATES)),
        "running for": (of(DEVICES, "max by (instance) (sysUpTime) / 100"), column(unit="s")),
        "processor": (
            of(DEVICES, "max by (instance) (keskidee_device_processor_load_ratio)"),
            column(unit="percentunit", steps=BUSY),
        ),
        "ports up": (f"count by (instance) ({of(DEVICES, 'ifOperStatus == 1')})", column()),
        "hottest": (of(DEVICES, "max by (instance) (keskidee_sensor_celsius)"), column(unit="celsius")),
    }
    labels = ["instance", "vendor", "model", "version", "kind"]
    yield listed(
        "Every device", "A click shows it.", of(DEVICES, INFO), columns, by="instance", labels=labels, device=True
    )


def ports() -> Iterator[AnyPanel]:
    """Which lines are full, and which lose packets?"""
    traffic = {
        "{{instance}} in": f"topk(10, sum by (instance) ({of(DEVICES, rate('ifHCInOctets'))}))",
        "{{instance}} out": f"topk(10, sum by (instance) ({of(DEVICES, rate('ifHCOutOctets'))}))",
    }
    yield lines("Traffic", "Of all ports of a device together; the ten with most.", traffic, unit="Bps").min(0)
    for way, counter in (("in", "ifHCInOctets"), ("out", "ifHCOutOctets")):
        full = of(DEVICES, used(counter))
        yield worst(
            f"Fullest ports, {way}", "Share of a port's speed.", full, PORT_LEGEND, steps=PORT, device=True
        ).span(8)
    faults = {
        f"{PORT_LEGEND} {words}": f"topk(5, {of(DEVICES, rate(counter))})"
        for words, counter in (
            ("errors in", "ifInErrors"),
            ("errors out", "ifOutErrors"),
            ("dropped in", "ifInDiscards"),
            ("dropped out", "ifOutDiscards"),
        )
    }
    says = "Packets in a second, the five worst of each; anything steady is a cable, a port or a duplex mismatch."
    yield lines("Faults of ports", says, faults, unit="pps").min(0).span(12)
    busy = of(DEVICES, "max by (instance) (keskidee_device_processor_load_ratio)")
    load = {"{{instance}}": f"topk(10, {busy})"}
    yield (
        lines("Processors of devices", "The busiest of each; the ten busiest.", load, unit="percentunit")
        .min(0)
        .max(1)
        .span(12)
    )


def printers() -> Iterator[AnyPanel]:
    """What must be ordered, and who prints how much?"""
    level = of(DEVICES, 'min by (instance, supply) (keskidee_device_supply_level_ratio{type!~"waste.*"})')
    yield worst(
        "Supplies", "What is left of each.", level, "{{instance}} {{supply}}", steps=SUPPLY, least=True, device=True
    ).span(12)
    printed = of(DEVICES, 'max by (instance) (keskidee_sensor_count{sensor="Pages in its life"})')
    pages = {"{{instance}}": f"topk(10, {printed})"}
    yield lines("Pages", "In the printer's life, of the ten with most; the slope is the use.", pages, unit="none").span(
        12
    )


BOARD = Board(
    uid=NETWORK,
    title="keskidee: network and printers",
    says="Switches, routers, access points and printers.",
    rows={"Devices": devices, "Ports": ports, "Printers": printers},
    several=DEVICE,
)
