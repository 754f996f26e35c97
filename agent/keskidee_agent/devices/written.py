"""One device in the form that was asked for on the command line; what went wrong is a line on stderr."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, TypeVar

from keskidee_agent.gather.output import as_prometheus, write_stdout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keskidee_agent.devices.read import DeviceReading
    from keskidee_agent.devices.redfish.read import BoardReading
    from keskidee_report.model import Sample

Told = TypeVar("Told", "DeviceReading", "BoardReading")


def write(
    reading: Told, form: str, document: Callable[[Told], dict[str, Any]], samples: Callable[[Told], Iterable[Sample]]
) -> None:
    """Writes it to stdout as `prometheus`, from its samples, as `glpi`, or as `json`, the document of the contract."""
    if form == "prometheus":
        write_stdout(as_prometheus(samples(reading)))
    else:
        told = for_glpi(reading) if form == "glpi" else document(reading)
        write_stdout(json.dumps(told, ensure_ascii=False, indent=1) + "\n")


def for_glpi(reading: DeviceReading | BoardReading) -> dict[str, Any]:
    """The device as GLPI's network inventory has it, a server board as its inventory of a computer."""
    from keskidee_agent.devices.poller.stock import taken
    from keskidee_report.glpi import as_glpi
    from keskidee_report.glpi_devices import as_glpi_device, is_device

    items: dict[str, list[dict[str, Any]]] = {}
    for each in taken(reading).items.values():
        items.setdefault(each.kind, []).append({"key": each.key, **each.fields})
    name = reading.identity.name or ""
    if is_device(items):
        return as_glpi_device({"machine": {"hostname": name}, "items": items})
    return as_glpi({"machine": {"hostname": name or reading.identity.serial or ""}, "items": items})


def failed(message: str, status: int) -> int:
    """Says why, and gives the exit status."""
    sys.stderr.write(f"keskidee: {message}\n")
    return status
