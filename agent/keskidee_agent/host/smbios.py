"""The SMBIOS structure table: what firmware says of the machine. Source: DMTF DSP0134 (SMBIOS 3.7), clauses 6 and 7."""

from __future__ import annotations

from keskidee_report.model import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

BIOS, SYSTEM, BOARD, CHASSIS = 0, 1, 2, 3
END_OF_TABLE = 127
HEADER_BYTES = 4

# type, offset of the string's number in the formatted area, name as in /sys/class/dmi/id (7.1 to 7.4)
TEXTS = (
    (BIOS, 0x04, "bios_vendor"),
    (BIOS, 0x05, "bios_version"),
    (BIOS, 0x08, "bios_date"),
    (SYSTEM, 0x04, "sys_vendor"),
    (SYSTEM, 0x05, "product_name"),
    (SYSTEM, 0x06, "product_version"),
    (SYSTEM, 0x07, "product_serial"),
    (SYSTEM, 0x19, "product_sku"),
    (SYSTEM, 0x1A, "product_family"),
    (BOARD, 0x04, "board_vendor"),
    (BOARD, 0x05, "board_name"),
    (BOARD, 0x06, "board_version"),
    (BOARD, 0x07, "board_serial"),
    (BOARD, 0x08, "board_asset_tag"),
    (CHASSIS, 0x04, "chassis_vendor"),
    (CHASSIS, 0x06, "chassis_version"),
    (CHASSIS, 0x07, "chassis_serial"),
    (CHASSIS, 0x08, "chassis_asset_tag"),
)


class Structure:
    """One structure: its type, its formatted area (header included) and its strings."""

    __slots__ = ("area", "kind", "strings")

    def __init__(self, kind: int, area: bytes, strings: list[str]) -> None:
        self.kind = kind
        self.area = area
        self.strings = strings

    def text(self, offset: int) -> str | None:
        """The string whose number stands at `offset`; None where the structure is too old to have it or names none."""
        number = self.area[offset] if offset < len(self.area) else 0
        return self.strings[number - 1] if 0 < number <= len(self.strings) else None


def structures(table: bytes) -> Iterator[Structure]:
    """Each structure up to the end-of-table. Raises Malformed where one is cut short."""
    at = 0
    while at < len(table):
        kind, length = table[at], table[at + 1] if at + 1 < len(table) else 0
        end = table.find(b"\0\0", at + length)
        if length < HEADER_BYTES or end < 0:
            raise Malformed("SMBIOS structure cut short", table[at : at + 16].hex())
        strings = [text.decode("utf-8", "replace").strip() for text in table[at + length : end].split(b"\0")]
        yield Structure(kind, table[at : at + length], strings)
        if kind == END_OF_TABLE:
            return
        at = end + 2


def system_texts(table: bytes) -> dict[str, str]:
    """What Linux shows in /sys/class/dmi/id: names there to texts, `chassis_type` and `product_uuid` among them."""
    found: dict[str, str] = {}
    seen = set()
    for structure in structures(table):
        if structure.kind in seen or structure.kind > CHASSIS:
            continue
        seen.add(structure.kind)
        for kind, offset, name in TEXTS:
            text = structure.text(offset) if kind == structure.kind else None
            if text is not None:
                found[name] = text
        area = structure.area
        if structure.kind == CHASSIS and len(area) > 5:  # 7.4, the type's lower seven bits
            found["chassis_type"] = str(area[5] & 0x7F)
        if structure.kind == SYSTEM and len(area) >= 0x18:  # 7.2.1, first three fields little-endian
            found["product_uuid"] = uuid_text(area[8:24])
        if structure.kind == BIOS and len(area) > 0x15 and area[0x14] != 0xFF:  # 7.1, 0xFF: not given
            found["bios_release"] = f"{area[0x14]}.{area[0x15]}"
    return found


def uuid_text(raw: bytes) -> str:
    """The 16 bytes of a UUID as text; the first three fields are little-endian (7.2.1)."""
    digits = (raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]).hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
