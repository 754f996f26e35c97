"""Devices that agents poll: switches, UPSs, printers, boards. Each is a machine of the role `device` with a poller.

A device stands in its poller's own settings, or was added here; then its poller, and nobody else, is handed what opens
it. Its poller reports for it, with the poller's credential and the device's id.
"""

from __future__ import annotations

import logging
import re
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from keskidee_collector.access import access
from keskidee_collector.fleet.machine import Machine
from keskidee_collector.fleet.retirement import set_retired
from keskidee_collector.store.register import DeviceRow
from keskidee_report.rules import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keskidee_collector.state import State

ROLE = "device"
DEVICES_AT_MOST = 5_000
"""Of one poller."""
RECORDS_AT_MOST = 20_000
"""That a poller ever made, with those retired since: whoever has its credential must not fill the register."""
SECRETS = frozenset({"community", "auth_passphrase", "priv_passphrase", "password"})
LONGEST_LABEL = 100
SHORTEST_KEY = 8  # RFC 3414
BOARD = re.compile(r"(?i:https)://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([1-9]\d{0,4}))?")
HTTPS_PORT = 443
TIMEOUT_SECONDS = (2.0, 30.0)
"""By SNMP, and by Redfish: boards take long at times."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_LABEL, pattern=r"^[^\x00-\x1f\x7f]*(?!\n)$")]
Label = Annotated[str, msgspec.Meta(max_length=LONGEST_LABEL, pattern=r"^[^\x00-\x1f\x7f]*(?!\n)$")]
Authentication = Literal["MD5", "SHA", "SHA224", "SHA256", "SHA384", "SHA512"]
Privacy = Literal["DES", "AES", "AES192", "AES256"]

logger = logging.getLogger(__name__)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A device as its poller's settings name it; they keep what opens it."""

    name: Name
    address: Name
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 161
    interval_seconds: Annotated[int, msgspec.Meta(ge=5, le=3600)] = 60
    site: Label = ""
    asset_tag: Label = ""


