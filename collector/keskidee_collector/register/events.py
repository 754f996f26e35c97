"""`POST /v1/machines/<poller>/events`: what devices told their poller by themselves, for the event log of their assets.

An event that grows comes again under its key, so a repeat changes nothing. Times are put on the collector's clock. Of
each asset the newest stay: whoever floods a device's log finds its beginning gone, and the register no larger.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response
from starlette.routing import Route

from keskidee_collector.access.credentials import STRANGER, barred, speaker
from keskidee_collector.answers import NoBody, bounded_body, decoded, disk_problem, problem
from keskidee_collector.register.told import TooLong, inflated
from keskidee_collector.store.tables import assets, events

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection
    from starlette.requests import Request

    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.state import State

EVENTS_AT_MOST = 500
"""Of one asset, and in one request."""
OFFSET_SECONDS_AT_MOST = 1e10

Moment = Annotated[float, msgspec.Meta(ge=0, le=1e11)]
Text = Annotated[str, msgspec.Meta(max_length=256)]
Oid = Annotated[str, msgspec.Meta(pattern=r"^[0-9.]*(?!\n)$", max_length=256)]


class ToldEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a device told, `count` times by now; `trap` is its OID, empty where several were put together."""

    machine_id: Text
    key: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}(?!\n)$")]
    kind: Text
    trap: Oid
    subject: Text
    first_at: Moment
    last_at: Moment
    count: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    variables: Annotated[dict[Oid, Text], msgspec.Meta(max_length=32)] = {}


class ToldEvents(msgspec.Struct, frozen=True, kw_only=True):
    """What a poller tells; `sent_at` is the time of its clock."""

    sent_at: Moment
    events: Annotated[list[ToldEvent], msgspec.Meta(max_length=EVENTS_AT_MOST)]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What a device told by itself, `count` times from `first_at` to `last_at` (UTC epoch seconds).

    `kind` is a word for it (linkDown, upsOnBattery, paperOut, authenticationFailure ...) or its OID, `trap` that OID,
    `subject` the part that it is about, such as an ifIndex; `variables` are texts by OID.
    """

    id: int
    kind: str
    trap: str
    subject: str
    first_at: float
    last_at: float
    count: int
    variables: dict[str, str]


class Events(msgspec.Struct, frozen=True, kw_only=True):
    """The event log of an asset, what was told last first."""

    events: list[Event]


_COLUMNS = ("asset_id", "key", "kind", "trap", "subject", "first_at", "last_at", "count", "variables")
_event = upsert(events).values({name: bindparam(f"new_{name}") for name in _COLUMNS})
_KEEP = _event.on_conflict_do_update(
    index_elements=["asset_id", "key"], set_={name: _event.excluded[name] for name in ("last_at", "count")}
)
_beyond = select(events.c.id).where(events.c.asset_id == bindparam("asset"))
_FORGET = delete(events).where(
    events.c.id.in_(_beyond.order_by(events.c.last_at.desc(), events.c.id.desc()).limit(-1).offset(EVENTS_AT_MOST))
)


class Keeping:
    """The job of the register's writer; `kept` is how many there were of assets that are there."""

    def __init__(self, told: Iterable[ToldEvent], offset_seconds: float) -> None:
        self._told = list(told)
        self._offset = offset_seconds
        self.kept = 0

    def __call__(self, connection: Connection) -> None:
        """Writes them, and forgets the oldest of who has too many."""
        machines = {event.machine_id for event in self._told}
        query = select(assets.c.machine_id, assets.c.id).where(assets.c.machine_id.in_(machines))
        ids: dict[str, str] = {row[0]: row[1] for row in connection.execute(query)}
        rows = [self._row(event, ids[event.machine_id]) for event in self._told if event.machine_id in ids]
        if rows:
            connection.execute(_KEEP, rows)
            connection.execute(_FORGET, [{"asset": asset_id} for asset_id in sorted(set(ids.values()))])
        self.kept = len(rows)

    def _row(self, event: ToldEvent, asset_id: str) -> dict[str, Any]:
        return {
            "new_asset_id": asset_id,
            "new_key": event.key,
            "new_kind": event.kind,
            "new_trap": event.trap,
            "new_subject": event.subject,
            "new_first_at": event.first_at + self._offset,
            "new_last_at": event.last_at + self._offset,
            "new_count": event.count,
            "new_variables": msgspec.json.encode(event.variables),
        }


class EventRoutes:
    """The route by which pollers tell."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """What `app` lists."""
        return [Route("/v1/machines/{machine_id}/events", self.take, methods=["POST"])]

    async def take(self, request: Request) -> Response:
        """204 once durable; 401, 403, 410 as for reports; 413, 422 over a limit. Others' devices are left out."""
        state = self._state
        poller = speaker(state, request.path_params["machine_id"], request.headers.get("authorization", ""))
        if poller is None or poller.poller_id is not None:
            return self._refused(*STRANGER)
        if (why := barred(poller)) is not None:
            return self._refused(*why)
        limits = state.settings.limits
        try:
            body = await bounded_body(request, limits.body_bytes, limits.receive_seconds)
            text = await asyncio.to_thread(inflated, body, limits.inflated_bytes)
            told = decoded(text, ToldEvents)
        except NoBody as refused:
            state.metrics.refuse(refused.title)
            return refused.answer()
        except TooLong:
            return self._refused(413, "too_large", f"events of more than {limits.inflated_bytes} bytes")
        except msgspec.MsgspecError as error:
            return self._refused(422, "malformed", f"these are no events: {error}")
        try:
            await self._keep(poller, told)
        except SQLAlchemyError:
            return disk_problem()
        return Response(status_code=204)

    async def _keep(self, poller: Machine, told: ToldEvents) -> None:
        state = self._state
        machines = {event.machine_id: state.fleet.get(event.machine_id) for event in told.events}
        own = {machine.id: machine for machine in machines.values() if machine and machine.poller_id == poller.id}
        if len(own) < len(machines):
            state.metrics.refuse("credential")
        if not own:
            return
        now = state.now()
        await state.assets.following.follow(list(own.values()), now)
        offset = max(-OFFSET_SECONDS_AT_MOST, min(now - told.sent_at, OFFSET_SECONDS_AT_MOST))
        job = Keeping([event for event in told.events if event.machine_id in own], offset)
        await state.register.writer.save(job)
        state.metrics.events.inc(job.kept)

    def _refused(self, status: int, title: str, detail: str) -> Response:
        self._state.metrics.refuse(title)
        return problem(status, title, detail)


def events_of(
    connection: Connection, asset_id: str, *, since: float = 0.0, at_most: int = EVENTS_AT_MOST
) -> list[Event]:
    """The event log of an asset, of what was told last since a moment, newest first."""
    names = ("id", "kind", "trap", "subject", "first_at", "last_at", "count", "variables")
    query = select(*[events.c[name] for name in names]).where(events.c.asset_id == asset_id, events.c.last_at >= since)
    rows = connection.execute(query.order_by(events.c.last_at.desc(), events.c.id.desc()).limit(at_most)).mappings()
    return [_read(row) for row in rows]


def _read(row: Mapping[Any, Any]) -> Event:
    return Event(**{**row, "variables": msgspec.json.decode(row["variables"], type=dict[str, str])})
