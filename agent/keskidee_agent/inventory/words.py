"""The words for SMBIOS' enumerations, as dmidecode(8) writes them. Source: DMTF DSP0134 (SMBIOS 3.7), clause 7.

A number that is not here is left out: what a newer version of the standard calls it is not guessed.
"""

from __future__ import annotations

_CHASSIS = (
    "Other,Unknown,Desktop,Low Profile Desktop,Pizza Box,Mini Tower,Tower,Portable,Laptop,Notebook,Hand Held,"
    "Docking Station,All In One,Sub Notebook,Space-saving,Lunch Box,Main Server Chassis,Expansion Chassis,Sub Chassis,"
    "Bus Expansion Chassis,Peripheral Chassis,RAID Chassis,Rack Mount Chassis,Sealed-case PC,Multi-system,CompactPCI,"
    "AdvancedTCA,Blade,Blade Enclosing,Tablet,Convertible,Detachable,IoT Gateway,Embedded PC,Mini PC,Stick PC"
)
_MEMORY_TYPE = (
    "Other,Unknown,DRAM,EDRAM,VRAM,SRAM,RAM,ROM,Flash,EEPROM,FEPROM,EPROM,CDRAM,3DRAM,SDRAM,SGRAM,RDRAM,DDR,DDR2,"
    "DDR2 FB-DIMM,Reserved,Reserved,Reserved,DDR3,FBD2,DDR4,LPDDR,LPDDR2,LPDDR3,LPDDR4,Logical non-volatile device,"
    "HBM,HBM2,DDR5,LPDDR5,HBM3"
)
_FORM_FACTOR = (
    "Other,Unknown,SIMM,SIP,Chip,DIP,ZIP,Proprietary Card,DIMM,TSOP,Row Of Chips,RIMM,SODIMM,SRIMM,FB-DIMM,Die,CAMM"
)
_CORRECTION = "Other,Unknown,None,Parity,Single-bit ECC,Multi-bit ECC,CRC"
_ARRAY_USE = "Other,Unknown,System Memory,Video Memory,Flash Memory,Non-volatile RAM,Cache Memory"
_SLOT_WIDTH = "Other,Unknown,8-bit,16-bit,32-bit,64-bit,128-bit,x1,x2,x4,x8,x12,x16,x32"
_SLOT_TYPE = (
    "Other,Unknown,ISA,MCA,EISA,PCI,PC Card (PCMCIA),VLB,Proprietary,Processor Card,Proprietary Memory Card,"
    "I/O Riser Card,NuBus,PCI-66,AGP,AGP 2x,AGP 4x,PCI-X,AGP 8x,M.2 Socket 1-DP,M.2 Socket 1-SD,M.2 Socket 2,"
    "M.2 Socket 3,MXM Type I,MXM Type II,MXM Type III,MXM Type III-HE,MXM Type IV,MXM 3.0 Type A,MXM 3.0 Type B,"
    "PCI Express 2 SFF-8639 (U.2),PCI Express 3 SFF-8639 (U.2),PCI Express Mini 52-pin with bottom-side keep-outs,"
    "PCI Express Mini 52-pin without bottom-side keep-outs,PCI Express Mini 76-pin,PCI Express 4 SFF-8639 (U.2),"
    "PCI Express 5 SFF-8639 (U.2),OCP NIC 3.0 Small Form Factor (SFF),OCP NIC 3.0 Large Form Factor (LFF),"
    "OCP NIC Prior to 3.0"
)
_EXPRESS = ("", " 2", " 3")
_EXPRESS_WIDTHS = ("", " x1", " x2", " x4", " x8", " x16")
_USAGE = "Other,Unknown,Available,In Use,Unavailable"
_CHEMISTRY = "Other,Unknown,Lead Acid,Nickel Cadmium,Nickel Metal Hydride,Lithium Ion,Zinc Air,Lithium Polymer"
_POWER_STATUS = "Other,Unknown,OK,Non-critical,Critical"
_POWER_TYPE = "Other,Unknown,Linear,Switching,Battery,UPS,Converter,Regulator"
_CONNECTOR = (
    "None,Centronics,Mini Centronics,Proprietary,DB-25 male,DB-25 female,DB-15 male,DB-15 female,DB-9 male,DB-9 female,"
    "RJ-11,RJ-45,50 Pin MiniSCSI,Mini DIN,Micro DIN,PS/2,Infrared,HP-HIL,Access Bus (USB),SSA SCSI,"
    "Circular DIN-8 male,Circular DIN-8 female,On Board IDE,On Board Floppy,9 Pin Dual Inline (pin 10 cut),"
    "25 Pin Dual Inline (pin 26 cut),50 Pin Dual Inline,68 Pin Dual Inline,On Board Sound Input From CD-ROM,"
    "Mini Centronics Type-14,Mini Centronics Type-26,Mini Jack (headphones),BNC,IEEE 1394,SAS/SATA Plug Receptacle,"
    "USB Type-C Receptacle"
)
_PORT = (
    "None,Parallel Port XT/AT Compatible,Parallel Port PS/2,Parallel Port ECP,Parallel Port EPP,Parallel Port ECP/EPP,"
    "Serial Port XT/AT Compatible,Serial Port 16450 Compatible,Serial Port 16550 Compatible,"
    "Serial Port 16550A Compatible,SCSI Port,MIDI Port,Joystick Port,Keyboard Port,Mouse Port,SSA SCSI,USB,"
    "Firewire (IEEE P1394),PCMCIA Type I,PCMCIA Type II,PCMCIA Type III,Cardbus,Access Bus Port,SCSI II,"
    "SCSI Wide,PC-98,PC-98 Hireso,PC-H98,Video Port,Audio Port,Modem Port,Network Port,SATA,SAS,"
    "MFDP (Multi-Function Display Port),"
    "Thunderbolt"
)


