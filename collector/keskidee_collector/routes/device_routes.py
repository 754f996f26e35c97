"""`/v1/devices` for administrators, and `POST /v1/machines/<id>/devices`, by which a poller learns whom to ask."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from keskidee_collector.access import access
from keskidee_collector.access.access import API_WRITE, NotAllowed, bearer
from keskidee_collector.access.credentials import STRANGER, barred, speaker
from keskidee_collector.answers import SMALL_BODY_BYTES, NoBody, bounded_body, decoded, disk_problem, problem
from keskidee_collector.fleet.devices import (
    DEVICES_AT_MOST,
    SECRETS,
    Device,
    Handed,
    Known,
    TooMany,
    add,
    enlist,
    remove,
)
from keskidee_collector.register import hand
from keskidee_collector.register.asset import TAG

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from keskidee_collector.fleet.machine import Machine
    from keskidee_collector.state import State

logger = logging.getLogger(__name__)


class Polled(msgspec.Struct, frozen=True):
    """What a poller says: the devices of its own settings."""

    devices: list[Known] = []


class DeviceRoutes:
    """The routes."""

    def __init__(self, state: State, admin_token: str) -> None:
        self._state = state
        self._admin = access.digest(admin_token)

    def routes(self) -> list[Route]:
        """The devices' routes."""
        return [
            Route("/v1/devices", self.listed, methods=["GET"]),
            Route("/v1/devices", self.add, methods=["POST"]),
            Route("/v1/devices/{device_id}", self.remove, methods=["DELETE"]),
            Route("/v1/machines/{machine_id}/devices", self.polled, methods=["POST"]),
        ]

    async def listed(self, _request: Request) -> Response:
        """All devices, by instance, without what opens them."""
        rows = [row for device in self._state.devices if (row := self._row(device)) is not None]
        return JSONResponse({"devices": sorted(rows, key=lambda row: str(row["instance"]))})

    async def add(self, request: Request) -> Response:
        """201 with the device. The body is a Handed with `poller`: instance or id of the machine that is to ask it."""
        if not self._may_write(request):
            return problem(401, "credential", "writing here needs the admin token or an api-write token as bearer")
        try:
            body = await bounded_body(request, SMALL_BODY_BYTES, self._state.settings.limits.receive_seconds)
            fields = decoded(body, dict[str, Any])
            named = str(fields.pop("poller", ""))
            settings = msgspec.convert(fields, Handed)
            poller = self._poller(named) if named else self._poller_at(settings.site)
        except NoBody as error:
            return error.answer()
        except msgspec.MsgspecError as error:
            return problem(422, "malformed", str(error))
        if poller is None:
            return problem(
                422, "poller", "`poller` is the instance or id of who is to ask; without it, who does at `site`"
            )
        try:
            device = await add(self._state, poller, settings)
            await self._tag([device])
        except TooMany:
            return problem(422, "limit", f"{poller.instance} has {DEVICES_AT_MOST} devices, and may have no more")
        except SQLAlchemyError:
            return disk_problem()
        return JSONResponse(self._row(device), 201, {"Location": f"/v1/devices/{device.machine_id}"})

    async def remove(self, request: Request) -> Response:
        """204 once it is polled no more and its machine is retired. Its asset stays."""
        if not self._may_write(request):
            return problem(401, "credential", "writing here needs the admin token or an api-write token as bearer")
        device = self._state.devices.get(request.path_params["device_id"])
        if device is None:
            return problem(404, "unknown", "there is no such device")
        if not device.handed:
            return problem(409, "settings", "it stands in the settings of its poller: take it out there")
        try:
            await remove(self._state, device)
        except SQLAlchemyError:
            return disk_problem()
        return Response(status_code=204)

    async def polled(self, request: Request) -> Response:
        """200 with all devices that this machine is to ask, by its credential; 401, 403, 410 as for reports."""
        state = self._state
        machine = speaker(state, request.path_params["machine_id"], request.headers.get("authorization", ""))
        if machine is None or machine.poller_id is not None:
            state.metrics.refuse("credential")
            return problem(*STRANGER)
        if (why := barred(machine)) is not None:
            return problem(*why)
        limits = state.settings.limits
        try:
            body = await bounded_body(request, limits.body_bytes, limits.receive_seconds)
            changed = await enlist(state, machine, decoded(body, Polled).devices)
            await self._tag(changed)
        except NoBody as error:
            return error.answer()
        except msgspec.MsgspecError as error:
            return problem(422, "malformed", f"these are no devices: {error}")
        except TooMany:
            return problem(422, "limit", f"more than {DEVICES_AT_MOST} devices")
        except SQLAlchemyError:
            return disk_problem()
        told = [_told(device) for device in state.devices.of(machine.id) if self._is_asked(device)]
        return Response(
            msgspec.json.encode({"devices": told}), headers={"Cache-Control": "no-store"}, media_type="application/json"
        )

    def _may_write(self, request: Request) -> bool:
        secret = bearer(request.headers.get("authorization", ""))
        if access.matches(secret, self._admin):
            return True
        try:
            self._state.access.check(secret, API_WRITE, self._state.now())
        except NotAllowed:
            return False
        return True

    def _poller(self, named: str) -> Machine | None:
        """The machine of this id or instance, if it reports for itself and is in force."""
        for machine in self._state.fleet:
            if named in (machine.id, machine.instance) and machine.poller_id is None and barred(machine) is None:
                return machine
        return None

    def _poller_at(self, site: str) -> Machine | None:
        """The only machine of a site that polls others already."""
        pollers = {device.poller_id for device in self._state.devices}
        found = [machine for machine in self._state.fleet.at(site) if machine.id in pollers and barred(machine) is None]
        return found[0] if len(found) == 1 else None

    def _is_asked(self, device: Device) -> bool:
        machine = self._state.fleet.get(device.machine_id)
        return machine is not None and barred(machine) is None

    def _row(self, device: Device) -> dict[str, Any] | None:
        fleet = self._state.fleet
        machine, poller = fleet.get(device.machine_id), fleet.get(device.poller_id)
        if machine is None or poller is None:
            return None
        told = msgspec.to_builtins(device.settings)
        return {
            "id": machine.id,
            "instance": machine.instance,
            "poller": poller.instance,
            "state": self._state.machine_state(machine),
            "in_settings": not device.handed,
            **{name: value for name, value in told.items() if name not in SECRETS},
            "site": machine.site,
        }

    async def _tag(self, devices: Iterable[Device]) -> None:
        """Gives assets the tags that the settings name, as a person would: a tag that is another's stays there."""
        state = self._state
        for device in devices:
            machine = state.fleet.get(device.machine_id)
            if machine is None or not device.settings.asset_tag:
                continue
            await state.assets.following.follow([machine], state.now())
            asset = await asyncio.to_thread(state.assets.of_machine, machine.id)
            if asset is None or asset.asset_tag is not None:
                continue
            fields: dict[str, str | None] = {TAG: device.settings.asset_tag}
            job = hand.Setting(asset.id, fields, version=None, by=f"agent {device.poller_id[:8]}", now=state.now())
            await state.register.writer.save(job)
            if job.outcome == hand.TAG_TAKEN:
                logger.warning("asset tag is taken instance=%r tag=%r", machine.instance, device.settings.asset_tag)


def _told(device: Device) -> dict[str, Any]:
    """A device as its poller is told of it."""
    told: dict[str, Any] = {"machine_id": device.machine_id, "handed": device.handed}
    return told | (msgspec.to_builtins(device.settings) if device.handed else {"name": device.settings.name})
