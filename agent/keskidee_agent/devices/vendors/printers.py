"""Printers: model, serial and version beyond Printer-MIB, a profile a maker."""

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
    Profile(
        vendor="Canon",
        object_ids={"~1602": ("canon", "printer")},
        walks=("~1602.1.1.1", "~1602.1.2.1.4", "~1602.1.2.1.8.1"),
        model=("~1602.1.1.1.1.0", Words(r"Canon ([^/;]+)"), DEVICE),
        serial=(SERIAL, "~1602.1.2.1.4.0", "~1602.1.2.1.8.1.3.1.1"),
    ),
    Profile(
        vendor="Epson",
        object_ids={"~1248": ("epson", "")},
        walks=("~1248.1.2.2.1.1.1",),
        model=("~1248.1.2.2.1.1.1.2.1", DEVICE),
        serial=(SERIAL, "~1248.1.2.2.1.1.1.5.1"),
    ),
    Profile(
        vendor="Kyocera",
        object_ids={"~1347": ("kyocera", "printer")},
        walks=("~1347.43.5.1.1", "~1347.43.5.4.1"),
        model=("~1347.43.5.1.1.1.1", DEVICE),
        serial=("~1347.43.5.1.1.28.1", SERIAL),
        version=("~1347.43.5.4.1.5.1.1",),
    ),
    Profile(
        vendor="Lexmark",
        object_ids={"~641": ("lexmark-printer", "printer")},
        walks=("~641.2.1.2.1", "~641.6.2.3.1"),
        model=("~641.6.2.3.1.4.1", "~641.2.1.2.1.2.1", Words(r"^(?:Lexmark )?(\S+)")),
        serial=("~641.6.2.3.1.5.1", "~641.2.1.2.1.6.1", SERIAL),
        version=(Words(r"version (\S+)"), "~641.2.1.2.1.4.1"),
    ),
    Profile(
        vendor="Xerox",
        object_ids={"~253": ("xerox", "printer"), "~297": ("fujixerox", "printer")},
        walks=("~253.8.53.3.2.1",),
        model=(DEVICE, "~253.8.53.3.2.1.2.1", Words(r"^(?:Xerox )?([^;,]+)")),
        serial=("~253.8.53.3.2.1.3.1", SERIAL),
        version=(Words(r"System (?:Software )?([\d.]+\d)"),),
    ),
    Profile(
        vendor="Samsung",
        object_ids={"~236": ("", "")},
        walks=("~236.11.5.1.1.1",),
        model=("~236.11.5.1.1.1.1.0", Words(r"^Samsung ([^;]+)"), DEVICE),
        serial=("~236.11.5.1.1.1.4.0", SERIAL),
        version=("~236.11.5.1.1.1.2.0", Words(r"OS (\S+?);")),
    ),
    Profile(
        vendor="OKI",
        object_ids={"~2001": ("okilan", "printer")},
        walks=("~2001.1.1.1.1.11.1.10",),
        model=("~2001.1.1.1.1.11.1.10.25.0", DEVICE),
        serial=("~2001.1.1.1.1.11.1.10.45.0", SERIAL),
    ),
    Profile(
        vendor="Konica Minolta",
        object_ids={"~18334": ("konica", "printer"), "~2364": ("konica", "printer")},
        model=(Words(r"KONICA MINOLTA (\S+(?: \S+)?)"), DEVICE),
        serial=(SERIAL,),
    ),
)
