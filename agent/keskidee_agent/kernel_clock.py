"""How the kernel keeps its clock in step, asked by adjtimex(2). Only the C library can ask.

The `ctypes` module is 0.6 MiB: it is imported at the first question, and never where there is no such call.
"""

from __future__ import annotations

import os
import sys

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
    try:
        import ctypes

        call = ctypes.CDLL(None, use_errno=True).adjtimex
    except (ImportError, OSError, AttributeError):
        raise NotHere("no adjtimex in the C library") from None
    from struct import Struct

    layout = Struct(LAYOUT)
    buffer = ctypes.create_string_buffer(RESERVED_BYTES)

    def ask() -> dict[str, int]:
        ctypes.memset(buffer, 0, RESERVED_BYTES)  # modes 0: nothing is set
        state = call(buffer)
        if state < 0:
            error = ctypes.get_errno()
            raise Denied(f"may not call adjtimex: {os.strerror(error)}")
        found = dict(zip(NAMES, layout.unpack_from(buffer), strict=True))
        found["state"] = state
        return found

    return ask
