"""Makers of monitors by the three letters they registered (UEFI Forum, PNP ID registry).

The list of hwdata is asked first, where a machine has it; the makers that are met most stand here.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from keskidee_report.model import Denied, Malformed, NotHere

if TYPE_CHECKING:
    from keskidee_agent.machine import Machine

LIST = "usr/share/hwdata/pnp.ids"
MAKERS = {
    "AAC": "AcerView",
    "ACI": "Asus Computer Inc",
    "ACR": "Acer Technologies",
    "ACT": "Targa",
    "ADI": "ADI Corporation",
    "AIC": "AG Neovo",
    "AMW": "AMW",
    "AOC": "AOC International (USA) Ltd.",
    "API": "Acer Peripherals Inc.",
    "APP": "Apple Computer Inc",
    "AUO": "AU Optronics",
    "AUS": "ASUSTek COMPUTER INC",
    "BBY": "Insignia",
    "BNQ": "BenQ Corporation",
    "BOE": "BOE",
    "BMM": "BMM",
    "CMN": "Chimei Innolux Corporation",
    "CMO": "Chi Mei Optoelectronics corp.",
    "CPL": "Compal Electronics Inc",
    "CPQ": "Compaq Computer Company",
    "CPT": "Chunghwa Picture Tubes, Ltd",
    "CSO": "China Star Optoelectronics",
    "CTX": "CTX",
    "DEC": "Digital Equipment Corporation",
    "DEL": "Dell Inc.",
    "DON": "DENON, Ltd.",
    "DPC": "Delta Electronics Inc",
    "DWE": "Daewoo Electronics Company Ltd",
    "EIZ": "EIZO",
    "ELO": "Elo TouchSystems Inc",
    "ELS": "ELSA GmbH",
    "EMA": "eMachines",
    "EMC": "eMicro Corporation",
    "ENC": "Eizo Nanao Corporation",
    "EPI": "Envision Peripherals",
    "FCM": "Funai Electric Company of Taiwan",
    "FUJ": "Fujitsu Ltd",
    "FUS": "Fujitsu Siemens Computers GmbH",
    "GBT": "Giga-Byte Technology Co., Ltd.",
    "GSM": "Goldstar Company Ltd",
    "GWY": "Gateway 2000",
    "HEI": "Hyundai Electronics Industries Co., Ltd.",
    "HIQ": "Hyundai ImageQuest",
    "HIT": "Hitachi America Ltd",
    "HPN": "HP Inc.",
    "HSD": "HannStar Display Corp",
    "HSL": "Hansol Electronics",
    "HTC": "Hitachi Ltd",
    "HWP": "Hewlett Packard",
    "HWV": "Huawei Technologies Co., Ltd.",
    "IBM": "IBM Brasil",
    "ICL": "Fujitsu ICL",
    "INL": "InnoLux Display Corporation",
    "IQT": "IMAGEQUEST Co., Ltd",
    "IVM": "Iiyama North America",
    "IVO": "InfoVision Optoelectronics",
    "KDS": "KDS USA",
    "KFC": "KFC Computek",
    "LCD": "Toshiba Matsushita Display Technology Co., Ltd",
    "LEN": "Lenovo Group Limited",
    "LGD": "LG Display",
    "LPL": "LG Philips",
    "LKM": "ADLAS / AZALEA",
    "LTN": "Litronic Inc",
    "MAG": "MAG InnoVision",
    "MAX": "Rogen Tech Distribution Inc",
    "MED": "Messeltronik Dresden GmbH",
    "MEI": "Panasonic Industry Company",
    "MEL": "Mitsubishi Electric Corporation",
    "MSI": "Microstep",
    "MTC": "Mitac International Corporation",
    "NAN": "Eizo Nanao Corporation",
    "NEC": "NEC Corporation",
    "NOK": "Nokia Display Products",
    "NVD": "NVIDIA",
    "OPT": "OPTi Inc",
    "OQI": "Optiquest",
    "PBN": "Packard Bell NEC",
    "PHL": "Philips Consumer Electronics Company",
    "PIO": "Pioneer Electronic Corporation",
    "PNS": "PI Engineering",
    "QDS": "Quanta Display Inc.",
    "RHT": "Red Hat, Inc.",
    "SAM": "Samsung Electric Company",
    "SAN": "Sanyo Electric Co., Ltd.",
    "SDC": "Samsung Display Corp.",
    "SEC": "Seiko Epson Corporation",
    "SHP": "Sharp Corporation",
    "SII": "Silicon Image, Inc.",
    "SNI": "Siemens Microdesign GmbH",
    "SNY": "Sony Corporation",
    "SPT": "Sceptre Tech Inc",
    "SUN": "Sun Electronics Corporation",
    "TAT": "Teleliaison Inc",
    "TOS": "Toshiba Corporation",
    "TSB": "Toshiba America Info Systems Inc",
    "UNM": "Unisys Corporation",
    "VBX": "Oracle VirtualBox",
    "VIZ": "VIZIO, Inc",
    "VSC": "ViewSonic Corporation",
    "WTC": "Wen Technology",
    "XMI": "Xiaomi Corporation",
    "ZCM": "Zenith Data Systems",
}


def maker_name(machine: Machine, letters: str) -> str:
    """The registered name; empty where neither the machine's list nor ours has it."""
    memory = machine.memory("inventory.pnp")
    if "list" not in memory:
        memory["list"] = {}
        with suppress(NotHere, Denied, Malformed, OSError):
            memory["list"] = _parsed(machine.content(LIST).decode("utf-8", "replace"))
    return str(memory["list"].get(letters, "") or MAKERS.get(letters, ""))


def _parsed(text: str) -> dict[str, str]:
    pairs = (line.partition("\t") for line in text.splitlines())
    return {letters: name.strip() for letters, tab, name in pairs if tab and len(letters) == 3}
