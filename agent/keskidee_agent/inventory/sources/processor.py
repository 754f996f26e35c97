"""Processor chips: as the kernel sees them (cpuinfo.py, topology.py), and as firmware does (DSP0134, 7.5)."""

from __future__ import annotations

from contextlib import suppress

from keskidee_agent.host.placeholders import said
from keskidee_agent.inventory.cpuinfo import chip_maker, packages
from keskidee_agent.inventory.firmware import firmware_of
from keskidee_agent.inventory.layout import PROCESSOR
from keskidee_report.items import item
from keskidee_report.model import Denied, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.cpuinfo import Package
    from keskidee_agent.inventory.firmware import Record
    from keskidee_report.items import Item, Value

PLATFORMS = ("linux", "windows")
KINDS = ("processor",)
BY_TOPOLOGY = ("powerpc", "s390x", "aarch64")
"""Of whose chips and cores /proc/cpuinfo does not tell."""


def read(machine: Machine) -> Iterator[Item]:
    """A chip by its number, so that a right to firmware's tables that is given later changes no key: its socket, maker,
    model, cores, threads and speeds. Empty sockets are none.

    Raises NotHere where neither kernel nor firmware tells; without the right to read SMBIOS the kernel's part remains.
    """
    chips, sockets, fault = _chips(machine), [], None
    reason = "no processor is told of"
    try:
        firmware = firmware_of(machine)
        sockets = [record for record in firmware.of(PROCESSOR) if record.flag("populated") is not False]
        fault = firmware.fault
    except (NotHere, Denied, TimedOut, OSError) as error:
        reason = str(error)
    architecture = _architecture(machine)
    for number, (chip, socket) in enumerate(_paired(chips, sockets), 1):
        fields = {**_by_firmware(socket), **_by_kernel(chip)}
        fields["architecture"] = architecture or fields.get("architecture")
        yield item("processor", f"processor {number}", fields)
    if fault is not None:
        raise fault
    if not chips and not sockets:
        raise NotHere(reason)


def _paired(chips: list[Package], sockets: list[Record]) -> list[tuple[Package | None, Record | None]]:
    """Each chip with its socket. Without ACPI ARM's kernel tells of all as one; other counts that differ are a
    hypervisor's.
    """
    if not chips:
        return [(None, socket) for socket in sockets]
    if len(chips) == 1 and len(sockets) > 1:
        one = chips[0]._replace(cores=None, threads=None)
        return [(one, socket) for socket in sockets]
    if len(chips) != len(sockets):
        return [(chip, None) for chip in chips]
    return list(zip(chips, sockets, strict=True))


def _chips(machine: Machine) -> list[Package]:
    with suppress(NotHere):
        found = packages(machine.content("proc/cpuinfo").decode("utf-8", "replace"))
        if len(found) == 1 and found[0].architecture in BY_TOPOLOGY:
            from keskidee_agent.inventory.topology import placed  # for those architectures

            return placed(found[0], machine)
        return found
    return []


def _architecture(machine: Machine) -> str:
    with suppress(NotHere):
        return machine.uname()[4]
    return ""


def _by_firmware(socket: Record | None) -> dict[str, Value | None]:
    if socket is None:
        return {}
    threads, cores = socket.number("threads"), socket.number("cores")
    return {
        "slot": socket.text("slot"),
        "maker": chip_maker(socket.text("maker")),
        "model": " ".join(socket.text("model").split()),
        "family": socket.text("family"),
        "id": socket.text("id"),
        "cores": cores,
        "cores_enabled": socket.number("cores_enabled"),
        "threads": threads,
        "threads_per_core": threads // cores if threads and cores and threads % cores == 0 else None,
        "speed_hertz": socket.number("speed_hertz"),
        "maximum_speed_hertz": socket.number("maximum_speed_hertz"),
        "external_clock_hertz": socket.number("external_clock_hertz"),
        "serial": socket.text("serial"),
        "asset_tag": socket.text("asset_tag"),
        "part": socket.text("part"),
    }


def _by_kernel(chip: Package | None) -> dict[str, Value | None]:
    """What the kernel says goes before what firmware says; what it does not say is not in it."""
    if chip is None:
        return {}
    cores, threads = chip.cores, chip.threads
    fields: dict[str, Value | None] = {
        "maker": chip.maker,
        "model": chip.model,
        "core": chip.core if chip.core != chip.model else None,
        "architecture": chip.architecture,
        "cores_enabled": cores,
        "threads": threads,
        "threads_per_core": threads // cores if threads and cores and threads % cores == 0 else None,
        "speed_hertz": chip.speed_hertz,
        "family_number": chip.family,
        "model_number": chip.number,
        "stepping": chip.stepping,
        "serial": said(chip.serial),
    }
    return {name: value for name, value in fields.items() if value not in (None, "")}
