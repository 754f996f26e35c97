"""Functions of the C library that Python has no other way to call, without the `ctypes` package, which is 0.4 MiB.

The C module below it is enough for numbers and buffers. Where there is none (another interpreter, another system)
there are no such functions either: `function` raises NotHere.
"""

from __future__ import annotations

from keskidee_report.model import NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

RTLD_NOW = 2


def function(name: str) -> Callable[..., int]:
    """The function of that name: it takes what `word` and `buffer` give, and ints as C's int, and returns an int.

    Raises NotHere where the C library has none, or cannot be asked.
    """
    try:
        from _ctypes import call_function, dlopen, dlsym

        address = dlsym(dlopen(None, RTLD_NOW), name)  # type: ignore[arg-type]  # None is the program itself
    except (ImportError, OSError):
        raise NotHere(f"no {name} in the C library") from None
    return lambda *arguments: call_function(address, arguments)


def word(number: int) -> Any:
    """An address or a size."""
    from _ctypes import _SimpleCData

    return type("Word", (_SimpleCData,), {"_type_": "P"})(number)


def buffer(length: int) -> Any:
    """So many bytes, all zero, that a function may write into."""
    from _ctypes import Array, _SimpleCData

    byte = type("Byte", (_SimpleCData,), {"_type_": "c"})
    return type("Buffer", (Array,), {"_type_": byte, "_length_": length})()
