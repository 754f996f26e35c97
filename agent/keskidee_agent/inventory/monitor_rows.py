"""A monitor by WmiMonitorID: texts of its EDID, as lists of the numbers of their letters (wmicore.h, WmiMonitorID)."""

from __future__ import annotations

from string import hexdigits

from keskidee_agent.inventory.edid import FIRST_YEAR, LAST_WEEK, serial_of
from keskidee_agent.inventory.pnp import maker_name
from keskidee_report.items import item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.wmi_rows import Row
    from keskidee_report.items import Item


def monitor_of(machine: Machine, row: Row) -> Item:
    r"""The item of one row, keyed as by the registry: `DELA0B1\5&1a2b3c4d&0&UID4352`."""
    maker, product = _letters(row, "ManufacturerName"), _letters(row, "ProductCodeID")
    year, week = row.number("YearOfManufacture") or 0, row.number("WeekOfManufacture") or 0
    serial = serial_of(maker, _letters(row, "SerialNumberID"), 0)
    place = row.raw("InstanceName").partition("\\")[2].rpartition("_")[0]
    return item(
        "monitor",
        place or "monitor",
        {
            "connector": place,
            "maker": (maker_name(machine, maker) or maker) if maker else "",
            "maker_code": maker,
            "model": _letters(row, "UserFriendlyName"),
            "product_code": int(product, 16) if len(product) == 4 and not set(product).difference(hexdigits) else None,
            "serial": serial.text,
            "serial_source": serial.source,
            "serial_confidence": serial.confidence,
            "year": year if year > FIRST_YEAR else None,
            "week": week if 0 < week <= LAST_WEEK else None,
        },
    )


def _letters(row: Row, name: str) -> str:
    numbers = [int(each) for each in row.texts(name) if each.isdecimal() and len(each) < 6]
    return "".join(chr(each) for each in numbers if 0x20 <= each < 0x7F).strip()
