"""What a pretend machine is made of, as items that an agent on its system tells.

All makers, models and serial numbers are invented, so that nobody takes a pretend part for a bought one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from keskidee_report.items import item
from keskidee_simulator.bought import OLDEST_DAYS
from keskidee_simulator.hardware import BATTERY_WATT_HOURS, FULL_SHARE, SPARE_PERCENT, WEAR_PERCENT, whole
from keskidee_simulator.models import GIB
from keskidee_simulator.systems import disks_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_report.items import Item, Value
    from keskidee_simulator.fleet import Pretend
    from keskidee_simulator.software import Past

Fields = dict[str, "Value | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What is on the board of a model: its processor, and what memory it takes."""

    processor: str
    cores: int
    megahertz: int
    memory: str = "DDR4"
    module_bytes: int = 8 * GIB
    slots: int = 2
    form_factor: str = "SODIMM"
    megatransfers: int = 3200


BOARDS = {
    "Rackmast R240": Board(
        processor="Ironwood S2408 @ 2.40GHz", cores=4, megahertz=2400, module_bytes=16 * GIB, slots=8,
        form_factor="DIMM",
    ),
    "Rackmast R120": Board(processor="Ironwood S1204 @ 2.10GHz", cores=4, megahertz=2100, slots=4, form_factor="DIMM"),
    "Guest 4": Board(processor="Ironwood Virtual", cores=4, megahertz=2400, memory="RAM", slots=1, form_factor="DIMM"),
    "Deskmate 310": Board(processor="Ironwood D304 @ 2.90GHz", cores=4, megahertz=2900, megatransfers=2666),
    "Deskmate 520": Board(
        processor="Ironwood D508 @ 3.20GHz", cores=4, megahertz=3200, memory="DDR5", slots=4, form_factor="DIMM",
        megatransfers=4800,
    ),
    "Breeze 14": Board(processor="Ironwood M408 @ 1.80GHz", cores=4, megahertz=1800, module_bytes=16 * GIB),
    "Breeze 13": Board(processor="Ironwood M204 @ 1.60GHz", cores=2, megahertz=1600),
    "Studio One": Board(processor="Tamarind T1", cores=8, megahertz=0, memory="LPDDR5"),
    "Book 13": Board(processor="Tamarind T1", cores=8, megahertz=0, memory="LPDDR5"),
}  # fmt: skip
CHASSIS = {"server": "Rack Mount Chassis", "virtual": "Other", "desktop": "Desktop", "laptop": "Notebook"}
MONITORS = (("Heliconia", "HLC", "View 24", 24, "1920x1080"), ("Heliconia", "HLC", "View 27Q", 27, "2560x1440"))
"""Maker, its letters, model, inches, pixels."""
MEMORY_MAKERS = ("Coral Memory", "Reef Micro")
FIRMWARE = frozenset({"system", "board", "chassis", "bios", "memory", "memory_slot", "memory_array"})
"""Kinds that firmware's tables tell of, which only root may read."""
ON_A_DAY = 9
"""Hours that a machine with people at it is on; a server is on all day."""
INSTANCE = "4&1a2b3c4d&0&UID"


def parts(machine: Pretend, past: Past) -> Iterator[Item]:
    """All parts that can be held in hand, and what firmware says of the whole."""
    yield from _of_mac(machine) if machine.system.os == "darwin" else _of_firmware(machine, past)
    yield from _disks(machine)
    if machine.model.chassis == "laptop":
        yield _battery(machine, past)
    if machine.model.chassis in ("desktop", "laptop"):
        yield from _monitors(machine)
        if machine.system.os != "darwin":
            yield _graphics(machine)


def has_room(machine: Pretend) -> bool:
    """Whether a memory slot is empty."""
    board = BOARDS[machine.model.name]
    return machine.system.os != "darwin" and machine.model.memory_bytes // board.module_bytes < board.slots


def grown(machine: Pretend) -> Pretend:
    """The machine with one memory module more."""
    more = machine.model.memory_bytes + BOARDS[machine.model.name].module_bytes
    return replace(machine, model=replace(machine.model, memory_bytes=more))


