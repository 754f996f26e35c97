"""`/v1/assets`: the register for programs, as JSON. Reading never keeps reports waiting: a thread asks the database."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from keskidee_collector.access import access
from keskidee_collector.access.access import API, API_WRITE
from keskidee_collector.answers import SMALL_BODY_BYTES, NoBody, bounded_body, decoded, disk_problem, problem
from keskidee_collector.register import hand, taking
from keskidee_collector.register.asking import REFUSALS, Refused, answer, etag, version_of, writer_of
from keskidee_collector.register.assets import Asset, Page, Whole
from keskidee_collector.register.buying import Bought, taken
from keskidee_collector.register.carried import Carried, Importing
from keskidee_collector.register.events import Events
from keskidee_collector.register.history import Changes
from keskidee_collector.register.joining import Reconciled, Reconciling
from keskidee_collector.register.operations import Operation, document
from keskidee_collector.register.programs import TooVague
from keskidee_collector.register.purchase import BadField
from keskidee_collector.register.questions import CHANGES, EVENTS, LISTING, BadQuestion, number, question_of
from keskidee_collector.register.told import TooLong, inflated

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from keskidee_collector.state import State

CHANGES_AT_MOST = 1000


class AssetRoutes:
    """The routes."""

    def __init__(self, state: State, admin_token: str) -> None:
        self._state = state
        self._assets = state.assets
        self._admin = access.digest(admin_token)

    def routes(self) -> list[Route]:
        """The register's routes."""
        return [operation.route() for operation in self.operations()]

    def operations(self) -> list[Operation]:
        """The same as they are declared."""
        asset, changes, inventory = "/v1/assets/{asset_id}", "/v1/assets/changes", "/v1/assets/inventory"
        written = (401, 408, 413, 422, 503)
        return [
            Operation(
                method="GET", path="/v1/assets", run=self.listed, scope=API,
                answers={200: Page}, problems=(422,), parameters=LISTING,
            ),
            Operation(
                method="POST", path="/v1/assets", run=self.enter, scope=API_WRITE,
                answers={201: Asset}, problems=(*written, 409), body=hand.ByHand,
            ),
            Operation(
                method="GET", path=changes, run=self.changed, scope=API,
                answers={200: Changes}, problems=(422,), parameters=CHANGES,
            ),
            Operation(
                method="POST", path=inventory, run=self.bring, scope=API_WRITE,
                answers={200: Asset, 201: Asset}, problems=(*written, 409), body=Carried, body_as="application/zlib",
            ),
            Operation(
                method="POST", path="/v1/assets/purchases", run=self.buy, scope=API_WRITE,
                answers={200: Bought}, problems=(*written, 409), body=str, body_as="application/zlib",
            ),
            Operation(
                method="POST", path="/v1/assets/reconcile", run=self.reconcile, scope=API_WRITE,
                answers={200: Reconciled}, problems=(503,),
            ),
            Operation(method="GET", path=asset, run=self.one, scope=API, answers={200: Whole}, problems=(301, 404)),
            Operation(
                method="PATCH", path=asset, run=self.set, scope=API_WRITE, headers=("If-Match",),
                answers={200: Asset}, problems=(*written, 308, 404, 409, 412, 428), body=hand.ByHand,
            ),
            Operation(
                method="GET", path=f"{asset}/events", run=self.events, scope=API,
                answers={200: Events}, problems=(301, 404, 422), parameters=EVENTS,
            ),
            Operation(method="GET", path="/v1/openapi.json", run=self.described, scope=API, answers={200: Any}),
        ]  # fmt: skip

    async def described(self, _request: Request) -> Response:
        """This description."""
        return answer(document(self.operations(), self._state.version))

    async def listed(self, request: Request) -> Response:
        """The assets that are asked for: `q`, filters, `sort` (`-name` is descending), `page`, `per_page`."""
        try:
            question = question_of(request.query_params)
            return answer(await asyncio.to_thread(self._assets.page, question))
        except (BadQuestion, TooVague) as error:
            return problem(422, "malformed", str(error))

    async def one(self, request: Request) -> Response:
        """One asset with its items and history; 404 where there is none, 301 where it became one with another."""
        asset = await asyncio.to_thread(self._assets.asset, request.path_params["asset_id"])
        if asset is None:
            return await self._elsewhere(request)
        items = await asyncio.to_thread(self._assets.items, asset.id)
        history = await asyncio.to_thread(self._assets.history, asset.id)
        return answer(Whole(asset=asset, items=items, history=history), headers={"ETag": etag(asset)})

    async def events(self, request: Request) -> Response:
        """What a device told by itself (SNMP traps): the newest 500; 404 and 301 as for the asset."""
        asset = await asyncio.to_thread(self._assets.asset, request.path_params["asset_id"])
        if asset is None:
            return await self._elsewhere(request)
        try:
            since = number(request.query_params, "since", 0)
        except BadQuestion as error:
            return problem(422, "malformed", str(error))
        return answer(Events(events=await asyncio.to_thread(self._assets.events, asset.id, since=since)))

    async def changed(self, request: Request) -> Response:
        """What became of assets `since` a moment (epoch seconds), behind the change `after`."""
        try:
            since = number(request.query_params, "since", 0)
            after = int(number(request.query_params, "after", 0))
        except BadQuestion as error:
            return problem(422, "malformed", str(error))
        found = await asyncio.to_thread(self._assets.changes, since=since, after=after, at_most=CHANGES_AT_MOST)
        return answer(Changes(changes=found, after=found[-1].id if found else after))

    async def enter(self, request: Request) -> Response:
        """A thing without an agent; 201. It needs a name and a kind."""
        try:
            by = self._writer_of(request)
            fields = await self._asked(request)
        except Refused as refused:
            return refused.answer
        if not (fields.get("name") and fields.get("kind")):
            return problem(422, "malformed", "an asset has a name and a kind, such as projector")
        return await self._written(hand.Entering(fields, by=by, now=self._state.now()), 201)

    async def set(self, request: Request) -> Response:
        """Fields of an asset, with If-Match for the version that the person saw (or *)."""
        try:
            by = self._writer_of(request)
            version = version_of(request.headers.get("if-match", ""))
            fields = await self._asked(request)
        except Refused as refused:
            return refused.answer
        job = hand.Setting(request.path_params["asset_id"], fields, version=version, by=by, now=self._state.now())
        written = await self._written(job, 200)
        return await self._elsewhere(request) if job.outcome == hand.NO_ASSET else written

    async def bring(self, request: Request) -> Response:
        """An inventory carried by hand, deflated; 201 with the asset that it made, 200 with the one that has it now."""
        limits = self._state.settings.limits
        try:
            self._writer_of(request)
            body = await bounded_body(request, limits.body_bytes, limits.receive_seconds)
            job = await asyncio.to_thread(self._importing, body)
        except Refused as refused:
            return refused.answer
        except NoBody as error:
            return error.answer()
        except TooLong:
            return problem(413, "too_large", f"an inventory of more than {limits.inflated_bytes} bytes")
        except msgspec.MsgspecError as error:
            return problem(422, "malformed", f"this is no file of `keskidee agent inventory`: {error}")
        return await self._written(job, 201)

    async def reconcile(self, request: Request) -> Response:
        """What was bought beside what is seen: a machine and its purchase that are two assets become one."""
        try:
            job = Reconciling(by=self._writer_of(request), now=self._state.now())
            await self._state.register.writer.save(job)
        except Refused as refused:
            return refused.answer
        except SQLAlchemyError:
            return disk_problem()
        return answer(job.found)

    async def buy(self, request: Request) -> Response:
        """A list of purchases as CSV, deflated: all of it is taken, or the lines that are wrong are named."""
        limits = self._state.settings.limits
        try:
            by = self._writer_of(request)
            body = await bounded_body(request, limits.body_bytes, limits.receive_seconds)
        except Refused as refused:
            return refused.answer
        except NoBody as error:
            return error.answer()
        return await taken(self._state, body, by)

    async def _elsewhere(self, request: Request) -> Response:
        """The answer where there is no such asset: where it became one with another, that is asked in the same way."""
        before = request.path_params["asset_id"]
        after = await asyncio.to_thread(self._assets.led_to, before)
        if after is None:
            return problem(*REFUSALS[hand.NO_ASSET])
        there = request.url.path.replace(f"/{before}", f"/{after}", 1)
        query = f"?{request.url.query}" if request.url.query else ""
        status = 301 if request.method in ("GET", "HEAD") else 308
        return problem(status, "joined", f"this asset became one with {after}", {"Location": f"{there}{query}"})

    def _writer_of(self, request: Request) -> str:
        return writer_of(self._state, self._admin, request)

    def _importing(self, body: bytes) -> Importing:
        limits = self._state.settings.limits
        file = decoded(inflated(body, limits.inflated_bytes), Carried)
        return Importing(file, now=self._state.now(), items_at_most=limits.items)

    async def _written(self, job: hand.Entering | hand.Setting | Importing, status: int) -> Response:
        try:
            await self._state.register.writer.save(job)
        except SQLAlchemyError:
            return disk_problem()
        if job.outcome not in (hand.DONE, taking.TAKEN):
            return problem(*REFUSALS[job.outcome])
        asset = await asyncio.to_thread(self._assets.asset, job.asset_id)
        assert asset is not None
        if isinstance(job, Importing) and not job.is_new:
            status = 200
        return answer(asset, status, {"ETag": etag(asset), "Location": f"/v1/assets/{asset.id}"})

    async def _asked(self, request: Request) -> dict[str, str | None]:
        try:
            body = await bounded_body(request, SMALL_BODY_BYTES, self._state.settings.limits.receive_seconds)
            return decoded(body, hand.ByHand).fields()
        except NoBody as error:
            raise Refused(error.answer()) from None
        except (msgspec.MsgspecError, BadField) as error:
            raise Refused(problem(422, "malformed", str(error))) from None
