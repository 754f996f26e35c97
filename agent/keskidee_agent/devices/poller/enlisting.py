"""Which devices to poll, and under which ids: the collector says, and what it said last is kept for when it is away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from keskidee_agent.devices.poller.target import listed, of_collector, of_settings
from keskidee_agent.devices.secrets import WrongSecret
from keskidee_agent.transport.asking import CallFailed, call
from keskidee_agent.transport.identity import keep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import requests

    from keskidee_agent.devices.poller.target import Target
    from keskidee_config import DeviceSettings

KEPT_FILE = "devices.json"
OK = 200


class Enlisting:
    """Asks the collector at `url` as one agent; `folder` keeps its last answer, readable by this user only."""

    def __init__(self, session: requests.Session, url: str, credential: str, folder: Path) -> None:
        self._session = session
        self._url = f"{url}/devices"
        self._credential = credential
        self._kept = folder / KEPT_FILE

    def rows(self, devices: Sequence[DeviceSettings]) -> list[dict[str, Any]]:
        """The devices by the collector's word. Raises CallFailed where it gives none, OSError."""
        asked = {"devices": [listed(device) for device in devices]}
        answer = call(self._session, "POST", self._url, token=self._credential, json=asked)
        try:
            rows = answer.json()["devices"] if answer.status_code == OK else None
        except (ValueError, KeyError, TypeError):
            rows = None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise CallFailed(f"the collector names no devices (status {answer.status_code}): {answer.text[:200]}")
        keep(self._kept, json.dumps(rows).encode())
        return rows

    def forget(self) -> None:
        """Nobody is polled any more."""
        self._kept.unlink(missing_ok=True)

    def kept_rows(self) -> list[dict[str, Any]]:
        """What the collector said last; nothing where that is not known."""
        try:
            rows = json.loads(self._kept.read_bytes())
        except (OSError, ValueError):
            return []
        return rows if isinstance(rows, list) else []


def targets_of(
    rows: Sequence[dict[str, Any]], devices: Sequence[DeviceSettings], warn: Callable[[str], None]
) -> dict[str, Target]:
    """Whom to poll, by machine id. One whose secrets cannot be read is told, and left out."""
    by_name = {device.name: device for device in devices}
    found: dict[str, Target] = {}
    for row in rows:
        try:
            if row.get("handed"):
                target = of_collector(row)
            elif row.get("name") in by_name:
                target = of_settings(str(row["machine_id"]), by_name[row["name"]])
            else:
                continue
            if not target.machine_id.isalnum():
                raise ValueError("an id that is none")
        except (WrongSecret, KeyError, TypeError, ValueError) as error:
            warn(f"device={row.get('name')!r} polled=no reason={str(error)!r}")
            continue
        found[target.machine_id] = target
    return found
