"""SMBIOS tables for tests, built from the layouts of DMTF DSP0134 clause 7."""

import struct


def structure(kind: int, fields: bytes, strings: list[str]) -> bytes:
    """A structure: header, formatted area, strings and the two zeros that end them."""
    texts = b"".join(text.encode() + b"\0" for text in strings) or b"\0"
    return struct.pack("<BBH", kind, 4 + len(fields), kind) + fields + texts + b"\0"


def smbios_table() -> bytes:
    """The table of a desktop of a made-up maker."""
    uuid = bytes.fromhex("33221100554477668899aabbccddeeff")
    bios = bytes((1, 2)) + b"\0\0" + bytes((3, 0)) + b"\0" * 8 + b"\0\0" + bytes((5, 17)) + b"\xff\xff"
    return (
        structure(0, bios, ["Example BIOS", "F13", "05/21/2021"])
        + structure(
            1,
            bytes((1, 2, 3, 4)) + uuid + bytes((6, 5, 6)),
            ["Example Computers", "Desk 400", "v1", "SER-0002", "SKU-1", "Desks"],
        )
        + structure(2, bytes((1, 2, 0, 3)), ["Example Boards", "B-1", "BOARD-1"])
        + structure(3, bytes((1, 0x80 | 3, 0, 2, 0)), ["Example Cases", "CASE-1"])
        + structure(127, b"", [])
    )
