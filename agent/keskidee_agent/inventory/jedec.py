"""Makers of memory by their JEDEC code (JEP106): bytes of 0x7F count the bank, then comes the maker's byte."""

from __future__ import annotations

# bank (counted from 1), code without its parity bit: the makers of modules that are met
MAKERS = {
    (1, 0x04): "Fujitsu", (1, 0x09): "Intel", (1, 0x10): "NEC", (1, 0x18): "Toshiba", (1, 0x24): "IBM",
    (1, 0x2C): "Micron", (1, 0x2D): "SK Hynix", (1, 0x40): "ProMOS", (1, 0x41): "Infineon", (1, 0x4E): "Samsung",
    (1, 0x54): "Hewlett-Packard", (1, 0x5A): "Winbond", (2, 0x14): "Smart Modular", (2, 0x18): "Kingston",
    (2, 0x32): "Mushkin", (2, 0x3A): "PNY", (2, 0x40): "Viking", (2, 0x4E): "Unigen", (2, 0x4F): "Transcend",
    (2, 0x61): "Wintec", (2, 0x7A): "Apacer", (3, 0x1E): "Corsair", (3, 0x35): "SpecTek", (3, 0x7E): "Elpida",
    (4, 0x03): "Buffalo", (4, 0x0B): "Nanya", (4, 0x13): "GeIL", (4, 0x14): "Mushkin", (4, 0x16): "Netlist",
    (4, 0x19): "Centon", (4, 0x25): "Kingmax", (4, 0x5A): "Swissbit", (5, 0x16): "Positivo Informática",
    (5, 0x30): "OCZ", (5, 0x43): "Ramaxel", (5, 0x48): "Powerchip", (5, 0x4B): "A-DATA", (5, 0x4D): "G.Skill",
    (5, 0x6F): "Team Group", (6, 0x02): "Patriot", (6, 0x1B): "Crucial", (6, 0x3A): "Virtium", (6, 0x51): "Qimonda",
    (6, 0x56): "Walton Chaintech", (6, 0x57): "Aeneon", (6, 0x77): "Avant", (7, 0x34): "Super Talent",
    (7, 0x41): "ASint", (7, 0x53): "Silicon Power", (7, 0x5E): "Lexar", (7, 0x63): "ATP", (7, 0x6B): "TwinMOS",
    (7, 0x6D): "V-Color", (7, 0x71): "InnoDisk", (8, 0x1E): "Teikon", (8, 0x25): "Ramos", (8, 0x46): "Gloway",
    (8, 0x5D): "Wilk Elektronik", (8, 0x6F): "Zentel", (9, 0x12): "Galaxy Microsystems", (9, 0x13): "Gloway",
    (9, 0x18): "Essencore", (9, 0x48): "Lenovo", (9, 0x55): "Etron", (9, 0x71): "Asgard", (9, 0x77): "DSL Memory",
    (10, 0x0C): "UMAX", (10, 0x22): "Maxsun", (10, 0x2D): "Neo Forza", (10, 0x4D): "Longsys", (10, 0x68): "Kimtigo",
    (10, 0x6C): "Colorful", (10, 0x77): "Netac", (11, 0x02): "KingSpec", (11, 0x11): "CXMT", (11, 0x31): "Biwin",
    (11, 0x42): "Thermaltake", (11, 0x48): "Advantech", (11, 0x53): "Cervoz", (11, 0x56): "Longsys",
}  # fmt: skip


def maker_of(code: str) -> str:
    """The maker that a text of hexadecimal digits names: `0x7F7F7F0B00000000`, `00CE00B380CE`, `80AD`, `859B`.

    Empty where the text is no such code, or the maker is not in MAKERS. The first byte of the short form counts the
    continuation bytes, with a parity bit of its own (SMBIOS 7.18, SPD bytes 320 and 321).
    """
    try:
        raw = bytes.fromhex(code.strip().removeprefix("0x"))
    except ValueError:
        return ""
    if len(raw) not in (2, 4, 6, 8):
        return ""
    bank = len(raw) - len(raw.lstrip(b"\x7f")) + 1
    if bank > 1 or not any(raw[1:]) or (len(raw) == 8 and raw[0] & 0x7F):
        rest = raw.lstrip(b"\x7f")
        return MAKERS.get((bank, rest[0] & 0x7F), "") if rest else ""
    return MAKERS.get(((raw[0] & 0x7F) + 1, raw[1] & 0x7F), "")
