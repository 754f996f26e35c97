"""What wakes the agent before its time: signals, and the end of the process that started it.

The interpreter writes the number of each signal to a pipe, and every wait of the agent watches that pipe, so that a
stop is heard at once in the middle of a sleep or of an exchange. The `signal` module (0.9 MB of enumerations) is not
needed for that; the C module below it is enough.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]
import _thread
import os
import sys
import time

from keskidee_agent.transport.waiting import Waiter, ready_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

STOP, UPGRADE, RELOAD = "stop", "upgrade", "reload"
STDIN = 0
LAST_SECONDS = 2.0
"""How long an exchange that is under way may still take once a stop is asked for."""


class Wake(Waiter):
    """Hears signals while it waits. `asked` is what was asked for last: STOP, UPGRADE, RELOAD, or nothing yet.

    SIGTERM and SIGINT stop, SIGUSR2 stops for an upgrade, SIGHUP reads the settings again. With `parent` the end of
    standard input stops too: it is a pipe whose other end the parent holds. On Windows Ctrl-C, Ctrl-Break and the end
    of the console stop; `goes_down` where that is the machine's.
    """

    def __init__(self, *, parent: bool = False) -> None:
        self.asked = ""
        self.goes_down = False
        self._end = 0.0
        self._by_signal = {int(signal.SIGTERM): STOP, int(signal.SIGINT): STOP}
        if sys.platform != "win32":
            self._by_signal |= {int(signal.SIGUSR2): UPGRADE, int(signal.SIGHUP): RELOAD}
        for number in self._by_signal:
            signal.signal(number, _heard)
        self._bell, self._drain_bell = _bell()
        self._watched = [self._bell]
        if sys.platform == "win32":
            from keskidee_agent.host import windows

            self._handler = windows.on_console_event(self._ring)
        if parent and sys.platform == "win32":
            _thread.start_new_thread(_ring_at_end_of_input, ())
        elif parent:
            self._watched.append(STDIN)

    def sleep_until(self, moment_ms: int, now_ms: Callable[[], int]) -> None:
        """Returns at a moment on the clock `now_ms`, or as soon as something is asked for."""
        while not self.asked and (left_ms := moment_ms - now_ms()) > 0:
            # at most a minute, because this wait stands still while the machine sleeps and `now_ms` does not
            self.select([], False, min(left_ms / 1000, 60.0))

    def forget(self) -> None:
        """What was asked for is done."""
        self.asked = ""

    def left(self, deadline: float) -> float:
        """As Waiter's; once something is asked for, there is little time left."""
        return super().left(min(deadline, self._end) if self.asked else deadline)

    def select(self, any_of: list[int], writing: bool, seconds: float) -> list[int]:
        """As Waiter's, with an ear for signals. No descriptor: it waits for those only."""
        ready = ready_of(self._watched, any_of, seconds) if writing else ready_of(self._watched + any_of, [], seconds)
        return ready if ready == any_of else [one for one in ready if not self._is_for_us(one)]

    def _is_for_us(self, descriptor: int) -> bool:
        if descriptor == self._bell:
            for number in self._drain_bell():
                self.ask(self._by_signal.get(number, ""))
        elif descriptor == STDIN and STDIN in self._watched:
            if not os.read(STDIN, 4096):
                self._watched.remove(STDIN)
                self.ask(STOP)
        else:
            return False
        return True

    def _ring(self, goes_down: bool) -> None:  # in a thread of the system
        self.goes_down = goes_down
        signal.raise_signal(signal.SIGTERM)

    def ask(self, what: str) -> None:
        """Notes what is asked for; a stop is not taken back by a reload."""
        if what and self.asked not in (STOP, UPGRADE):
            self._end = self._end if self.asked else time.monotonic() + LAST_SECONDS
            self.asked = what


def _heard(_number: int, _frame: object) -> None:
    """Stands in for the default, which would end the process; the byte in the pipe is what counts."""


def _bell() -> tuple[int, Callable[[], bytes]]:
    """A descriptor that can be read once a signal has come, and what reads the numbers of the signals from it."""
    if sys.platform == "win32":
        import socket  # select takes nothing but sockets there

        heard, bell = socket.socketpair()
        heard.setblocking(False)
        bell.setblocking(False)
        signal.set_wakeup_fd(bell.detach(), warn_on_full_buffer=False)
        return heard.fileno(), lambda: heard.recv(64)
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader, lambda: os.read(reader, 64)


def _ring_at_end_of_input() -> None:
    while os.read(STDIN, 4096):
        pass
    signal.raise_signal(signal.SIGTERM)
