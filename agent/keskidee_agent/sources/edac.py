"""Memory errors that ECC found, from /sys/devices/system/edac/mc (Documentation/ABI/testing/sysfs-devices-edac).

No privilege. Read once a minute: a machine with many memory slots has a hundred counters that hardly ever change.
"""

from __future__ import annotations

from keskidee_agent.host.lines import only_number
from keskidee_agent.host.sysfs import attribute, words
from keskidee_report.model import Family, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/devices/system/edac/mc/mc*",)
EVERY_SECONDS = 60
FOLDER = "sys/devices/system/edac/mc"


def _pair(name: str, where: str) -> dict[str, Family]:
    """The families of corrected (ce) and of uncorrectable (ue) errors."""
    kinds = {"ce": ("correctable", "corrected"), "ue": ("uncorrectable", "beyond correction")}
    return {
        file: Family(f"node_edac_{name}{kind}_errors_total", "counter", f"Memory errors {what}, {where}", digits=0)
        for file, (kind, what) in kinds.items()
    }


CONTROLLER = _pair("", "of a memory controller")
ROW = _pair("csrow_", "of a row of chips; `unknown` where the controller could not tell")
CHANNEL = _pair("channel_", "of a channel")


def read(machine: Machine) -> Iterator[Sample]:
    """Errors since the driver was loaded or its counters were reset, labelled `controller`, `csrow`, `channel`."""
    for controller in numbered(machine.names(FOLDER, "mc"), "mc"):
        folder = f"{FOLDER}/mc{controller}"
        labels = {"controller": controller}
        yield from _counts(machine, folder + "/%s_count", CONTROLLER, labels)
        yield from _counts(machine, folder + "/%s_noinfo_count", ROW, {**labels, "csrow": "unknown"})
        for row in numbered(machine.names(folder, "csrow"), "csrow"):
            yield from _row(machine, f"{folder}/csrow{row}", {**labels, "csrow": row})


def _row(machine: Machine, folder: str, labels: dict[str, str]) -> Iterator[Sample]:
    yield from _counts(machine, folder + "/%s_count", ROW, labels)
    try:
        channels = [
            name.removesuffix("_ce_count") for name in machine.names(folder, "ch") if name.endswith("_ce_count")
        ]
    except NotHere:
        return
    for channel in numbered(channels, "ch"):
        named = dimm_label(words(attribute(machine, f"{folder}/ch{channel}_dimm_label")))
        wanted = {**labels, "channel": channel, "dimm_label": named}
        yield from _counts(machine, f"{folder}/ch{channel}_%s_count", CHANNEL, wanted)


def _counts(machine: Machine, path: str, families: dict[str, Family], labels: dict[str, str]) -> Iterator[Sample]:
    for kind, family in families.items():
        content = attribute(machine, path % kind)
        if content is not None:
            yield (family, labels, only_number(content))


def numbered(names: list[str], prefix: str) -> list[str]:
    """What follows the prefix in those names where it is a number."""
    numbers = [name.removeprefix(prefix) for name in names]
    return [number for number in numbers if number.isascii() and number.isdigit()]


def dimm_label(text: str) -> str:
    """The label of a slot as node_exporter writes it: `mc#0csrow#0channel#0` is `mc0_csrow0_channel0`."""
    return text.replace("#", "").replace("csrow", "_csrow").replace("channel", "_channel") or "unknown"
