"""The data centre: servers, storage, power and heat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.board import Board
from deploy.grafana.panels import column, lines, listed, meant, number, worst
from deploy.grafana.queries import (
    ANY_IS_BAD,
    ANY_IS_WORTH_A_LOOK,
    BUSY,
    CPU_BUSY,
    DISK_SICK,
    DISK_WAIT,
    FULL,
    HEAT,
    LOAD,
    LOAD_PER_CORE,
    MEMORY,
    MEMORY_USED,
    POLLED,
    ROOM,
    SERVERS,
    SPACE_USED,
    STATE,
    STATES,
    TRAFFIC,
    UPS_LEFT,
    UPS_LOAD,
    WEAR,
    count,
    of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.grafana.panels import AnyPanel

ON_BATTERY = (
    'group by (instance) (keskidee_ups_runtime_seconds{sensor="Time on battery"} > 0'
    ' or keskidee_sensor_state{sensor="Output source"} == 5 or keskidee_sensor_state{sensor="Output status"} == 3'
    ' or keskidee_sensor_state{sensor="On battery"} == 1)'
)
LEFT = 'min by (instance) (keskidee_ups_runtime_seconds{sensor!="Time on battery"})'
ROOMS = 'keskidee_sensor_celsius{sensor=~"(?i).*(ambient|inlet|intake|room|environment|external).*"}'
INSIDE = "max by (instance) (node_hwmon_temp_celsius or node_thermal_zone_temp)"
RAID_SHORT = (
    'max by (instance, device) (node_md_disks_required) - max by (instance, device) (node_md_disks{state="active"}) > 0'
)


def servers() -> Iterator[AnyPanel]:
    """Which servers are there, and which are worst off?"""
    yield number("Servers on", "That report now.", count(SERVERS, "keskidee_machine_up == 1"))
    silent = count(SERVERS, 'keskidee_machine_state{state="silent"} == 1')
    yield number("Silent", "Stopped without a goodbye.", silent, steps=ANY_IS_BAD)
    short = count(SERVERS, f"{MEMORY_USED} > 0.95")
    yield number("Short of memory", "Under a twentieth left.", short, steps=ANY_IS_WORTH_A_LOOK)
    raids = count(SERVERS, RAID_SHORT)
    yield number("RAIDs that lack a disk", "The next one takes the data.", raids, steps=ANY_IS_BAD)
    sick = count(SERVERS, DISK_SICK)
    yield number("Disks that fail", "By their own health check.", sick, steps=ANY_IS_BAD)
    battery = count(POLLED, ON_BATTERY)
    yield number("UPSs on battery", "Without mains now.", battery, steps=ANY_IS_BAD)
    columns = {
        "state": (of(SERVERS, STATE), meant(STATES)),
        "started": (
            f"1000 * ({of(SERVERS, 'max by (instance) (node_boot_time_seconds)')})",
            column(unit="dateTimeFromNow"),
        ),
        "processor": (of(SERVERS, CPU_BUSY), column(unit="percentunit", steps=BUSY)),
        "load a core": (of(SERVERS, LOAD_PER_CORE), column(steps=LOAD)),
        "memory": (of(SERVERS, MEMORY_USED), column(unit="percentunit", steps=MEMORY)),
        "fullest disk": (of(SERVERS, f"max by (instance) ({SPACE_USED})"), column(unit="percentunit", steps=FULL)),
        "traffic": (of(SERVERS, TRAFFIC), column(unit="Bps")),
    }
    labels = ["instance", "site", "role", "os", "model"]
    yield listed("Every server", "A click shows it.", SERVERS, columns, by="instance", labels=labels)
    processor = {"{{instance}}": f"topk(10, {of(SERVERS, CPU_BUSY)})"}
    yield lines("Processors", "The ten busiest.", processor, unit="percentunit").min(0).max(1)
    memory = {"{{instance}}": f"topk(10, {of(SERVERS, MEMORY_USED)})"}
    yield lines("Memory", "The ten with the least left.", memory, unit="percentunit").min(0).max(1)
    traffic = {"{{instance}}": f"topk(10, {of(SERVERS, TRAFFIC)})"}
    yield lines("Traffic", "The ten that send and receive most.", traffic, unit="Bps").min(0)


def storage() -> Iterator[AnyPanel]:
    """Is there room, is it quick, will it last?"""
    legend = "{{instance}} {{mountpoint}}"
    yield worst("Fullest", "Share of space used.", of(SERVERS, SPACE_USED), legend, steps=FULL)
    free = "max by (instance, mountpoint) (node_filesystem_avail_bytes and node_filesystem_readonly == 0)"
    space = {"free": f"sum({of(SERVERS, free)})", "in all": f"sum({of(SERVERS, free.replace('avail', 'size'))})"}
    yield lines("Space of all servers", "The slope says when to buy.", space, unit="bytes").min(0).span(6)
    waits = {"{{instance}} {{device}}": f"topk(10, {of(SERVERS, DISK_WAIT)})"}
    yield (lines("Slowest disks", "Mean time of a request; over 20 ms is slow.", waits, unit="s").min(0).span(6))
    wear = of(SERVERS, "max by (instance, device) (smartctl_device_percentage_used)")
    yield worst(
        "Wear", "Of the promised writes, in percent.", wear, "{{instance}} {{device}}", steps=WEAR, unit="percent"
    )


def power() -> Iterator[AnyPanel]:
    """Is there mains, and for how long is there power without it?"""
    left = of(POLLED, LEFT)
    yield worst(
        "Time left",
        "Without mains, at this load.",
        left,
        "{{instance}}",
        steps=UPS_LEFT,
        unit="s",
        least=True,
        device=True,
    )
    load = of(POLLED, "max by (instance, sensor) (keskidee_ups_load_ratio)")
    yield worst("Load of UPSs", "Of what each can bear.", load, "{{instance}} {{sensor}}", steps=UPS_LOAD, device=True)
    charged = of(POLLED, "min by (instance) (keskidee_ups_battery_charge_ratio)")
    charge = {"{{instance}}": f"bottomk(10, {charged})"}
    yield (
        lines("Charge", "Falls while there is no mains; the ten lowest.", charge, unit="percentunit")
        .min(0)
        .max(1)
        .span(6)
    )
    taken = of(POLLED, "max by (instance, sensor) (keskidee_sensor_watts)")
    watts = {"{{instance}} {{sensor}}": f"topk(10, {taken})"}
    yield lines("Power", "What devices say that they take; the ten that take most.", watts, unit="watt").min(0).span(6)


def heat() -> Iterator[AnyPanel]:
    """Is the room cool, and is anything in it hot?"""
    room = of(POLLED, f"max by (instance, sensor) ({ROOMS})")
    rooms = {"{{instance}} {{sensor}}": f"topk(10, {room})"}
    yield lines(
        "Air of the rooms", "Of sensors that say so in their name; the ten warmest.", rooms, unit="celsius"
    ).span(12)
    yield worst(
        "Warmest rooms", "Over 32 °C pages.", room, "{{instance}} {{sensor}}", steps=ROOM, unit="celsius", device=True
    )
    inside = of(SERVERS, INSIDE)
    yield worst("Hottest servers", "Their hottest part.", inside, "{{instance}}", steps=HEAT, unit="celsius")


BOARD = Board(
    uid="keskidee-data-centre",
    title="keskidee: data centre",
    says="Servers, storage, power and heat.",
    rows={"Servers": servers, "Storage": storage, "Power": power, "Heat": heat},
    since="now-24h",
)
