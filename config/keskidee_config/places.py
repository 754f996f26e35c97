"""Where keskidee keeps its things when nobody says otherwise, by operating system and by who runs it."""

import os
import sys
from pathlib import Path


def data_directory() -> Path:
    """The folder that `keskidee up` fills; collector and agent keep theirs in `collector` and `agent` below it.

    `/var/lib/keskidee` as root, `$XDG_DATA_HOME/keskidee` otherwise (XDG Base Directory Specification 0.8).
    """
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "keskidee"
    if sys.platform == "darwin":
        library = Path("/Library") if os.geteuid() == 0 else Path.home() / "Library"
        return library / "Application Support" / "keskidee"
    if os.geteuid() == 0:
        return Path("/var/lib/keskidee")
    named = os.environ.get("XDG_DATA_HOME", "")
    return (Path(named) if os.path.isabs(named) else Path.home() / ".local" / "share") / "keskidee"


def config_directory() -> Path:
    """The folder of `agent.yml` and `collector.yml`: `/etc/keskidee`, or beside the data on Windows and macOS."""
    if sys.platform in ("win32", "darwin"):
        return data_directory()
    return Path("/etc/keskidee")
