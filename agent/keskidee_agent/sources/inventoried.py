"""What the last inventory says in numbers: health of disks, counts of items. Read from the file that it left (see
inventory/metrics.py), again when that changes: some microseconds a report. No privilege.
"""

from __future__ import annotations

from keskidee_report.model import Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PROMPT = True  # a file beside the spool, which each round writes to
SERIES_AT_MOST = 1500
END = "end"


def read(machine: Machine) -> list[Sample]:
    """The samples of the file, with the values they had then. Raises NotHere before the first inventory, Malformed."""
    if not machine.inventory_file:
        raise NotHere("no inventory is taken by the settings, or this is a recording")
    signature = machine.here.signature(machine.inventory_file)
    if signature is None:
        raise NotHere("no inventory was taken yet")
    memory = machine.memory("inventoried")
    if memory.get("signature") != signature:
        memory["samples"] = parse(machine.here.content(machine.inventory_file))
        memory["signature"] = signature
    samples: list[Sample] = memory["samples"]
    return samples


def is_count(word: str) -> bool:
    """Whether a word is a whole number from 0 on, in as many digits as travel."""
    return word.isdecimal() and word.isascii() and len(word) < 19


def parse(content: bytes) -> list[Sample]:
    """The samples of a whole file: `name kind help` and below it ` value label=text...`, all divided by tabs."""
    *lines, end = content.decode("utf-8", "replace").split("\n")
    if end or not lines or lines.pop() != END or len(lines) > 2 * SERIES_AT_MOST:
        raise Malformed("the inventory's metrics are not whole", content[-80:])
    found: list[Sample] = []
    family: Family | None = None
    for line in lines:
        name, *words = line.split("\t")
        if name and len(words) == 2:
            family = Family(name, words[0], words[1], digits=0)
            continue
        pairs = [word.partition("=") for word in words[1:]]
        if name or family is None or not is_count(words[0]) or not all(equals for _, equals, _ in pairs):
            raise Malformed("no sample of the inventory", line)
        found.append((family, {label: text for label, _, text in pairs}, int(words[0])))
    return found
