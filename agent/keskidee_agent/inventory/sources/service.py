"""Services that should run and do not: systemd's that failed or are enabled and dead, Windows' automatic ones."""

from __future__ import annotations

from keskidee_agent.host.machine import WINDOWS
from keskidee_report.items import item
from keskidee_report.model import NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item, Value

PLATFORMS = ("linux", "windows")
KINDS = ("stopped_service",)
PROPERTIES = "Id,Description,Type,ActiveState,SubState,UnitFileState,Result,ConditionResult"
LONGEST_TEXT = 200
NEVER_STARTED = 1077  # ERROR_SERVICE_NEVER_STARTED: of an automatic one, that its trigger did not come


def read(machine: Machine) -> Iterator[Item]:
    """`stopped_service` by name, with how it ended. Raises NotHere without systemd, and where all run."""
    if machine.platform == WINDOWS:
        found = list(_windows(machine))
    elif not any(map(machine.exists, ("run/systemd/system", "commands/systemctl"))):
        raise NotHere("systemd does not run here")
    else:
        found = list(parse(machine.run("systemctl", "show", "*.service", f"--property={PROPERTIES}")))
    if not found:
        raise NotHere("every service that should run does")
    yield from found


def parse(output: bytes) -> Iterator[Item]:
    """The units in `systemctl show`'s answer, `Name=value` lines with an empty line between units.

    One that runs once and ended well, and one whose condition was not met, do as they should.
    """
    for paragraph in output.decode("utf-8", "replace").split("\n\n"):
        told = dict(line.partition("=")[::2] for line in paragraph.split("\n") if "=" in line)
        failed = told.get("ActiveState") == "failed"
        dead = told.get("UnitFileState") == "enabled" and told.get("ActiveState") == "inactive"
        excused = told.get("Type") == "oneshot" or told.get("ConditionResult") == "no"
        if told.get("Id") and (failed or (dead and not excused)):
            fields = {
                "description": told.get("Description", "")[:LONGEST_TEXT],
                "state": told.get("ActiveState"),
                "result": told.get("Result"),
                "start": told.get("UnitFileState"),
            }
            yield item("stopped_service", told["Id"], fields)


def _windows(machine: Machine) -> Iterator[Item]:
    """Automatic ones that stopped with an error; what a trigger starts ends without one or never began."""
    from keskidee_agent.inventory.wmi import rows

    for row in rows(machine, "Win32_Service"):
        code = row.number("ExitCode")
        if row.raw("StartMode") == "Auto" and row.raw("State") == "Stopped" and code not in (None, 0, NEVER_STARTED):
            ended: dict[str, Value] = {
                "description": row.text("DisplayName"),
                "state": "stopped",
                "exit_code": code,
                "start": "auto",
            }
            yield item("stopped_service", row.raw("Name"), ended)
