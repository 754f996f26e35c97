"""The Redfish service of one board: signed in by a session, or by Basic where it has none (DSP0266, 13.3)."""

from __future__ import annotations

import base64
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keskidee_agent.devices.engine import Garbled, NoAnswer, Refused
from keskidee_agent.devices.redfish.board import SERVICE
from keskidee_agent.devices.redfish.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from keskidee_agent.devices.redfish.board import Board
    from keskidee_agent.devices.redfish.wire import Answer

ROOT = SERVICE + "/"
WANTED = "wants a user and a password"
SESSIONS = SERVICE + "/SessionService/Sessions"
UNAUTHORISED, NOT_FOUND = 401, 404
WRONG_PASSWORD = re.compile(rb"Unauthorized|NoValidSession|InvalidCredential|LoginFail|password", re.IGNORECASE)
"""What boards say of it that answer with status 400 or 403, as HPE's do."""
BUSY = (429, 503)
BUSY_SECONDS, BUSY_SECONDS_AT_MOST, BUSY_TIMES = 2.0, 10.0, 2
REQUESTS_AT_MOST, BYTES_AT_MOST = 2_000, 12 << 20
CLOSE_SECONDS = 5.0


class Spent(Exception):
    """No more may be asked in this reading: time, requests or bytes are used up."""


@dataclass(slots=True, kw_only=True)
class Budget:
    """What one reading may still cost. `until` is on the steady clock."""

    until: float
    requests: int = REQUESTS_AT_MOST
    bytes: int = BYTES_AT_MOST
    answered: int = 0

    def seconds(self, most: float) -> float:
        """How long the next request may take. Raises Spent."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise Spent("the time for one reading is over")
        if self.requests <= 0:
            raise Spent(f"more than {REQUESTS_AT_MOST} requests")
        if self.bytes <= 0:
            raise Spent(f"more than {BYTES_AT_MOST >> 20} MiB")
        return min(left, most)


class Service:
    """What a board answers; of one thread at a time. `sleep` waits, while a board is busy."""

    def __init__(self, board: Board, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._board = board
        self._wire = Wire(board)
        self._sleep = sleep
        self._headers: dict[str, str] = {}
        self._session = ""
        self.root: dict[str, Any] = {}
        self.budget = Budget(until=time.monotonic())

    def open(self, budget: Budget, *, anew: bool = True) -> None:
        """Reads the root, and signs in where that was not done. Raises NoAnswer, Refused, Garbled, Spent."""
        self.budget = budget
        if anew or not self.root:
            self._headers = self._headers if self._session else {}  # a session may be free by now
            self.root = self._read_root()
        if self._board.user and not self._headers:
            self._sign_in()

    def get(self, path: str, *, etag: str = "") -> Answer:
        """One resource. A session that ended is begun anew, a board that is busy asked again.

        Raises NoAnswer, Refused, Garbled, Spent.
        """
        answer = self._get(path, etag)
        if answer.status == UNAUTHORISED and self._session:  # it was quiet too long, or the board started again
            self._session, self._headers = "", {}
            self._sign_in()
            answer = self._get(path, etag)
        return answer

    def path_of(self, link: str) -> str:
        """The path of a link on this board. Raises Elsewhere."""
        return self._wire.path_of(link)

    def close(self) -> None:
        """Signs out, which frees one of the few sessions that a board has."""
        if self._session:
            with suppress(NoAnswer, Refused, Garbled):
                self._wire.ask("DELETE", self._session, seconds=CLOSE_SECONDS, headers=self._headers)
        self._session, self._headers = "", {}
        self._wire.close()

    def _get(self, path: str, etag: str = "") -> Answer:
        headers = self._headers | ({"If-None-Match": etag} if etag else {})
        for times in range(BUSY_TIMES + 1):
            answer = self._ask("GET", path, headers=headers)
            if answer.status not in BUSY or times == BUSY_TIMES:
                break
            self._sleep(self.budget.seconds(_pause(answer)))
        if answer.status == UNAUTHORISED and not self._board.user:
            raise Refused(WANTED)
        self.budget.answered += 1
        return answer

    def _ask(self, method: str, path: str, **options: Any) -> Answer:
        may = self.budget.seconds(self._board.timeout_seconds)
        before = self._wire.taken_bytes
        self.budget.requests -= 1
        try:
            return self._wire.ask(method, path, seconds=may, **options)
        finally:
            self.budget.bytes -= self._wire.taken_bytes - before

    def _read_root(self) -> dict[str, Any]:
        """The root, which a service shows to everybody; some show it only to those they know."""
        answer = self._get(ROOT)
        if answer.status == UNAUTHORISED and self._board.user:
            self._sign_in()
            answer = self._get(ROOT)
        if answer.status == NOT_FOUND:
            answer = self._get(SERVICE)
        if answer.status == UNAUTHORISED:
            raise Refused("shows its root to nobody, not even to this user")
        if answer.status != 200:
            raise Garbled(f"no Redfish service: {ROOT} answers with status {answer.status}")
        root = answer.json()
        if not {"Systems", "Chassis", "Managers", "RedfishVersion"} & root.keys():
            raise Garbled(f"no Redfish service: {ROOT} is something else")
        return root

    def _sign_in(self) -> None:
        """By a session; by Basic where the service has none, or none that is free. Raises Refused for a wrong password.

        One that is wrong is not tried in another way: boards lock a user out after a few.
        """
        user, password = self._board.user or "", self._board.password
        secret = password.reveal() if password else ""
        answer = self._ask("POST", self._sessions(), told={"UserName": user, "Password": secret})
        token = answer.headers.get("X-Auth-Token", "")
        if answer.status == UNAUTHORISED or (answer.status in (400, 403) and WRONG_PASSWORD.search(answer.body)):
            raise Refused("takes no such user and password")
        if answer.status < 300 and token:
            self._session = self._own_session(answer)
            self._headers = {"X-Auth-Token": token}
            return
        basic = base64.b64encode(f"{user}:{secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {basic}"}

    def _sessions(self) -> str:
        links = self.root.get("Links")
        link = links.get("Sessions") if isinstance(links, dict) else None
        path = link.get("@odata.id") if isinstance(link, dict) else None
        with suppress(Garbled):
            return self.path_of(path) if isinstance(path, str) else SESSIONS
        return SESSIONS

    def _own_session(self, answer: Answer) -> str:
        """The path at which the session ends: by its header, which may name another host, or by its body."""
        place = answer.headers.get("Location", "")
        if "://" in place:
            place = "/" + place.partition("://")[2].partition("/")[2]
        with suppress(Garbled):
            return self.path_of(place or str(answer.json().get("@odata.id", "")))
        return ""


def _pause(answer: Answer) -> float:
    """How long a board that is busy wants to be left alone, within bounds."""
    told = answer.headers.get("Retry-After", "").strip()
    seconds = float(told) if told.isascii() and told.isdigit() and len(told) < 6 else BUSY_SECONDS
    return min(seconds, BUSY_SECONDS_AT_MOST)
