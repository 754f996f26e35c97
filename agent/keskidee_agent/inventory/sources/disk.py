"""Disks: what the kernel and udev say of each, and over it what smartctl reads from the disk itself.

Everybody may read the first part; smartctl needs root. Where there is no /sys, smartctl's own list of disks is taken.
"""

from __future__ import annotations

from contextlib import suppress

from keskidee_agent.host.handed import DISKS
from keskidee_agent.host.placeholders import said
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.host.sysfs import attribute, text
from keskidee_agent.inventory.smart import HDD, SSD, check, dump_of, fields_of, fields_of_text
from keskidee_agent.sources.diskstats import parse_udev
from keskidee_report.items import item
from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item, Value

PLATFORMS = ("linux", "darwin")
KINDS = ("disk",)
DEADLINE_SECONDS = 120.0  # a disk that sleeps or that is ill answers late
MOVING = (
    "temperature_celsius",
    "power_on_hours",
    "power_cycles",
    "read_bytes",
    "written_bytes",
    "unsafe_shutdowns",
    "smart_exit_status",
)
"""Fields that change while nothing happened to the disk: no change worth telling."""
BLOCK = "sys/block"
SECTOR_BYTES = 512  # /sys counts in these, whatever the disk's own blocks are
NO_DISKS = ("loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd", "rbd")
NO_JSON = b"UNRECOGNIZED OPTION: json"  # smartmontools before 7.0
COPIED = ".json"
USB_BUS = "usb"
HARDLY_MODELS = ("virtual disk", "harddisk")


def read(machine: Machine) -> Iterator[Item]:
    """`disk`, keyed by the system's name (`sda`, `nvme0n1`), or by what smartctl calls it behind a RAID controller.

    Raises Denied where smartctl may not open the disks (then what SMART tells is missing), NotHere without disks.
    """
    names, serials = names_of(machine), set[object]()
    refused: Denied | Malformed | TimedOut | OSError | None = None
    for name in names:
        fields = _by_kernel(machine, name)
        try:
            fields |= {field: value for field, value in _by_disk(machine, name, len(names)).items() if _says(value)}
        except NotHere:
            pass
        except (Denied, Malformed, TimedOut, OSError) as error:
            refused = refused or error
        serials.add(fields.get("serial"))
        yield item("disk", name, fields)
    if not names:
        yield from _scanned(machine)
    yield from _behind(machine, serials) if names else ()
    if refused is not None:
        raise refused


def _says(value: object) -> bool:
    return value is not None and value != ""


def names_of(machine: Machine) -> list[str]:
    """The disks that Linux has, by its names: no partitions, and nothing that is made of others."""
    with suppress(NotHere, Denied):
        return [
            name
            for name in machine.names(BLOCK)
            if not name.startswith(NO_DISKS) and machine.present(f"{BLOCK}/{name}/device")
        ]
    return []


def _by_kernel(machine: Machine, name: str) -> dict[str, Value | None]:
    folder = f"{BLOCK}/{name}"

    def told(path: str) -> str:
        with suppress(OSError, Malformed):
            return text(attribute(machine, f"{folder}/{path}") or b"").strip()
        return ""

    def say(path: str) -> str:
        return said(told(path))

    udev = _udev(machine, told("dev") or "0:0")
    sectors, rotating = told("size"), told("queue/rotational") or ("0" if name.startswith("nvme") else "")
    rotation = udev.get("ID_ATA_ROTATION_RATE_RPM", "")
    transport = "NVMe" if name.startswith("nvme") else _transport(udev)
    virtual = name.startswith(("vd", "xvd")) or any(word in say("device/model").lower() for word in HARDLY_MODELS)
    spins = None if virtual or transport == "USB" else rotating
    maker = say("device/vendor")
    return {
        "model": _udev_model(udev) or say("device/model") or say("device/name"),
        "maker": "" if maker in ("ATA", "NVMe") or maker.startswith("0x") else maker,
        "serial": said(udev.get("ID_SCSI_SERIAL") or udev.get("ID_SERIAL_SHORT", ""))
        or say("device/serial")
        or say("serial"),
        "firmware": udev.get("ID_REVISION")
        or told("device/firmware_rev")
        or told("device/rev")
        or told("device/fwrev"),
        "size_bytes": int(sectors) * SECTOR_BYTES if sectors.isdecimal() and len(sectors) < 17 else None,
        "transport": transport,
        "medium": {"0": SSD, "1": HDD}.get(spins or ""),
        "rotation_rpm": int(rotation) if rotation.isdecimal() and len(rotation) < 7 and rotation != "0" else None,
        "wwn": udev.get("ID_WWN_WITH_EXTENSION") or udev.get("ID_WWN") or say("wwid"),
        "removable": told("removable") == "1" or None,
        "state": None if say("device/state") in ("running", "live") else say("device/state"),
    }


def _udev(machine: Machine, device: str) -> dict[str, str]:
    with suppress(NotHere, Denied, Malformed):
        return parse_udev(machine.content(f"run/udev/data/b{device}"))
    return {}


def _udev_model(udev: dict[str, str]) -> str:
    """The model with its spaces; ID_MODEL alone has `_` for them."""
    encoded = udev.get("ID_MODEL_ENC", "")
    spelled = encoded.replace("\\x20", " ").replace("\\x2f", "/") if encoded else udev.get("ID_MODEL", "")
    return said(" ".join(spelled.split()))


