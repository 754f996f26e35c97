"""How the kernel keeps its clock in step, asked by adjtimex(2). Only the C library can ask."""

from __future__ import annotations

import sys

from keskidee_agent.host.clibrary import buffer, function
from keskidee_report.model import Denied, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# struct timex of <sys/timex.h>, with the compiler's own sizes and gaps
NAMES = (
    *("modes", "offset", "freq", "maxerror", "esterror", "status", "constant", "precision", "tolerance"),
    *("seconds", "fraction", "tick", "ppsfreq", "jitter", "shift", "stabil", "jitcnt", "calcnt", "errcnt", "stbcnt"),
    "tai",
)
LAYOUT = "@I4li3l2l3li5li"
RESERVED_BYTES = 512  # more than any system's struct


def asker() -> Callable[[], dict[str, int]]:
    """What asks the kernel: it gives the fields of struct timex by name, and `state`, what the call returned.

    The state goes from TIME_OK = 0 to TIME_ERROR = 5. Raises NotHere where there is no such call; asking raises Denied
    where a sandbox forbids it.
    """
    if not sys.platform.startswith("linux"):
        raise NotHere("no adjtimex on this system")
    call = function("adjtimex")
    from struct import Struct

    layout = Struct(LAYOUT)
    answer = buffer(RESERVED_BYTES)
    content, blank = memoryview(answer).cast("B"), bytes(RESERVED_BYTES)

    def ask() -> dict[str, int]:
        content[:] = blank  # modes 0: nothing is set
        state = call(answer)
        if state < 0:
            raise Denied("may not call adjtimex")
        found = dict(zip(NAMES, layout.unpack_from(answer), strict=True))
        found["state"] = state
        return found

    return ask
