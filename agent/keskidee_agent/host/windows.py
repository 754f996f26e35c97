"""What Windows tells by calls of its own. Imported on Windows only."""

from __future__ import annotations

import os
import sys
import time

from keskidee_report.model import Denied, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATH = (("System32", "WindowsPowerShell", "v1.0"), ("System32",))
"""Where programs of the system are, below %SystemRoot%."""
PROGRAMS = tuple(rf"SOFTWARE\{below}Microsoft\Windows\CurrentVersion\Uninstall" for below in ("", "WOW6432Node\\"))
"""Keys under HKEY_LOCAL_MACHINE with one below for each program that can be removed."""
RSMB = 0x52534D42  # "RSMB", the provider of SMBIOS tables
RAW_SMBIOS_HEADER_BYTES = 8  # RawSMBIOSData: four bytes of versions and four of length


def uname() -> tuple[str, str, str, str, str]:
    """System, host name, release, version, architecture. platform.uname() would ask WMI for it and take seconds."""
    import socket

    version = sys.getwindowsversion()  # type: ignore[attr-defined]
    number = f"{version.major}.{version.minor}.{version.build}"
    return "Windows", socket.gethostname(), str(version.major), number, os.environ.get("PROCESSOR_ARCHITECTURE", "")


def program(name: str, environment: Mapping[str, str]) -> str:
    """Where a program of the system is: Windows by itself would look into the folder that somebody happens to be in
    first. Raises NotHere.
    """  # fmt: skip
    root = environment.get("SYSTEMROOT", r"C:\Windows")
    found = (os.path.join(root, *folder, name) for folder in PATH)
    path = next(filter(os.path.exists, found), "")
    if not path:
        raise NotHere(f"{name} is not installed")
    return path


def registry(key: str, name: str) -> str:
    """A value under HKEY_LOCAL_MACHINE, as text. Raises NotHere or Denied."""
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:  # type: ignore[attr-defined]
            return str(winreg.QueryValueEx(opened, name)[0])  # type: ignore[attr-defined]
    except PermissionError:
        raise Denied(f"may not read HKLM\\{key}") from None
    except OSError:
        raise NotHere(f"no HKLM\\{key} {name}") from None


def programs_changed() -> tuple[int, ...]:
    """When programs were last installed or removed, in units of 100 ns since 1601: the moments of PROGRAMS' keys."""
    import winreg

    moments = []
    for key in PROGRAMS:
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:  # type: ignore[attr-defined]
                moments.append(winreg.QueryInfoKey(opened)[2])  # type: ignore[attr-defined]
        except OSError:
            moments.append(0)
    return tuple(moments)


def smbios() -> bytes:
    """The SMBIOS table by GetSystemFirmwareTable. Raises NotHere."""
    import ctypes

    ask = ctypes.windll.kernel32.GetSystemFirmwareTable  # type: ignore[attr-defined]
    size = ask(RSMB, 0, None, 0)
    buffer = ctypes.create_string_buffer(max(size, 1))
    if not size or ask(RSMB, 0, buffer, size) != size:
        raise NotHere("no SMBIOS table")
    length = int.from_bytes(buffer.raw[4:RAW_SMBIOS_HEADER_BYTES], "little")
    return buffer.raw[RAW_SMBIOS_HEADER_BYTES : RAW_SMBIOS_HEADER_BYTES + length]


STOP, UPGRADE = "stop", "upgrade"
STOP_FILE = "stop"
"""In the agent's folder."""
CTRL_BREAK, CTRL_CLOSE, CTRL_LOGOFF, CTRL_SHUTDOWN = 1, 2, 5, 6
"""Events of a console (HandlerRoutine of the Console API)."""
LAST_SECONDS = 4.5
"""Windows ends a process whose console closes when its handler returns, and five seconds later at the latest."""
SHUTDOWN_KEY = r"SYSTEM\CurrentControlSet\Control\Windows"
FILETIME_EPOCH_MS = 11_644_473_600_000
"""From 1601, with which FILETIME begins, to 1970."""


def ticks_ms() -> int:
    """Milliseconds since the system was started, sleep included (GetTickCount64)."""
    import ctypes

    ask = ctypes.windll.kernel32.GetTickCount64  # type: ignore[attr-defined]
    ask.restype = ctypes.c_ulonglong
    return int(ask())


def asleep_ms() -> int:
    """How long the machine was suspended since it was started: QueryUnbiasedInterruptTime leaves that out."""
    import ctypes

    awake = ctypes.c_ulonglong()
    ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(awake))  # type: ignore[attr-defined]
    return ticks_ms() - awake.value // 10_000


def shutdown_ms() -> int:
    """When the system was last shut down in order, in milliseconds since 1970; 0 where it does not tell."""
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, SHUTDOWN_KEY) as opened:  # type: ignore[attr-defined]
            return filetime_ms(winreg.QueryValueEx(opened, "ShutdownTime")[0])  # type: ignore[attr-defined]
    except (OSError, TypeError):
        return 0


def filetime_ms(content: bytes) -> int:
    """A FILETIME, tenths of a microsecond since 1601, as milliseconds since 1970."""
    return int.from_bytes(content, "little") // 10_000 - FILETIME_EPOCH_MS


def asked_in(path: str) -> str:
    """What a file asks the agent for, `stop` or `upgrade`: it is taken away, and so is one that asks for nothing known.

    There are no signals, and who ends the task of the scheduler kills it.
    """
    try:
        with open(path, "rb") as file:
            word = file.read(16).strip().decode("ascii", "replace")
        os.unlink(path)
    except OSError:
        return ""
    return word if word in (STOP, UPGRADE) else ""


def on_console_event(ring: Callable[[bool], None]) -> object:
    """Calls `ring` when the console asks for an end: with True where the machine goes down. Keep what is returned."""
    import ctypes

    handler = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)(handler_of(ring))  # type: ignore[attr-defined]
    ctypes.windll.kernel32.SetConsoleCtrlHandler(handler, 1)  # type: ignore[attr-defined]
    return handler


def handler_of(ring: Callable[[bool], None], *, rest: Callable[[float], None] = time.sleep) -> Callable[[int], bool]:
    """What the system calls in a thread of its own: whether that was for us. Ctrl-C is Python's.

    Whoever logs off is not the agent's user: the C runtime, which asks no more than Python does, would end it.
    """

    def handle(event: int) -> bool:
        if event in (CTRL_BREAK, CTRL_CLOSE, CTRL_SHUTDOWN):
            ring(event == CTRL_SHUTDOWN)
            if event != CTRL_BREAK:
                rest(LAST_SECONDS)
        return event in (CTRL_BREAK, CTRL_CLOSE, CTRL_LOGOFF, CTRL_SHUTDOWN)

    return handle
