"""Packages of Red Hat, SUSE and their kin, by rpm(8)'s own query: its database has had three formats."""

from __future__ import annotations

from keskidee_agent.host.placeholders import said
from keskidee_agent.inventory.packages import day_in_words, day_of_seconds, package, whole
from keskidee_report.model import Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux",)
KINDS = ("software",)
SECONDS = 25.0
TAGS = ("NAME", "ARCH", "VERSION}-%{RELEASE", "INSTALLTIME", "SIZE", "VENDOR", "SUMMARY", "GROUP")
FORMAT = "\\t".join(f"%{{{tag}}}" for tag in TAGS) + "\\n"
KEYS_OF_SIGNERS = "gpg-pubkey"


def read(machine: Machine) -> Iterator[Item]:
    """One item a package: version and release, architecture, maker, size, day of installation.

    Raises NotHere without rpm or with an empty database, TimedOut while another program keeps the database locked.
    """
    if not any(machine.exists(folder) for folder in ("var/lib/rpm", "usr/lib/sysimage/rpm", "commands/rpm")):
        raise NotHere("no rpm database")
    output = machine.run("rpm", "-qa", "--queryformat", FORMAT, seconds=SECONDS)
    found = False
    for each in parse(output):
        found = True
        yield each
    if not found and output.strip():
        raise Malformed("not rpm's answer", output)
    if not found:
        raise NotHere("rpm has no packages")


def parse(output: bytes) -> Iterator[Item]:
    """The packages in TAGS' columns. Lines that are none (warnings, translated words) are passed over."""
    for line in output.decode("utf-8", "replace").splitlines():
        columns = line.split("\t")
        if len(columns) < 4 or not columns[0] or columns[0] == KEYS_OF_SIGNERS:
            continue
        name, architecture, version, seconds, size, vendor, summary, group = (*columns, "", "", "", "")[:8]
        yield package(
            "rpm",
            name,
            version.strip(),
            architecture=_told(architecture),
            maker=said(_told(vendor)),
            section=_told(group) if _told(group).lower() != "unspecified" else "",
            comment=_told(summary),
            size_bytes=whole(size),
            installed_on=day_of_seconds(seconds) or day_in_words(seconds),
        )


def _told(text: str) -> str:
    return "" if text == "(none)" else text.strip()
