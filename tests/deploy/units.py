"""The systemd units we ship, as their directives (systemd.syntax(7))."""

from __future__ import annotations

from pathlib import Path

SYSTEMD = Path(__file__).parents[2] / "deploy" / "systemd"
AGENT, FIRMWARE, COLLECTOR = "keskidee-agent.service", "keskidee-firmware.service", "keskidee-collector.service"
UNITS = (AGENT, FIRMWARE, COLLECTOR)


def text_of(unit: str) -> str:
    return (SYSTEMD / unit).read_text(encoding="utf-8")


def directives(unit: str) -> dict[str, list[str]]:
    """Each directive with its values, in the order in which they stand."""
    found: dict[str, list[str]] = {}
    for line in text_of(unit).splitlines():
        if line and not line.startswith(("#", "[")):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def with_command(unit: str, command: str, output: str) -> str:
    """The unit, sandbox and all, running another command once, with its standard output in a file."""
    kept = [
        line
        for line in text_of(unit).splitlines()
        if not line.startswith(("ExecStart=", "ExecReload=", "Restart=", "Type=", "StandardOutput=", "WantedBy="))
    ]
    changed = [f"ExecStart={command}", "Type=oneshot", f"StandardOutput=truncate:{output}", "StandardError=journal"]
    at = kept.index("[Service]") + 1
    return "\n".join([*kept[:at], *changed, *kept[at:]]) + "\n"
