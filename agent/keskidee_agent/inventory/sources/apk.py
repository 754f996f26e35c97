"""Packages of Alpine, from apk's database (apk-package(5)); it does not keep the day of an installation."""

from __future__ import annotations

from keskidee_agent.inventory.packages import package, whole
from keskidee_report.model import Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux",)
KINDS = ("software",)
DATABASES = ("lib/apk/db/installed", "usr/lib/apk/db/installed")


def read(machine: Machine) -> Iterator[Item]:
    """One item a package. Raises NotHere without apk, Malformed where the database is cut short."""
    path = next(filter(machine.exists, DATABASES), None)
    if path is None:
        raise NotHere("no apk database")
    text = machine.content(path).decode("utf-8", "replace")
    yield from parse(text)
    if text and not text.endswith("\n\n"):
        raise Malformed("apk's database ends in the middle of a package", text[-80:])


def parse(text: str) -> Iterator[Item]:
    """The packages of the whole paragraphs."""
    for paragraph in text.split("\n\n")[:-1]:
        fields: dict[str, str] = {}
        for line in paragraph.split("\n"):
            if line[1:2] == ":":
                fields.setdefault(line[0], line[2:].strip())
        if fields.get("P") and fields.get("V"):
            yield package(
                "apk",
                fields["P"],
                fields["V"],
                architecture=fields.get("A"),
                maker=fields.get("m", "").partition(" <")[0],
                comment=fields.get("T"),
                url=fields.get("U"),
                size_bytes=whole(fields.get("I", "")),
            )
