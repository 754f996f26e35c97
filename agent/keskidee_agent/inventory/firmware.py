"""What firmware says of the hardware, in one form: records, from the binary SMBIOS table or from dmidecode's text.

Source: DMTF DSP0134 (SMBIOS 3.7); dmidecode(8) from version 2.2 on, whose older versions indent in another way.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from keskidee_agent.host.handed import content
from keskidee_agent.host.placeholders import said
from keskidee_agent.host.smbios import structures
from keskidee_agent.inventory.layout import FIELDS, SYSTEM
from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.host.smbios import Structure
    from keskidee_report.items import Value

ENTRY_POINT = "sys/firmware/dmi/tables/smbios_entry_point"
UNDECODED = ("<OUT OF SPEC>", "<BAD INDEX>", "<TRUNCATED>", "--")
"""What dmidecode writes where firmware says nothing it understands; `--` is what publishers of recordings put."""


class Record(NamedTuple):
    """One structure: its type's number, its handle (`0x001C`), and its fields by our names (layout.py)."""

    kind: int
    handle: str
    fields: Mapping[str, Value]

    def text(self, name: str) -> str:
        """A field as text without placeholders; empty where nothing is known."""
        return said(str(self.fields.get(name, "")), name)

    def number(self, name: str) -> int | None:
        """A field as a whole number."""
        value = self.fields.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool | None:
        """A field as yes or no."""
        value = self.fields.get(name)
        return value if isinstance(value, bool) else None


class Firmware(NamedTuple):
    """All records, and why they are not all, where the table is broken."""

    records: tuple[Record, ...]
    fault: Malformed | None = None

    def of(self, kind: int) -> list[Record]:
        """The records of one type, in the order of the table."""
        return [record for record in self.records if record.kind == kind]

    def check(self) -> None:
        """Raises Malformed where the table is broken: what came before the place was given, the rest is not known."""
        if self.fault is not None:
            raise self.fault


def firmware_of(machine: Machine) -> Firmware:
    """The machine's records: the kernel's or Windows' table, or else dmidecode's. Raises NotHere, Denied, TimedOut.

    Read once, however many sources ask.
    """
    memory = machine.memory("inventory.firmware")
    if "answer" not in memory:
        try:
            memory["answer"] = _firmware(machine)
        except (NotHere, Denied, TimedOut, OSError) as error:
            memory["answer"] = error
    answer = memory["answer"]
    if isinstance(answer, Firmware):
        return answer
    raise answer


def _firmware(machine: Machine) -> Firmware:
    try:
        return from_table(machine.smbios(), plain_uuid=_is_old(machine))
    except (NotHere, Denied) as error:
        try:
            return from_text(machine.run("dmidecode"))
        except (NotHere, OSError):
            raise error from None


def _is_old(machine: Machine) -> bool:
    """Whether the entry point (5.2) names a version before 2.6, the first that says how the bytes of a UUID lie."""
    with suppress(NotHere, Denied, OSError):
        entry = content(machine, ENTRY_POINT)
        return entry[:4] == b"_SM_" and (2, 0) <= tuple(entry[6:8]) < (2, 6)
    return False


def from_table(table: bytes, *, plain_uuid: bool = False) -> Firmware:
    """The records of a binary table; where one is cut short or has a wrong length, those before it and the fault.

    `plain_uuid`: the bytes of the UUID lie in the order in which it is written.
    """
    records = []
    try:
        for structure in structures(table):
            records.append(_record(structure, plain_uuid=plain_uuid))  # noqa: PERF401 - those before a fault are kept
    except Malformed as fault:
        return Firmware(tuple(records), fault)
    return Firmware(tuple(records), None if records else Malformed("empty SMBIOS table"))


def _record(structure: Structure, *, plain_uuid: bool) -> Record:
    fields: dict[str, Value] = {}
    if structure.kind == SYSTEM and plain_uuid and len(structure.area) >= 24:
        fields["uuid"] = str(UUID(bytes=structure.area[8:24]))
    for field in FIELDS.get(structure.kind, ()):
        value = field.from_structure(structure)
        if value is not None:
            fields.setdefault(field.name, value)
    return Record(structure.kind, f"0x{int.from_bytes(structure.area[2:4], 'little'):04X}", fields)


def from_text(output: bytes) -> Firmware:
    """The records of dmidecode's output. Text that has none gives a fault; lines that are none are passed over."""
    text = output.decode("utf-8", "replace")
    records = [_record_of_text(lines) for lines in _paragraphs(text)]
    found = tuple(record for record in records if record is not None)
    return Firmware(found, None if found else Malformed("no structure in dmidecode's output", text.strip()))


def _paragraphs(text: str) -> Iterator[list[str]]:
    """The lines of each structure, from `Handle 0x...` on."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("Handle 0x"):
            if lines:
                yield lines
            lines = []
        if lines or line.startswith("Handle 0x"):
            lines.append(line.expandtabs(8).rstrip())
    if lines:
        yield lines


def _record_of_text(lines: list[str]) -> Record | None:
    """`Handle 0x0011, DMI type 17, 34 bytes`, or as of old the type in the second line; then title and fields."""
    head = lines[0] if "DMI type" in lines[0] else " ".join(lines[:2])
    handle = head.split()[1].rstrip(",")
    number = head.partition("DMI type")[2].replace(",", " ").split()
    if not number or not number[0].isdigit() or len(number[0]) > 3:
        return None
    kind = int(number[0])
    body = [line for line in lines[1 if head == lines[0] else 2 :] if line]
    labelled = _labelled(body)
    fields: dict[str, Value] = {}
    for field in FIELDS.get(kind, ()):
        for label in field.labels:
            value = field.from_text(labelled[label]) if label in labelled else None
            if value is not None and value not in UNDECODED:
                fields.setdefault(field.name, value)
    return Record(kind, handle, fields)


def _labelled(body: list[str]) -> dict[str, str]:
    """The fields one step below the title: deeper lines belong to lists, and a second title is another structure's."""
    found: dict[str, str] = {}
    depth = title = len(body[0]) - len(body[0].lstrip()) if body else 0
    for line in body[1:]:
        indent = len(line) - len(line.lstrip())
        if depth == title:
            depth = indent
        label, colon, value = line.strip().partition(":")
        if indent == depth and depth > title and colon:
            found.setdefault(label, value.strip())
    return found
