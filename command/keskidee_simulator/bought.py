"""What the pretend institution bought: a list of purchases as people keep one, entered in the register before the
machines of it are switched on.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from keskidee_simulator.connection import Unreachable
from keskidee_simulator.fleet import DEVICE_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from keskidee_simulator.connection import Connection
    from keskidee_simulator.fleet import Pretend

FILE = "bought.json"
UNBOOKED_EVERY = 9
"""One machine in so many came without anybody entering it."""
AT_ONCE = 1000
OLDEST_DAYS, WARRANTY_DAYS = 2300, 3 * 365
FUNDS = ("Digital Offices Fund", "Members' budget", "Resilience Grant 60%, Members' budget 40%")
PRICES = {"server": 5200, "desktop": 780, "laptop": 1150, "device": 640}
COLUMNS = (
    "asset_tag", "serial", "name", "kind", "maker", "model", "site", "state", "supplier", "order_number", "bought_on",
    "warranty_until", "price", "currency", "funds",
)  # fmt: skip
SPARES = 3
SHELF = {"kind": "laptop", "maker": "Tradewind", "model": "Breeze 14", "site": "castries", "state": "in stock"}
"""What lies at headquarters and waits for its first user."""

log = logging.getLogger("keskidee.simulator")


def purchases(fleet: Sequence[Pretend], now: float) -> list[dict[str, str]]:
    """A line a machine that somebody entered, and those on the shelf where the first machine is among them."""
    today = datetime.fromtimestamp(now, UTC)
    lines = [_line(machine, today) for machine in fleet if machine.number % UNBOOKED_EVERY != UNBOOKED_EVERY - 1]
    if any(machine.number == 0 for machine in fleet):
        fresh = {"bought_on": f"{today:%Y-%m-%d}", "price": str(PRICES["laptop"]), "currency": "XCD", "funds": FUNDS[0]}
        lines += [
            {"asset_tag": f"SIM-S{number}", "serial": f"SIMULATED-S{number}", "name": f"spare {number}"} | SHELF | fresh
            for number in range(1, SPARES + 1)
        ]
    return lines


def _line(machine: Pretend, today: datetime) -> dict[str, str]:
    """The older a machine is, the more worn are its disk and battery (course.AGE)."""
    bought = today - timedelta(days=int(OLDEST_DAYS * machine.age))
    return {
        "asset_tag": f"SIM-{machine.number:05d}",
        "serial": machine.serial,
        "kind": DEVICE_KINDS.get(machine.model.chassis, machine.kind),
        "maker": machine.model.maker,
        "model": machine.model.name,
        "site": machine.site.name,
        "supplier": "Almond Tree Supplies",
        "order_number": f"{bought:%Y}-{machine.number // 20:03d}",
        "bought_on": f"{bought:%Y-%m-%d}",
        "warranty_until": f"{bought + timedelta(days=WARRANTY_DAYS):%Y-%m-%d}",
        "price": str(PRICES[machine.kind]),
        "currency": "XCD",
        "funds": FUNDS[machine.luck[19] % len(FUNDS)],
    }


async def enter(connection: Connection, token: str, fleet: Sequence[Pretend], folder: Path, now: float) -> None:
    """Enters what was not entered before, as `folder` remembers. A collector that takes none is told of, no more."""
    path = folder / FILE
    known = json.loads(path.read_text(encoding="ascii")) if path.exists() else 0
    new = [machine for machine in fleet if machine.number >= known]
    for first in range(0, len(new), AT_ONCE):
        some = new[first : first + AT_ONCE]
        headers = f"Authorization: Bearer {token}\r\nContent-Type: application/zlib\r\n"
        try:
            answer = await connection.send("POST", "/v1/assets/purchases", headers, _packed(purchases(some, now)))
        except Unreachable as error:
            log.warning("purchases not entered: %s", error)
            return
        if answer.status != 200:
            log.warning(
                "purchases not entered status=%d: %s", answer.status, answer.body[:200].decode("utf-8", "replace")
            )
            return
        path.write_text(json.dumps(some[-1].number + 1), encoding="ascii")


def _packed(lines: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(lines)
    return zlib.compress(text.getvalue().encode())