def _of_firmware(machine: Pretend, past: Past) -> Iterator[Item]:
    """SMBIOS, as Linux and Windows hand it out."""
    maker, name, serial = machine.model.maker, machine.model.name, machine.serial
    virtual = machine.model.chassis == "virtual"
    made: Fields = {"maker": maker, "model": name, "serial": serial, "uuid": machine.uuid.lower()}
    yield item("system", "system", made | {"family": name.partition(" ")[0]})
    if not virtual:
        yield item("board", "board", {"maker": maker, "model": f"{name} board", "serial": f"{serial}-B"})
        yield item("tpm", "tpm0", {"version": "2.0"})
    yield item("chassis", "chassis", {"maker": maker, "type": CHASSIS[machine.model.chassis], "serial": serial})
    day = past.began - timedelta(days=int(OLDEST_DAYS * machine.age) + 60)
    yield item(
        "bios", "bios", {"maker": maker, "version": "1.4 (simulated)", "date": day.isoformat(), "release": "1.4"}
    )
    yield item("platform", "platform", {"virtual": virtual, "hypervisor": "kvm" if virtual else None})
    yield item("boot", "boot", {"firmware": "uefi", "secure_boot": True})
    yield _processor(machine)
    yield from _memory(machine)


def _processor(machine: Pretend) -> Item:
    board, threads = BOARDS[machine.model.name], machine.model.cpus
    cores = min(board.cores, threads)
    hertz = board.megahertz * 1_000_000
    return item(
        "processor", "processor 1",
        {
            "slot": "CPU 1", "maker": "Ironwood", "model": board.processor, "cores": cores, "cores_enabled": cores,
            "threads": threads, "threads_per_core": threads // cores, "speed_hertz": hertz,
            "maximum_speed_hertz": hertz * 3 // 2, "architecture": "x86_64",
        },
    )  # fmt: skip


def _memory(machine: Pretend) -> Iterator[Item]:
    """Modules fill the slots from the first on."""
    board = BOARDS[machine.model.name]
    modules = machine.model.memory_bytes // board.module_bytes
    correction = "Multi-bit ECC" if machine.model.chassis == "server" else None
    whole_array: Fields = {"use": "System Memory", "slots": board.slots}
    most: Fields = {"maximum_bytes": 2 * board.slots * board.module_bytes, "error_correction": correction or "None"}
    yield item("memory_array", "array 1", whole_array | most)
    speed = board.megatransfers * 1_000_000 if board.memory != "RAM" else None
    for number in range(board.slots):
        slot: Fields = {"slot": f"DIMM {number}", "bank": f"BANK {number}"}
        sort: Fields = {"type": board.memory, "form_factor": board.form_factor, "error_correction": correction}
        if number >= modules:
            yield item("memory_slot", f"DIMM {number}", slot | sort)
            continue
        maker = MEMORY_MAKERS[machine.luck[17] % len(MEMORY_MAKERS)]
        module: Fields = {
            "size_bytes": board.module_bytes, "speed_transfers_per_second": speed,
            "configured_transfers_per_second": speed, "maker": maker, "rank": 1,
            "serial": f"{machine.serial}-M{number}",
            "part": f"{maker[:2].upper()}-{board.memory}-{board.megatransfers}",
        }  # fmt: skip
        yield item("memory", f"DIMM {number}", slot | (module if speed else {"size_bytes": board.module_bytes}) | sort)


def _of_mac(machine: Pretend) -> Iterator[Item]:
    """What system_profiler tells."""
    maker, name = machine.model.maker, machine.model.name
    board = BOARDS[name]
    code = name.replace(" ", "")
    made = {
        "maker": maker,
        "model": f"{code}14,1",
        "family": name,
        "serial": machine.serial,
        "uuid": machine.uuid.lower(),
    }
    yield item("system", "system", made)
    yield item("bios", "bios", {"maker": maker, "version": "10151.140.19 (simulated)"})
    yield item("processor", "socket 1", {"maker": maker, "model": board.processor, "cores": board.cores})
    size: Fields = {"size_bytes": machine.model.memory_bytes, "type": board.memory, "maker": MEMORY_MAKERS[0]}
    yield item("memory", "built in", size)