def _transport(udev: dict[str, str]) -> str:
    if udev.get("ID_ATA_SATA") == "1":
        return "SATA"
    return {"ata": "ATA", USB_BUS: "USB", "scsi": "SCSI", "mmc": "MMC"}.get(udev.get("ID_BUS", ""), "")


def _by_disk(machine: Machine, name: str, disks: int) -> dict[str, Value | None]:
    """What smartctl reads from one disk. A recording with one output for all of several disks tells only of its own."""
    content, dump = _answer(machine, name, (f"/dev/{name}",))
    if dump is None:
        return fields_of_text(content) if disks == 1 or not isinstance(machine, RecordedMachine) else {}
    if disks > 1 and not name.startswith(_key(dump) or name):
        return {}
    return fields_of(dump)


def _answer(machine: Machine, name: str, words: tuple[str, ...]) -> tuple[bytes, dict[str, Any] | None]:
    """What smartctl says, or root's helper has left of it, and its JSON; None where that is text."""
    try:
        if not words:
            raise NotHere(f"{name}: not in smartctl's list")
        content = asked(machine, *words)
        dump = dump_of(content)
        check(dump if dump is not None else content)
    except (NotHere, Denied) as refused:
        try:
            content = machine.content(f"{DISKS}/{name}{COPIED}")
            return content, dump_of(content)
        except (NotHere, Denied, Malformed):
            raise refused from None
    return content, dump


def asked(machine: Machine, *words: str) -> bytes:
    """All that smartctl says of a disk; its exit status tells of the disk's health (smartctl(8)). Raises as `run`."""
    content = machine.run("smartctl", "--json", "--xall", *words, seconds=60.0, status_counts=False)
    if NO_JSON in content:
        content = machine.run("smartctl", "--xall", *words, seconds=60.0, status_counts=False)
    return content


def _scanned(machine: Machine) -> Iterator[Item]:
    """The disks that smartctl finds; a recorded output that is a disk's own is that disk."""
    content = machine.run("smartctl", "--json", "--scan-open", seconds=60.0, status_counts=False)
    dump = dump_of(content)
    if dump is None:
        yield item("disk", "disk 1", fields_of_text(content))
        return
    check(dump)
    devices = dump.get("devices")
    if not isinstance(devices, list):
        yield item("disk", _key(dump) or "disk 1", fields_of(dump))
        return
    for path, kind in _places(devices):
        yield from _read(machine, path, kind)


def behind(machine: Machine) -> dict[str, tuple[str, ...]]:
    """The disks behind controllers that show arrays only, as smartctl lists them without opening: by our key
    (`bus/0 megaraid,8`) the words that smartctl takes. None where it lists nothing.
    """
    with suppress(NotHere, Denied, Malformed, TimedOut, OSError):
        dump = dump_of(machine.run("smartctl", "--json", "--scan", seconds=60.0, status_counts=False)) or {}
        devices = dump.get("devices")
        places = _places(devices if isinstance(devices, list) else [])
        return {_place(path, kind): (path, "-d", kind) for path, kind in places if "," in kind}
    return {}


def _place(path: str, kind: str) -> str:
    return f"{path.removeprefix('/dev/')} {kind}"


def _behind(machine: Machine, serials: set[object]) -> Iterator[Item]:
    """Those of them that answer, and those that root's helper heard; one that the kernel shows too was told already."""
    listed, left = behind(machine), list[str]()
    with suppress(NotHere, Denied):
        left = [name.removesuffix(COPIED) for name in machine.names(DISKS) if " " in name and name.endswith(COPIED)]
    for key in dict.fromkeys((*listed, *(name.replace("_", "/") for name in left))):
        with suppress(NotHere, Denied, Malformed, TimedOut, OSError):
            content, dump = _answer(machine, copied(key), listed.get(key, ()))
            fields = fields_of_text(content) if dump is None else fields_of(dump)
            if not fields.get("serial") or fields["serial"] not in serials:
                yield item("disk", key, fields)


def copied(key: str) -> str:
    """What root's helper calls a disk: its key without slashes."""
    return key.replace("/", "_")


def _places(devices: list[object]) -> Iterator[tuple[str, str]]:
    """Path and type of each device of smartctl's list."""
    for device in devices:
        if isinstance(device, dict) and device.get("name"):
            yield str(device["name"]), str(device.get("type", ""))


def _read(machine: Machine, path: str, kind: str) -> Iterator[Item]:
    """One disk by its path and type; one that does not answer hides no other."""
    command = ["smartctl", "--json", "--xall", path, *(("-d", kind) if kind else ())]
    with suppress(NotHere, Malformed, TimedOut):
        found = dump_of(machine.run(*command, seconds=60.0, status_counts=False))
        if found is not None:
            key = f"{path.removeprefix('/dev/')} {kind}" if "," in kind else _key(found)
            yield item("disk", key, fields_of(found))


def _key(dump: dict[str, object]) -> str:
    device = dump.get("device")
    path = device.get("name") if isinstance(device, dict) else ""
    return path.removeprefix("/dev/") if isinstance(path, str) else ""
