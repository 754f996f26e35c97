"""Printers of Brother, Ricoh, Kyocera and others: model, serial and version beyond Printer-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Profile, Words

DEVICE = "@25.3.2.1.3"
SERIAL = "@43.5.1.1.17"

PROFILES = (
    Profile(
        vendor="Brother",
        object_ids={"~2435": ("brother", "printer")},
        walks=("~2435.2.3.9.4.2.1.5.5.1", "~2435.2.4.3"),
        model=(Words(r"Brother (\S+)", "~2435.2.4.3.2435.5.13.3.0"), Words(r"Brother (\S+)", DEVICE)),
        serial=("~2435.2.3.9.4.2.1.5.5.1.0", SERIAL),
        version=(Words(r"Ver\.(\S+)", "~2435.2.4.3.1240.6.5.0"),),
    ),
    Profile(
        vendor="Ricoh",
        object_ids={"~367": ("ricoh", "printer")},
        walks=("~367.3.2.1.1.1", "~367.3.2.1.2.1"),
        model=("~367.3.2.1.1.1.1.0",),
        serial=("~367.3.2.1.2.1.4.0", SERIAL),
        version=("~367.3.2.1.1.1.2.0",),
    ),
)