def _numbered(words: str, first: int = 1) -> dict[int, str]:
    return dict(enumerate(words.split(","), first))


CHASSIS = _numbered(_CHASSIS)  # 7.4.1
MEMORY_TYPE = _numbered(_MEMORY_TYPE)  # 7.18.2
FORM_FACTOR = _numbered(_FORM_FACTOR)  # 7.18.1
OLD_MEMORY_TYPE = ("Other", "Unknown", "Standard", "FPM", "EDO", "Parity", "ECC", "SIMM", "DIMM", "Burst EDO", "SDRAM")
CORRECTION = _numbered(_CORRECTION)  # 7.17.3
ARRAY_USE = _numbered(_ARRAY_USE)  # 7.17.2
SLOT_WIDTH = _numbered(_SLOT_WIDTH)  # 7.10.2
USAGE = _numbered(_USAGE)  # 7.10.3
CHEMISTRY = _numbered(_CHEMISTRY)  # 7.23.1
POWER_STATUS = _numbered(_POWER_STATUS)  # 7.40.1
POWER_TYPE = _numbered(_POWER_TYPE)
CONNECTOR = {
    **_numbered(_CONNECTOR, 0),
    0xA0: "PC-98",
    0xA1: "PC-98 Hireso",
    0xA2: "PC-H98",
    0xA3: "PC-98 Note",
    0xA4: "PC-98 Full",
    0xFF: "Other",
}  # 7.9.2
PORT = {**_numbered(_PORT, 0), 0xA0: "8251 Compatible", 0xA1: "8251 FIFO Compatible", 0xFF: "Other"}  # 7.9.3
SLOT_TYPE = {  # 7.10.1
    **_numbered(_SLOT_TYPE),
    **_numbered("PC-98/C20,PC-98/C24,PC-98/E,PC-98/Local Bus,PC-98/Card", 0xA0),
    **{
        0xA5 + 6 * generation + width: f"PCI Express{name}{lanes}"
        for generation, name in enumerate(_EXPRESS)
        for width, lanes in enumerate(_EXPRESS_WIDTHS)
    },
    **{0xB8 + width: f"PCI Express 4{lanes}" for width, lanes in enumerate(_EXPRESS_WIDTHS)},
    **{0xBE + width: f"PCI Express 5{lanes}" for width, lanes in enumerate(_EXPRESS_WIDTHS)},
    0xC4: "PCI Express 6+",
    0xC5: "EDSFF E1",
    0xC6: "EDSFF E3",
}
FAMILY = {  # 7.5.2, the processors that are in use
    0x0B: "Pentium", 0x0F: "Celeron", 0x11: "Pentium III", 0x1D: "Athlon", 0x28: "Core Duo", 0x2B: "Atom",
    0x2C: "Core M", 0x2D: "Core m3", 0x2E: "Core m5", 0x2F: "Core m7", 0x38: "Turion II", 0x3A: "Athlon II",
    0x3B: "Opteron", 0x3D: "Opteron", 0x3E: "FX", 0x46: "A-Series", 0x48: "A-Series", 0x66: "Athlon", 0x6B: "Zen",
    0x6C: "Sempron", 0x82: "Itanium", 0x83: "Athlon 64", 0x84: "Opteron", 0x85: "Sempron", 0x86: "Turion 64",
    0x87: "Dual-Core Opteron", 0x88: "Athlon 64 X2", 0x89: "Turion 64 X2", 0x8A: "Quad-Core Opteron",
    0x8B: "Third-Generation Opteron", 0x8C: "Phenom FX", 0x8D: "Phenom X4", 0x8E: "Phenom X2", 0x8F: "Athlon X2",
    0xB2: "Pentium 4", 0xB3: "Xeon", 0xB5: "Xeon MP", 0xB9: "Pentium M", 0xBA: "Celeron D", 0xBB: "Pentium D",
    0xBC: "Pentium EE", 0xBD: "Core Solo", 0xBF: "Core 2 Duo", 0xC0: "Core 2 Solo", 0xC1: "Core 2 Extreme",
    0xC2: "Core 2 Quad", 0xC6: "Core i7", 0xC7: "Dual-Core Celeron", 0xCD: "Core i5", 0xCE: "Core i3",
    0xCF: "Core i9", 0xE6: "Embedded Opteron", 0xE7: "Phenom Triple-Core", 0xEC: "Phenom II", 0xED: "Athlon II",
    0xEE: "Six-Core Opteron", 0xEF: "Sempron M", 0x100: "ARMv7", 0x101: "ARMv8", 0x102: "ARMv9",
}  # fmt: skip
