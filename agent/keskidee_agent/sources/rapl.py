"""Energy that processors and memory used, from /sys/class/powercap (Documentation/power/powercap/powercap.rst).

Only root may read it since Linux 5.10: from the energy one can guess what a machine computes (CVE-2020-8694).
"""

from __future__ import annotations

from keskidee_agent.host.lines import only_number
from keskidee_agent.host.sysfs import attribute, label, words
from keskidee_report.model import Denied, Family, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/class/powercap/*",)
RIGHT = "root, for the energy used"
GRANT = "sudo chmod a+r /sys/class/powercap/*/energy_uj  # until next boot"
FOLDER = "sys/class/powercap"


def read(machine: Machine) -> Iterator[Sample]:
    """Joules since the counter last began anew, a family a kind of zone, labelled `index` and `path`.

    Raises NotHere where no processor counts its energy (most virtual machines).
    """
    entries = machine.names(FOLDER)
    memory = machine.memory("rapl")
    if memory.get("entries") != entries:  # zones never change their names
        memory["zones"] = _zones(machine, entries)
        memory["entries"] = entries
    zones: list[tuple[str, Family, dict[str, str]]] = memory["zones"]
    denied = []
    for entry, family, labels in zones:
        try:
            microjoules = only_number(machine.content(f"{FOLDER}/{entry}/energy_uj"))
        except NotHere:
            continue
        except Denied:
            denied.append(entry)
            continue
        except OSError:  # a zone that counts nothing now answers ENODATA
            continue
        yield (family, labels, microjoules / 1_000_000)
    if denied:
        raise Denied(f"energy_uj of {', '.join(denied)} in /sys/class/powercap: only root may read it")


def _zones(machine: Machine, entries: list[str]) -> list[tuple[str, Family, dict[str, str]]]:
    """Folder, family and labels of each zone. What has no name is the parent of zones."""
    found = []
    families: dict[str, Family] = {}
    used: dict[str, int] = {}
    for entry in entries:
        name = words(attribute(machine, f"{FOLDER}/{entry}/name"))
        if name:
            kind, index = kind_and_index(name, used)
            used[kind] = index + 1
            called = family_name(kind)
            family = families.setdefault(called, Family(called, "counter", f"Energy used by {kind[:100]}", digits=6))
            found.append((entry, family, {"index": str(index), "path": label(f"/{FOLDER}/{entry}")}))
    return found


def kind_and_index(name: str, used: dict[str, int]) -> tuple[str, int]:
    """`package-1` is ("package", 1). What has no number is counted: the second `dram` is ("dram", 1)."""
    kind, dash, number = name.partition("-")
    if dash and number.isascii() and number.isdigit() and len(number) < 10:
        return kind, int(number)
    return name, used.get(name, 0)


def family_name(kind: str) -> str:
    """The name of the family: anything but letters, digits and underscore is underscore."""
    kept = "".join([character if character.isascii() and character.isalnum() else "_" for character in kind[:100]])
    return f"node_rapl_{kept}_joules_total"
