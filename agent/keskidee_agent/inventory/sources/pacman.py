"""Packages of Arch and its kin, from pacman's database (one `desc` a package), or recorded `pacman -Qi` output."""

from __future__ import annotations

from contextlib import suppress

from keskidee_agent.inventory.packages import day_in_words, day_of_seconds, package, whole
from keskidee_agent.inventory.quantities import size_bytes
from keskidee_report.model import Denied, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux",)
KINDS = ("software",)
DATABASE = "var/lib/pacman/local"


def read(machine: Machine) -> Iterator[Item]:
    """One item a package. Raises NotHere without pacman, Malformed where a package is being written."""
    try:
        folders = machine.names(DATABASE)
    except NotHere:
        yield from queried(machine.run("pacman", "-Qi").decode("utf-8", "replace"))
        return
    cut = ""
    for folder in folders:
        with suppress(NotHere, Denied):  # ALPM_DB_VERSION is a file; a package may go while we read
            each = parse(machine.content(f"{DATABASE}/{folder}/desc").decode("utf-8", "replace"))
            if each is None:
                cut = folder
            else:
                yield each
    if cut:
        raise Malformed("pacman's description of a package is cut short", cut)


def parse(text: str) -> Item | None:
    """The package of one `desc`: a line `%NAME%`, then its values up to an empty line. None: no name and version."""
    fields: dict[str, str] = {}
    for paragraph in text.split("\n\n"):
        name, _, value = paragraph.strip("\n").partition("\n")
        fields[name.strip("% ")] = value.split("\n")[0].strip()
    if not fields.get("NAME") or not fields.get("VERSION"):
        return None
    return package(
        "pacman",
        fields["NAME"],
        fields["VERSION"],
        architecture=fields.get("ARCH"),
        maker=fields.get("PACKAGER", "").partition(" <")[0],
        comment=fields.get("DESC"),
        url=fields.get("URL"),
        size_bytes=whole(fields.get("SIZE", "")),
        installed_on=day_of_seconds(fields.get("INSTALLDATE", "")),
    )


def queried(text: str) -> Iterator[Item]:
    """The packages of `pacman -Qi`: `Label : value` lines, an empty line between packages."""
    for paragraph in text.replace("\r", "").split("\n\n"):
        fields = {}
        for line in paragraph.split("\n"):
            label, colon, value = line.partition(" : ")
            if colon and label.strip():
                fields[label.strip()] = value.strip()
        if fields.get("Name") and fields.get("Version"):
            yield package(
                "pacman",
                fields["Name"],
                fields["Version"],
                architecture=fields.get("Architecture"),
                maker=fields.get("Packager", "").partition(" <")[0],
                comment=fields.get("Description"),
                url=fields.get("URL"),
                size_bytes=size_bytes(fields.get("Installed Size", "")),
                installed_on=day_in_words(fields.get("Install Date", "")),
            )
