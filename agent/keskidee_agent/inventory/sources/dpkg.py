"""Packages of Debian and its kin, from dpkg's own database (dpkg(1), deb822(5)), or recorded dpkg-query output."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime

from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.inventory.packages import package, whole
from keskidee_report.model import Denied, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux",)
KINDS = ("software",)
STATUS = "var/lib/dpkg/status"
LOGS = ("var/log/dpkg.log.1", "var/log/dpkg.log")
COLUMNS = ("${Package}", "${Architecture}", "${Version}", "${Installed-Size}", "${Section}", "${Status}")
_INSTALLED = re.compile(r"\n(\d{4}-\d\d-\d\d) \S+ status installed ([^\s:]+):?(\S*)")
INSTALLED = ("installed", "triggers-awaited", "triggers-pending")  # of what is configured
WANTED = ("Package", "Status", "Architecture", "Version", "Installed-Size", "Section", "Maintainer", "Homepage")
_FIELD = re.compile(rf"\n({'|'.join(WANTED)}|Description): (.*)")


def read(machine: Machine) -> Iterator[Item]:
    """One item a package that is installed: version, architecture, maker, size, section, day of installation.

    Raises NotHere without dpkg, and Malformed where the database ends in the middle of a package: it is being written.
    """
    try:
        text = machine.content(STATUS).decode("utf-8", "replace")
    except NotHere:
        yield from queried(machine.run("dpkg-query", "--show", "--showformat", "\t".join(COLUMNS) + "\n"))
        return
    days = _days(machine)
    installed = [fields for fields in paragraphs(text) if _installed(fields)]
    copies = Counter(fields["Package"] for fields in installed)  # of several architectures
    for fields in installed:
        name, architecture = fields["Package"], fields.get("Architecture", "")
        day = days.get((name, architecture)) or _unpacked(machine, name, architecture)
        yield _package(name if copies[name] == 1 else f"{name}:{architecture}", fields, day)
    if text and not text.endswith("\n\n"):
        raise Malformed("dpkg's database ends in the middle of a package", text[-80:])


def _installed(fields: Mapping[str, str]) -> bool:
    status = fields.get("Status", "").split()
    return "Package" in fields and "Version" in fields and bool(status) and status[-1] in INSTALLED


def paragraphs(text: str) -> Iterator[dict[str, str]]:
    """The fields of each whole paragraph that are WANTED, each of its first line."""
    *whole_ones, _ = text.split("\n\n")
    for paragraph in whole_ones:
        yield {name: value.strip() for name, value in _FIELD.findall(f"\n{paragraph}")}


def _package(name: str, fields: Mapping[str, str], day: str | None) -> Item:
    return package(
        "deb",
        name,
        fields["Version"],
        architecture=fields.get("Architecture"),
        maker=fields.get("Maintainer", "").partition(" <")[0],
        section=fields.get("Section"),
        comment=fields.get("Description"),
        url=fields.get("Homepage"),
        size_bytes=whole(fields.get("Installed-Size", ""), 1024),
        installed_on=day,
    )


def _days(machine: Machine) -> dict[tuple[str, str], str]:
    """The day each version was installed on, by name and architecture, as far back as dpkg's log goes."""
    found = {}
    for path in LOGS:
        with suppress(NotHere, Denied, OSError):
            text = "\n" + machine.content(path).decode("utf-8", "replace")
            for day, name, architecture in _INSTALLED.findall(text):
                found[name, architecture] = day
    return found


def _unpacked(machine: Machine, name: str, architecture: str) -> str | None:
    """The day dpkg wrote the package's list of files; a recording's copy of it is as old as the recording."""
    if isinstance(machine, RecordedMachine):
        return None
    for file in (f"{name}.list", f"{name}:{architecture}.list"):
        signature = machine.signature(f"var/lib/dpkg/info/{file}")
        if signature:
            return datetime.fromtimestamp(signature[0] / 1e9, UTC).date().isoformat()
    return None


def queried(output: bytes) -> Iterator[Item]:
    """The packages in dpkg-query's COLUMNS, divided by tabs. Lines that are none are passed over."""
    for line in output.decode("utf-8", "replace").splitlines():
        columns = [column.strip() for column in line.split("\t")]
        if len(columns) >= 3 and columns[0] and columns[2]:
            name, architecture, version, size, section, status = (*columns, "", "", "")[:6]
            if not status or status.split()[-1] in INSTALLED:
                fields = {"Architecture": architecture, "Version": version, "Installed-Size": size, "Section": section}
                yield _package(name, fields, None)
