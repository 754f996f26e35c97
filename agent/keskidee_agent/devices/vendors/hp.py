"""HP and HPE: iLO and BladeSystem by CPQ* MIBs, ProCurve switches by HP-ICF-*, JetDirect by its device id."""

from __future__ import annotations

from keskidee_agent.devices.profile import Assembly, Column, Loads, Memory, Profile, Words

DRIVES, LEGACY = "~232.3.2.5.1.1", "~232.6.2.14.13.1"
PROCURVE, SERIAL = "~11.2.14.11", "~11.2.36.1.1.2"
AIR, SUPPLY = PROCURVE + ".1.2.8.1.1", PROCURVE + ".5.1.55.1.1.1"
LASERJET, ENCLOSURE = "~11.2.3.9.4.2.1.1.3", "~232.22.2.3.1.1.1"
HEAT, FAN, BLADE, FEED = (f"~232.22.2.{at}.1" for at in ("3.1.2", "3.1.3", "4.1.1", "5.1.1"))

PROFILES = (
    Profile(
        vendor="HPE",
        object_ids={
            "~232": ("insight", "server"),
            "~232.9.4": ("hpe-ilo", "management"),
            "~232.165": ("hpe-pdu", "power"),
        },
        walks=("~232.1.2.2.1.1", "~232.2.2", "~232.3.2", "~232.6.2", "~232.9.2.2"),
        model=("~232.2.2.4.2.0",),
        serial=("~232.2.2.2.1.0",),
        version=(Words(r"Lights-Out \d (\S+)"), "~232.9.2.2.2.0"),
        assemblies=(
            Assembly(
                rows=DRIVES + ".3",
                class_="storageDrive",
                name=DRIVES + ".64",
                model=DRIVES + ".3",
                serial=DRIVES + ".51",
            ),
        ),
        sensors=(
            Column(class_="power", oid="~232.6.2.9.3.1.7", words="Power supply {}"),
            Column(class_="state", oid="~232.6.2.9.3.1.4", words="Power supply {} condition"),
            Column(class_="state", oid="~232.3.2.2.1.1.6", words="Array controller {}"),
            Column(class_="state", oid="~232.3.2.3.1.1.4", words="Logical drive {} status"),
            Column(class_="state", oid="~232.3.2.3.1.1.11", words="Logical drive {}"),
            Column(class_="state", oid="~232.3.2.5.1.1.37", words="Drive {}", name="~232.3.2.5.1.1.64"),
            Column(
                class_="temperature",
                oid="~232.3.2.5.1.1.70",
                words="Drive {} temperature",
                name="~232.3.2.5.1.1.64",
                absent=(-1, 0),
            ),
            Column(class_="state", oid="~232.6.2.6.7.1.9", words="Fan {}"),
            Column(class_="state", oid="~232.6.2.14.13.1.20", words="Memory module {}", name="~232.6.2.14.13.1.13"),
            Column(class_="state", oid="~232.1.2.2.1.1.6", words="Processor {}"),
            Column(class_="temperature", oid="~232.6.2.6.8.1.4", words="Temperature {}", absent=(-1, 0, -99)),
        ),
    ),
    Profile(
        vendor="HPE",
        object_ids={"~232.22": ("", "management"), "~11.5.7.1.2": ("", "management")},
        walks=(ENCLOSURE, HEAT, FAN, BLADE, FEED),
        model=(ENCLOSURE + ".3",),
        serial=(ENCLOSURE + ".7",),
        version=(ENCLOSURE + ".8",),
        assemblies=(
            Assembly(rows=BLADE + ".16", class_="module", name=BLADE + ".4", model=BLADE + ".17", serial=BLADE + ".16"),
            Assembly(
                rows=FEED + ".5", class_="powerSupply", words="Power supply {}", model=FEED + ".6", serial=FEED + ".5"
            ),
        ),
        sensors=(
            Column(class_="state", oid=ENCLOSURE + ".16", words="Enclosure {}", name=ENCLOSURE + ".9"),
            Column(class_="temperature", oid=HEAT + ".6", name=HEAT + ".5", absent=(-1,)),
            Column(class_="state", oid=FAN + ".11", words="Fan {}"),
            Column(class_="power", oid=FEED + ".10", words="Power supply {}", absent=(-1,)),
            Column(class_="state", oid=FEED + ".17", words="Power supply {}"),
        ),
    ),
    Profile(
        vendor="HP",
        object_ids={"~11.2.3.7": ("procurve", "network")},
        walks=(
            SERIAL,
            AIR,
            SUPPLY,
            PROCURVE + ".1.2.6.1",
            PROCURVE + ".5.1.1.2",
            PROCURVE + ".5.1.9.6",
            PROCURVE + ".5.1.1.3",
        ),
        model=(Words(r"(J\w{4,5}A? [\w.-]+)(?: Switch|,)"), Words(r"(J\w{4,5}A)")),
        serial=(SERIAL + ".9.0",),
        version=(Words(r"revision ([\w.]+)"), PROCURVE + ".5.1.1.3.0", Words(r", ([A-Z]{1,2}\.[\d.]+)")),
        processors=(Loads(oid=PROCURVE + ".5.1.9.6.1", words="Processor"),),
        memory=(
            Memory(words="Local memory {}", size=PROCURVE + ".5.1.1.2.1.1.1.5", used=PROCURVE + ".5.1.1.2.1.1.1.7"),
            Memory(words="Global memory {}", size=PROCURVE + ".5.1.1.2.2.1.1.5", used=PROCURVE + ".5.1.1.2.2.1.1.7"),
        ),
        sensors=(
            Column(class_="state", oid="~11.2.14.11.1.2.6.1.4", words="{}", name="~11.2.14.11.1.2.6.1.7"),
            Column(class_="temperature", oid=AIR + ".3", words="{} temperature", name=AIR + ".2"),
            Column(class_="state", oid=SUPPLY + ".2", words="Power supply {}"),
        ),
    ),
    Profile(
        vendor="HP",
        object_ids={"~11.2.3.9": ("jetdirect", "printer"), "~11.1": ("jetdirect", "printer")},
        walks=("~11.2.3.9.1.1.7", LASERJET),
        model=(
            Words(r"PID:(?:HP )?([^,]+)"),
            Words(r"(?:MDL|MODEL):(?:HP )?([^;]+)", "~11.2.3.9.1.1.7.0"),
            "@25.3.2.1.3.1",
        ),
        serial=("@43.5.1.1.17", LASERJET + ".3.0", Words(r"SN:([^,]+)")),
        version=(LASERJET + ".6.0", LASERJET + ".5.0"),
    ),
)