def _disks(machine: Pretend) -> Iterator[Item]:
    """A virtual disk has no model and no wear; Windows tells no wear either."""
    model, os = machine.model, machine.system.os
    for number, name in enumerate(disks_of(model, machine.system)):
        serial: Fields = {"serial": f"{machine.serial}-D{number}", "size_bytes": model.disk_bytes}
        nvme = {"model": "Coral NVMe (simulated)", "firmware": "2B4Q", "transport": "NVMe", "medium": "ssd"}
        if model.chassis == "virtual":
            yield item("disk", name, serial)
        elif os == "windows":
            more = {"description": "Disk drive", "media_type": "Fixed hard disk media", "health": "healthy"}
            yield item("disk", name.upper(), nvme | serial | more | {"partitions": 4})
        else:
            yield item("disk", name, nvme | serial | {"protocol": "NVMe"} | _smart(machine))


def _smart(machine: Pretend) -> Fields:
    hours = int(OLDEST_DAYS * machine.age * (24 if machine.kind == "server" else ON_A_DAY))
    return {
        "smart_passed": True, "power_on_hours": hours, "wear_ratio": whole(WEAR_PERCENT, machine.age) / 100,
        "available_spare_ratio": whole(SPARE_PERCENT, machine.age) / 100, "media_errors": 0, "critical_warning": 0,
    }  # fmt: skip


def _battery(machine: Pretend, past: Past) -> Item:
    """Windows tells what firmware knows; what a charge still holds, Linux alone."""
    design = int(BATTERY_WATT_HOURS * 1000)
    made: Fields = {"maker": "Breadfruit Power", "model": "Cell 50", "serial": f"{machine.serial}-A"}
    if machine.system.os == "darwin":
        return item("battery", "battery", made | {"condition": "Normal", "cycles": int(900 * machine.age)})
    day = past.began - timedelta(days=int(OLDEST_DAYS * machine.age) + 30)
    told: Fields = made | {"date": day.isoformat(), "chemistry": "Lithium Ion", "design_milliwatt_hours": design}
    if machine.system.os == "windows":
        return item("battery", "Rear", told | {"slot": "Rear", "design_millivolts": 11400})
    full = whole((FULL_SHARE[0] * design, FULL_SHARE[1] * design), machine.age)
    wear: Fields = {
        "full_milliwatt_hours": full,
        "cycles": int(900 * machine.age),
        "health_ratio": round(full / design, 2),
    }
    return item("battery", "BAT0", told | wear)


def _monitors(machine: Pretend) -> Iterator[Item]:
    """One on each desk, a second one on every third; at a laptop one, on every other."""
    luck = machine.luck[18]
    count = (1 + (luck % 3 == 0)) if machine.model.chassis == "desktop" else luck % 2
    for number in range(count):
        maker, code, name, inches, pixels = MONITORS[(luck // 3 + number) % len(MONITORS)]
        place = {
            "linux": f"DP-{number + 1}",
            "windows": rf"{code}{2700 + inches}\{INSTANCE}{number + 256}",
            "darwin": name if not number else f"{name} #2",
        }[machine.system.os]
        width, height = round(inches * 22.14), round(inches * 12.45)  # of 16:9, in millimetres
        yield item(
            "monitor", place,
            {
                "connector": None if machine.system.os == "darwin" else place, "maker": maker, "maker_code": code,
                "model": name, "serial": f"{machine.serial}-V{number}", "year": 2025 - int(6 * machine.age),
                "width_millimetres": width, "height_millimetres": height, "native": pixels, "input": "digital",
            },
        )  # fmt: skip


def _graphics(machine: Pretend) -> Item:
    graphics: Fields = {"model": "Ironwood Graphics 600", "memory_bytes": GIB}
    if machine.system.os == "windows":
        more: Fields = {"resolution": "1920x1080", "driver_version": "31.0.101.4502"}
        return item("graphics", "Ironwood Graphics 600", graphics | more)
    slot = "0000:00:02.0"
    return item(
        "graphics", slot, graphics | {"address": slot, "maker": "Ironwood", "class": "VGA compatible controller"}
    )
