"""Flatpaks of the system and of users, by `flatpak list`."""

from __future__ import annotations

from keskidee_agent.inventory.packages import package
from keskidee_agent.inventory.quantities import size_bytes
from keskidee_report.model import Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux",)
KINDS = ("software",)
COLUMNS = ("application", "branch", "installation", "name", "version", "arch", "origin", "size")


def read(machine: Machine) -> Iterator[Item]:
    """One item an application or runtime, by its id, branch and installation. Raises NotHere without flatpak."""
    output = machine.run("flatpak", "list", "--columns=" + ",".join(COLUMNS))
    found = False
    for each in parse(output):
        found = True
        yield each
    if not found and output.strip():
        raise Malformed("not flatpak's list", output)
    if not found:
        raise NotHere("no flatpak is installed")


def parse(output: bytes) -> Iterator[Item]:
    """The rows, divided by tabs; older versions know fewer columns. Where a row has no version, the branch is it."""
    for line in output.decode("utf-8", "replace").splitlines():
        columns = [column.strip() for column in line.split("\t")]
        application, branch, installation, name, version, arch, origin, size = (*columns, *[""] * 8)[:8]
        if len(columns) < 3 or "." not in application:
            continue
        found = package(
            "flatpak",
            name or application,
            version or branch,
            id=application,
            branch=branch,
            installation=installation,
            architecture=arch,
            maker=origin,
            size_bytes=size_bytes(size),
        )
        yield type(found)(found.kind, f"flatpak {application} {branch} {installation}", found.fields)
