"""Dell: iDRAC by IDRAC-MIB-SMIv2, OpenManage, PowerConnect switches, Force10 and OS10 switches."""

from __future__ import annotations

from keskidee_agent.devices.profile import Assembly, Column, Loads, Profile, Words
from keskidee_agent.devices.vendors.fastpath import box, load, walks

MANAGED, STACK, STACKS = "~674.10892.1", "~6027.3.10.1.2.2.1", "~6027.3.26.1.3.4.1"
IDRAC, OLD, CONNECT = "~674.10892.5", "~674.10892.2", "~674.10895.3000.1.2.100"
DISKS, MEMORIES, PROCESSORS = IDRAC + ".5.1.20.130.4.1", IDRAC + ".4.1100.50.1", IDRAC + ".4.1100.30.1"
N_SERIES = "~674.10895.5000.2.6132.1.1"
STACKED, CHASSIS = "~6027.3.10.1.2", "~674.11000.5000.100.4.1"


def power(root: str) -> tuple[Column, ...]:
    """Supplies, voltages and currents of Server Administrator, whose table the cards have too, below another root."""
    supply, voltage, current = (f"{root}.600.{at}.1" for at in (12, 20, 30))
    return (
        Column(class_="state", oid=supply + ".5", words="{} status", name=supply + ".8"),
        Column(class_="state", oid=voltage + ".5", words="{} status", name=voltage + ".8"),
        Column(class_="voltage", oid=voltage + ".6", name=voltage + ".8", divisor=1000),
        Column(class_="state", oid=current + ".5", words="{} status", name=current + ".8"),
        Column(class_="current", oid=current + ".6", name=current + ".8", divisor=10, where=(current + ".7", (23, 25))),
        Column(class_="power", oid=current + ".6", name=current + ".8", where=(current + ".7", (24, 26))),
    )


