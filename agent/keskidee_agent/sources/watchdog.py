"""Watchdog timers, from /sys/class/watchdog (Documentation/ABI/testing/sysfs-class-watchdog). No privilege.

Read once a minute: only the time that is left changes, and nobody needs that from moment to moment.
"""

from __future__ import annotations

from keskidee_agent.host.sysfs import attribute, ended, integer, label, words
from keskidee_report.model import Family, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/class/watchdog/*",)
EVERY_SECONDS = 60
FOLDER = "sys/class/watchdog"

INFO = Family("node_watchdog_info", "gauge", "1, labelled with what the watchdog is and its state", digits=0)


def _gauge(name: str, what: str) -> Family:
    return Family(f"node_watchdog_{name}", "gauge", what, digits=0)


NUMBERS = {
    "bootstatus": _gauge("bootstatus", "Why the machine was last restarted, as flags (WDIOF_)"),
    "fw_version": _gauge("fw_version", "Version of its firmware"),
    "nowayout": _gauge("nowayout", "Whether nothing can stop it once it runs"),
    "timeleft": _gauge("timeleft_seconds", "Seconds until it restarts the machine"),
    "timeout": _gauge("timeout_seconds", "Seconds it waits for a sign of life"),
    "pretimeout": _gauge("pretimeout_seconds", "Seconds before the end at which it warns"),
    "access_cs0": _gauge("access_cs0", "Whether the machine was started from its second flash memory"),
}
TEXTS = ("options", "identity", "state", "status", "pretimeout_governor")


def read(machine: Machine) -> Iterator[Sample]:
    """What each watchdog says of itself, labelled `name`."""
    for name in machine.names(FOLDER):
        try:
            files = machine.names(f"{FOLDER}/{name}")
        except NotHere:
            continue
        wanted = [file for file in (*NUMBERS, *TEXTS) if file in files]
        contents = {file: attribute(machine, f"{FOLDER}/{name}/{file}") for file in wanted}
        yield from describe(label(name), {file: content for file, content in contents.items() if content is not None})


def describe(name: str, contents: dict[str, bytes]) -> list[Sample]:
    """The samples of a watchdog with these attributes. Raises Malformed."""
    contents = ended(contents)
    texts = {file: words(contents.get(file)) for file in TEXTS}
    labels = {"name": name}
    samples = [(family, labels, integer(contents[file])) for file, family in NUMBERS.items() if file in contents]
    return [*samples, INFO(1, **labels, **texts)]