class Handed(Known, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device that was added here: how it is asked, and what opens it (a `user` makes it version 3, an address that is
    https://HOST[:PORT] a server board, with a `user`, a `password` and its certificate's `fingerprint`).
    """

    timeout_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=120)] | None = None
    version: Literal["1", "2c", "3", "redfish"] = "2c"
    community: Label = ""
    user: Label = ""
    auth_protocol: Authentication = "SHA"
    auth_passphrase: Label = ""
    priv_protocol: Privacy = "AES"
    priv_passphrase: Label = ""
    password: Label = ""
    fingerprint: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}(?!\n)$|^(?!\n)$")] = ""

    def __post_init__(self) -> None:
        if (self.version == "redfish") != self.address.lower().startswith(("https://", "http://")):
            raise ValueError("a server board has the version redfish and the address https://HOST[:PORT]")
        if self.timeout_seconds is None:
            msgspec.structs.force_setattr(self, "timeout_seconds", TIMEOUT_SECONDS[self.version == "redfish"])
        if self.version == "redfish":
            self._check_board()
            return
        if self.password or self.fingerprint:
            raise ValueError("password and fingerprint are a server board's")
        if (self.version == "3") != bool(self.user):
            raise ValueError("version 3 has a user, and no other version has one")
        if (self.version == "3") == bool(self.community):
            raise ValueError("versions 1 and 2c have a community, and version 3 has none")
        if self.priv_passphrase and not self.auth_passphrase:
            raise ValueError("there is no privacy without authentication")
        if any(0 < len(key) < SHORTEST_KEY for key in (self.auth_passphrase, self.priv_passphrase)):
            raise ValueError(f"a passphrase has at least {SHORTEST_KEY} characters")

    def _check_board(self) -> None:
        found = BOARD.fullmatch(self.address)
        if found is None:
            raise ValueError("a server board's address is https://HOST[:PORT]")
        msgspec.structs.force_setattr(self, "port", int(found[2] or HTTPS_PORT))
        if bool(self.user) != bool(self.password):
            raise ValueError("a server board's user and password go together")
        if self.community or self.auth_passphrase or self.priv_passphrase:
            raise ValueError("community and passphrases are SNMP's")


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device that is polled. `settings` are a Handed where it is `handed` to its poller."""

    machine_id: str
    poller_id: str
    handed: bool
    settings: Known

    def row(self) -> DeviceRow:
        """As the register keeps it."""
        return DeviceRow(self.machine_id, self.handed, msgspec.json.encode(self.settings))


class TooMany(Exception):
    """More devices than a poller may have."""


class Devices:
    """All devices that are polled, by the id of their machine.

    A row that was taken under other rules than today's keeps nobody from starting: it is named in the log.
    """

    def __init__(self, rows: Iterable[DeviceRow], pollers: dict[str, str]) -> None:
        self._by_id: dict[str, Device] = {}
        self._by_poller: dict[str, dict[str, Device]] = {}
        for row in rows:
            try:
                settings = msgspec.json.decode(row.settings, type=Handed if row.handed else Known)
            except msgspec.MsgspecError as error:
                logger.error("device is asked no more, add it anew machine=%s error=%s", row.machine_id, error)
                continue
            poller_id = pollers.get(row.machine_id, "")
            self.put(Device(machine_id=row.machine_id, poller_id=poller_id, handed=bool(row.handed), settings=settings))

    def __iter__(self) -> Any:
        return iter(self._by_id.values())

    def get(self, machine_id: str) -> Device | None:
        """The device with this machine's id."""
        return self._by_id.get(machine_id)

    def of(self, poller_id: str) -> Iterable[Device]:
        """Those that a machine polls."""
        return self._by_poller.get(poller_id, {}).values()

    def has_handed(self, poller_id: str) -> bool:
        """Whether a machine is handed devices from here."""
        polled = self._by_poller.get(poller_id)
        return polled is not None and any(device.handed for device in polled.values())

    def put(self, device: Device) -> None:
        """Adds a device, or its other settings."""
        self._by_id[device.machine_id] = device
        self._by_poller.setdefault(device.poller_id, {})[device.machine_id] = device

    def drop(self, device: Device) -> None:
        """It is polled no more."""
        self._by_id.pop(device.machine_id, None)
        self._by_poller.get(device.poller_id, {}).pop(device.machine_id, None)


async def add(state: State, poller: Machine, settings: Handed) -> Device:
    """A device that its poller is handed from now on. Raises TooMany, and as the store with nothing changed."""
    if len(list(state.devices.of(poller.id))) >= DEVICES_AT_MOST:
        raise TooMany
    machine = _machine(state, poller, settings)
    device = Device(machine_id=machine.id, poller_id=poller.id, handed=True, settings=settings)
    await _keep(state, [device], new=[machine], changed=[])
    return device


async def remove(state: State, device: Device) -> None:
    """It is polled no more, and its machine retired. Raises as the store."""
    machine = state.fleet.get(device.machine_id)
    assert machine is not None
    async with machine.turn:
        set_retired(state, machine)
        await state.register.save_devices([], new=[], changed=[machine], gone=[machine.id])
        state.devices.drop(device)
        await state.journal.forget(machine)


async def enlist(state: State, poller: Machine, named: Sequence[Known]) -> list[Device]:
    """Takes the devices of a poller's own settings as they stand now; those that were new or changed.

    One that stands there no more is retired, and one that is back goes on under its record. Raises TooMany, and as the
    store: then it is asked again.
    """
    if len(named) > DEVICES_AT_MOST:
        raise TooMany
    known = {device.settings.name: device for device in state.devices.of(poller.id) if not device.handed}
    wanted = {each.name: each for each in named}
    differ = [each for each in wanted.values() if each.name not in known or known[each.name].settings != each]
    changed = {
        each.name: machine
        for each in differ
        if (machine := _known_machine(state, poller, known.get(each.name), each.name)) is not None
    }
    new = {each.name: _machine(state, poller, each) for each in differ if each.name not in changed}
    if new and sum(machine.poller_id == poller.id for machine in state.fleet) + len(new) > RECORDS_AT_MOST:
        raise TooMany
    machines = new | changed
    kept = [
        Device(machine_id=machines[each.name].id, poller_id=poller.id, handed=False, settings=each) for each in differ
    ]
    for name, machine in changed.items():
        _file_again(state, machine, one_line(wanted[name].site, LONGEST_LABEL) or poller.site)
    await _keep(state, kept, new=list(new.values()), changed=list(changed.values()))
    for device in [device for name, device in known.items() if name not in wanted]:
        await remove(state, device)
    return kept


async def _keep(state: State, kept: list[Device], *, new: list[Machine], changed: list[Machine]) -> None:
    """Makes them durable, and shows them then. Raises as the store, with no new machine in the fleet."""
    for machine in new:
        machine.rename(state.fleet.free_instance(machine.instance, machine.id))  # two of them may have one name
        state.fleet.add(machine)
    try:
        await state.register.save_devices([device.row() for device in kept], new=new, changed=changed)
    except SQLAlchemyError:
        for machine in new:
            state.fleet.drop(machine)
        raise
    for device in kept:
        state.devices.put(device)


def _known_machine(state: State, poller: Machine, device: Device | None, name: str) -> Machine | None:
    """The machine of a device that is there, or was until its name was taken out of the settings."""
    if device is not None:
        return state.fleet.get(device.machine_id)
    for machine in state.fleet:
        if (
            machine.poller_id == poller.id
            and machine.retired_at is not None
            and machine.facts.get("hostname") == name
            and state.devices.get(machine.id) is None
        ):
            return machine
    return None


def _file_again(state: State, machine: Machine, site: str) -> None:
    """What became of a device's place: another site; back from retirement, under its name."""
    if machine.site != site:
        state.fleet.move(machine, site)
    if machine.retired_at is not None and state.devices.get(machine.id) is None:
        machine.retired_at, machine.heard_ticks = None, state.ticks()
        state.fleet.rename(machine, state.fleet.free_instance(machine.facts["hostname"], machine.id))


def _machine(state: State, poller: Machine, settings: Known) -> Machine:
    machine_id, now = uuid.uuid4().hex, state.now()
    return Machine(
        id=machine_id,
        instance=state.fleet.free_instance(settings.name, machine_id),
        site=one_line(settings.site, LONGEST_LABEL) or poller.site,
        role=ROLE,
        credential_hash=access.digest(access.new_credential()),  # which nobody knows: its poller speaks for it
        facts={"hostname": settings.name},
        enrolled_at=now,
        credential_at=now,
        heard_ticks=state.ticks(),
        polled_ticks=state.ticks(),
        interval_seconds=settings.interval_seconds,
        poller_id=poller.id,
    )
