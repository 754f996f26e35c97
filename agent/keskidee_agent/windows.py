"""What Windows tells by calls of its own. Imported on Windows only."""

from __future__ import annotations

import os
import sys

from keskidee_report.model import Denied, NotHere

RSMB = 0x52534D42  # "RSMB", the provider of SMBIOS tables
RAW_SMBIOS_HEADER_BYTES = 8  # RawSMBIOSData: four bytes of versions and four of length


def uname() -> tuple[str, str, str, str, str]:
    """System, host name, release, version, architecture. platform.uname() would ask WMI for it and take seconds."""
    import socket

    version = sys.getwindowsversion()  # type: ignore[attr-defined]
    number = f"{version.major}.{version.minor}.{version.build}"
    return "Windows", socket.gethostname(), str(version.major), number, os.environ.get("PROCESSOR_ARCHITECTURE", "")


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