PROFILES = (
    Profile(
        vendor="Dell",
        object_ids={"~674.10892": ("drac", "management"), "~674.10892.1": ("", "server")},
        walks=(IDRAC, OLD, MANAGED + ".300.10.1", MANAGED + ".600", MANAGED + ".700"),
        model=(OLD + ".1.1.2.0", IDRAC + ".1.1.1.0", IDRAC + ".1.3.12.0", MANAGED + ".300.10.1.9"),
        serial=(OLD + ".1.1.11.0", IDRAC + ".1.3.2.0", MANAGED + ".300.10.1.11"),
        version=(OLD + ".1.2.1.0", IDRAC + ".1.1.8.0"),
        assemblies=(
            Assembly(rows=PROCESSORS + ".23", class_="cpu", name=PROCESSORS + ".26", model=PROCESSORS + ".23"),
            Assembly(
                rows=MEMORIES + ".8",
                class_="module",
                name=MEMORIES + ".8",
                model=MEMORIES + ".22",
                serial=MEMORIES + ".23",
            ),
            Assembly(
                rows=DISKS + ".2", class_="storageDrive", name=DISKS + ".2", model=DISKS + ".6", serial=DISKS + ".7"
            ),
        ),
        sensors=(
            Column(class_="state", oid="~674.10892.2.2.1", words="System status"),
            *power(MANAGED),
            Column(class_="fanspeed", oid=MANAGED + ".700.12.1.6", words="{}", name=MANAGED + ".700.12.1.8"),
            Column(
                class_="temperature", oid=MANAGED + ".700.20.1.6", words="{}", name=MANAGED + ".700.20.1.8", divisor=10
            ),
            Column(class_="state", oid="~674.10892.5.4.300.70.1.5", words="Intrusion status"),
            Column(class_="state", oid="~674.10892.5.4.300.70.1.6", words="Intrusion"),
            Column(
                class_="state", oid="~674.10892.5.4.600.12.1.5", words="{} status", name="~674.10892.5.4.600.12.1.8"
            ),
            Column(
                class_="voltage",
                oid="~674.10892.5.4.600.12.1.16",
                words="{} input voltage",
                name="~674.10892.5.4.600.12.1.8",
            ),
            Column(
                class_="state", oid="~674.10892.5.4.600.20.1.5", words="{} status", name="~674.10892.5.4.600.20.1.8"
            ),
            Column(
                class_="voltage",
                oid="~674.10892.5.4.600.20.1.6",
                words="{}",
                name="~674.10892.5.4.600.20.1.8",
                divisor=1000,
            ),
            Column(
                class_="state", oid="~674.10892.5.4.600.30.1.5", words="{} status", name="~674.10892.5.4.600.30.1.8"
            ),
            Column(
                class_="current",
                oid="~674.10892.5.4.600.30.1.6",
                words="{}",
                name="~674.10892.5.4.600.30.1.8",
                divisor=10,
                where=("~674.10892.5.4.600.30.1.7", (23, 25)),
            ),
            Column(
                class_="power",
                oid="~674.10892.5.4.600.30.1.6",
                words="{}",
                name="~674.10892.5.4.600.30.1.8",
                where=("~674.10892.5.4.600.30.1.7", (24, 26)),
            ),
            Column(class_="state", oid="~674.10892.5.4.600.50.1.5", words="{}", name="~674.10892.5.4.600.50.1.7"),
            Column(class_="fanspeed", oid="~674.10892.5.4.700.12.1.6", words="{}", name="~674.10892.5.4.700.12.1.8"),
            Column(
                class_="temperature",
                oid="~674.10892.5.4.700.20.1.6",
                words="{}",
                name="~674.10892.5.4.700.20.1.8",
                divisor=10,
            ),
            Column(
                class_="state", oid="~674.10892.5.4.1100.30.1.5", words="{} status", name="~674.10892.5.4.1100.30.1.26"
            ),
            Column(
                class_="state", oid="~674.10892.5.4.1100.50.1.5", words="{} status", name="~674.10892.5.4.1100.50.1.8"
            ),
            Column(
                class_="state",
                oid="~674.10892.5.5.1.20.130.4.1.4",
                words="{} state",
                name="~674.10892.5.5.1.20.130.4.1.2",
            ),
            Column(
                class_="percent",
                oid="~674.10892.5.5.1.20.130.4.1.51",
                words="{} progress",
                name="~674.10892.5.5.1.20.130.4.1.2",
            ),
            Column(
                class_="state",
                oid="~674.10892.5.5.1.20.140.1.1.4",
                words="Virtual disk {} state",
                name="~674.10892.5.5.1.20.140.1.1.2",
            ),
        ),
    ),
    Profile(
        vendor="Dell",
        object_ids={"~674.10895": ("powerconnect", "network")},
        walks=(CONNECT, "~89.53.15.1", "~89.1", *walks(N_SERIES)),
        model=(CONNECT + ".1.0",),
        serial=(CONNECT + ".8.1.2",),
        version=(CONNECT + ".4.0",),
        processors=(Loads(oid="~89.1.7", words="Processor"),),
        sensors=(
            Column(class_="temperature", oid="~89.53.15.1.9", words="Unit {} temperature", absent=(0,)),
            *box(N_SERIES),
        ),
        read=load(N_SERIES),
    ),
    Profile(
        vendor="Dell",
        object_ids={"~6027": ("dnos", "network"), "~674.11000.5000": ("os10", "network")},
        walks=(STACK, STACKS, *(f"{STACKED}.{at}" for at in (3, 4, 9)), CHASSIS + ".1", CHASSIS + ".2"),
        model=(Words(r"System Type: ?(\S+)"), Words(r"Series: ?(\S+)"), STACK + ".7", STACKS + ".7"),
        serial=(STACK + ".12", STACKS + ".12"),
        version=(Words(r"OS Version: ?(\S+)"), Words(r"Application Software Version: ?(\S+)"), STACK + ".10"),
        processors=(Loads(oid=STACKED + ".9.1.3", words="Unit {}"),),
        sensors=(
            Column(class_="temperature", oid=STACK + ".14", words="Unit {}", absent=(0,)),
            Column(class_="state", oid=STACKED + ".3.1.2", words="Power supply {}"),
            Column(class_="state", oid=STACKED + ".4.1.2", words="Fan {}"),
            Column(class_="temperature", oid=STACKS + ".13", words="Unit {}", absent=(0,)),
            Column(class_="temperature", oid=CHASSIS + ".1.3.1.11", words="Chassis {}", absent=(0,)),
            Column(class_="temperature", oid=CHASSIS + ".1.4.1.5", words="Card {}", absent=(0,)),
            Column(class_="state", oid=CHASSIS + ".2.1.1.4", words="Power supply {}"),
            Column(class_="state", oid=CHASSIS + ".2.3.1.7", words="Fan {}"),
        ),
    ),
)
