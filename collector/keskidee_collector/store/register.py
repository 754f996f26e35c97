"""register.db: machines that enrolled and the tokens that let them. The assets in it are register/'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from keskidee_collector.store.database import open_database
from keskidee_collector.store.days import DayRow, day_row, last_days
from keskidee_collector.store.tables import assets, changes, devices, machines, tokens
from keskidee_collector.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sqlalchemy import Engine

    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.store.writer import Statement

_CHANGING = (
    "instance", "site", "role", "facts", "revoked_at", "retired_at", "credential_hash", "next_credential_hash",
    "credential_at", "evidence", "merged_into", "took_over", "poller_id",
)  # fmt: skip
_ADD_MACHINE = insert(machines)
_UPDATE_MACHINE = (
    update(machines)
    .where(machines.c.id == bindparam("machine"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
_CREDENTIAL = ("credential_hash", "next_credential_hash", "credential_at")
_KEEP_CREDENTIAL = (
    update(machines)
    .where(machines.c.id == bindparam("machine"))
    .values({name: bindparam(f"new_{name}") for name in _CREDENTIAL})
)
_TOLD = ("at", "what", "kind", "key", "before", "after", "by")
_TELL = insert(changes).from_select(
    ["asset_id", *_TOLD],
    select(assets.c.id, *[bindparam(f"new_{name}") for name in _TOLD]).where(
        assets.c.machine_id == bindparam("machine")
    ),
)
_ADD_TOKEN = insert(tokens)
_USE_TOKEN = update(tokens).where(tokens.c.id == bindparam("token")).values(uses_left=bindparam("left"))
_REVOKE_TOKEN = update(tokens).where(tokens.c.id == bindparam("token")).values(revoked_at=bindparam("at"))
_FORGET_TOKENS = delete(tokens).where(tokens.c.revoked_at < bindparam("before"))
_KEEP_DEVICE = upsert(devices).values({name: bindparam(name) for name in ("machine_id", "handed", "settings")})
_KEEP_DEVICE = _KEEP_DEVICE.on_conflict_do_update(
    index_elements=["machine_id"], set_={"settings": _KEEP_DEVICE.excluded["settings"]}
)
_DROP_DEVICE = delete(devices).where(devices.c.machine_id == bindparam("device"))
REVOKED_KEPT_SECONDS = 400 * 86_400.0
"""So long a revoked token is told from one that never was."""


class Token(NamedTuple):
    """A token as kept: `hash` is the SHA-256 of its text; None in `expires_at` or `uses_left` is without end."""

    id: str
    scope: str
    hash: bytes
    site: str
    role: str
    created_at: float
    expires_at: float | None
    uses_left: int | None
    revoked_at: float | None = None


class MachineRow(NamedTuple):
    """A machine as the register keeps it."""

    id: str
    instance: str
    site: str
    role: str
    credential_hash: bytes
    facts: dict[str, str]
    enrolled_at: float
    revoked_at: float | None
    retired_at: float | None
    next_credential_hash: bytes | None
    credential_at: float
    evidence: dict[str, str]
    clone_of: str | None
    merged_into: str | None
    took_over: bool
    poller_id: str | None


class DeviceRow(NamedTuple):
    """How a device is asked: `settings` is JSON, with secrets where it is `handed` to its poller from here."""

    machine_id: str
    handed: bool
    settings: bytes


class RegisterStore:
    """Reads at the start, then writes through its one writer. `engine` is for reading, from any thread."""

    def __init__(self, path: Path) -> None:
        self.engine = open_database(path, "register")
        self.writer = Writer(self.engine, "register")

    def close(self) -> None:
        """Commits what is queued."""
        self.writer.close()

    def machines(self) -> list[MachineRow]:
        """Every machine, retired ones too."""
        return read_machines(self.engine)

    def tokens(self) -> list[Token]:
        """Every token, revoked ones too."""
        with self.engine.connect() as connection:
            return [Token(*row) for row in connection.execute(select(tokens))]

    def devices(self) -> list[DeviceRow]:
        """Every device that is polled."""
        with self.engine.connect() as connection:
            return [DeviceRow(*row) for row in connection.execute(select(devices))]

    def last_days(self) -> list[DayRow]:
        """The newest day of each machine that was counted lately."""
        return last_days(self.engine)

    async def save_days(self, rows: Iterable[DayRow]) -> None:
        """Keeps days of machines as they stand now."""
        await self.writer.save([day_row(row) for row in rows])

    async def add_machine(self, machine: Machine, token: Token | None) -> None:
        """Keeps a new machine and, in the same commit, how often its token (a clone has none) may still be used."""
        await self.writer.save([(_ADD_MACHINE, _machine_row(machine)), *_use_rows(token)])

    async def update_machine(self, machine: Machine) -> None:
        """Keeps what may change of a machine: everything but its id, its age and what it is a clone of."""
        await self.update_machines([machine])

    async def update_machines(
        self, changed: Iterable[Machine], used: Token | None = None, told: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        """The same of several in one commit and, with them, how often a token may still be used.

        `told`: a row for the history of a machine's asset, by the machine's id.
        """
        rows = _update_rows(changed)
        for machine_id, change in (told or {}).items():
            rows.append((_TELL, {f"new_{name}": change[name] for name in _TOLD} | {"machine": machine_id}))
        await self.writer.save([*rows, *_use_rows(used)])

    async def save_devices(
        self, kept: Iterable[DeviceRow], *, new: Iterable[Machine], changed: Iterable[Machine], gone: Iterable[str] = ()
    ) -> None:
        """Keeps devices as they are to be asked, with those of their machines that are new or changed; in one commit.

        `gone` are ids of devices that are asked no more.
        """
        rows: list[Statement] = [(_ADD_MACHINE, _machine_row(machine)) for machine in new]
        rows += _update_rows(changed)
        rows += [(_KEEP_DEVICE, row._asdict()) for row in kept]
        rows += [(_DROP_DEVICE, {"device": each}) for each in gone]
        if rows:
            await self.writer.save(rows)

    async def keep_credential(self, machine: Machine) -> None:
        """Keeps the credential of a machine, the one that may come next, and since when it is used."""
        await self.writer.save([_credential_row(machine)])

    def post_credential(self, machine: Machine) -> None:
        """The same with one of the next commits; nobody waits for it."""
        self.writer.post([_credential_row(machine)])

    async def add_token(self, token: Token) -> None:
        """Keeps a new token."""
        await self.writer.save([(_ADD_TOKEN, token._asdict())])

    async def revoke_token(self, token: Token) -> None:
        """Keeps that a token was revoked, and forgets those of which that is long ago."""
        assert token.revoked_at is not None
        await self.writer.save(
            [
                (_REVOKE_TOKEN, {"token": token.id, "at": token.revoked_at}),
                (_FORGET_TOKENS, {"before": token.revoked_at - REVOKED_KEPT_SECONDS}),
            ]
        )


def read_machines(engine: Engine) -> list[MachineRow]:
    """Every machine of a register, also of one opened for reading only."""
    with engine.connect() as connection:
        rows = connection.execute(select(machines).order_by(machines.c.enrolled_at))
        return [_machine(tuple(row)) for row in rows]


def _machine(row: tuple[Any, ...]) -> MachineRow:
    facts, evidence = (msgspec.json.decode(row[at], type=dict[str, str]) for at in (5, 11))
    return MachineRow._make((*row[:5], facts, *row[6:11], evidence, *row[12:]))


def _machine_row(machine: Machine) -> dict[str, Any]:
    return {
        "id": machine.id,
        "instance": machine.instance,
        "site": machine.site,
        "role": machine.role,
        "credential_hash": machine.credential_hash,
        "facts": msgspec.json.encode(machine.facts),
        "enrolled_at": machine.enrolled_at,
        "revoked_at": machine.revoked_at,
        "retired_at": machine.retired_at,
        "next_credential_hash": machine.next_credential_hash,
        "credential_at": machine.credential_at,
        "evidence": msgspec.json.encode(machine.evidence),
        "clone_of": machine.clone_of,
        "merged_into": machine.merged_into,
        "took_over": machine.took_over,
        "poller_id": machine.poller_id,
    }


def _update_rows(changed: Iterable[Machine]) -> list[Statement]:
    rows: list[Statement] = []
    for machine in changed:
        row = _machine_row(machine)
        new: dict[str, Any] = {f"new_{name}": row[name] for name in _CHANGING}
        rows.append((_UPDATE_MACHINE, new | {"machine": machine.id}))
    return rows


def _use_rows(token: Token | None) -> list[Statement]:
    if token is None or token.uses_left is None:
        return []
    return [(_USE_TOKEN, {"token": token.id, "left": token.uses_left})]


def _credential_row(machine: Machine) -> Statement:
    return (_KEEP_CREDENTIAL, {f"new_{name}": getattr(machine, name) for name in _CREDENTIAL} | {"machine": machine.id})
