"""The SMBIOS table of a machine with one of everything, from the layouts of DMTF DSP0134 clause 7."""

import struct

from tests.agent.tables import smbios_table, structure

MEMORY = struct.pack(
    "<HHHHHBBBBBHHBBBBBIHHHHBHBH",
    *(
        0x10,
        0xFFFE,
        72,
        64,
        0x7FFF,
        0x0D,
        0,
        1,
        2,
        0x1A,
        0x80,
        3200,
        3,
        4,
        5,
        6,
        2,
        65536,
        2933,
        1200,
        1200,
        1200,
        3,
        8,
        0,
        0xCE80,
    ),
)
BATTERY = struct.pack("<BBBBBBHHBBHHBBI", 1, 2, 0, 0, 3, 2, 4800, 11100, 4, 3, 0x61E6, 0x3C2F, 5, 10, 0)
POWER = struct.pack("<BBBBBBBBHHHHH", 1, 1, 2, 3, 4, 5, 6, 7, 460, 0x01A3, 0xFFFF, 0xFFFF, 0xFFFF)
PROCESSOR = struct.pack(
    "<BBBBQBBHHHBBHHHBBBBBBHH",
    *(1, 3, 0xFE, 2, 0xBFEBFBFF000306F2, 3, 0x8A, 100, 4000, 2300, 0x41, 1, 0, 0, 0, 4, 5, 6, 18, 4, 36, 0, 0xB3),
)
SLOT = struct.pack("<BBBBBHBBHBB", 1, 0xB6, 0x0D, 4, 4, 3, 0, 0, 0, 1, 0xA2)
ARRAY = struct.pack("<BBBIHHQ", 3, 3, 6, 0x80000000, 0xFFFE, 2, 1 << 40)
PORT = struct.pack("<BBBBB", 1, 0, 2, 0x0B, 0x1F)
TABLE = (
    smbios_table()[:-6]
    + structure(4, PROCESSOR, ["CPU 1", "Intel", "Xeon E5", "S-1", "Tag", "P-1"])
    + structure(16, ARRAY, [])
    + structure(17, MEMORY, ["DIMM 0", "BANK 0", "Samsung", "12AB34CD", "T", "M471"])
    + structure(22, BATTERY, ["Front", "SMP", "00HW023", "03.01", "LiP"])
    + structure(39, POWER, ["PSU1", "PWS", "Super", "S-9", "A-9", "PN-9", "1.0"])
    + structure(9, SLOT, ["Slot 3"])
    + structure(8, PORT, ["J1", "LAN"])
    + structure(127, b"", [])
)
