"""Delta Electronics: UPSs, by DeltaUPS-MIB; a UPS of one phase has only the first of each."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile

UPS = "~2254.2.4"
IDENTITY, INPUT, OUTPUT, BYPASS, BATTERY = (f"{UPS}.{at}" for at in (1, 4, 5, 6, 7))
PHASES = range(3)


def _phase(at: int) -> tuple[Column, ...]:
    """The lines of one phase: three scalars of the input, four of the output."""
    into, out = f"{INPUT}.{{}}", f"{OUTPUT}.{{}}"
    name = at + 1
    return (
        Column(class_="frequency", oid=into.format(2 + 3 * at), words=f"Input {name} frequency", divisor=10),
        Column(class_="voltage", oid=into.format(3 + 3 * at), words=f"Input {name} voltage", divisor=10),
        Column(class_="voltage", oid=out.format(4 + 4 * at), words=f"Output {name} voltage", divisor=10),
        Column(class_="current", oid=out.format(5 + 4 * at), words=f"Output {name} current", divisor=10),
        Column(class_="load", oid=out.format(7 + 4 * at), words=f"Output {name} load"),
    )


PROFILES = (
    Profile(
        vendor="Delta",
        object_ids={"~2254": ("deltaups", "power")},
        walks=(IDENTITY, INPUT, OUTPUT, BYPASS, BATTERY),
        model=(IDENTITY + ".2.0",),
        version=(IDENTITY + ".3.0",),
        sensors=(
            Column(class_="state", oid=BATTERY + ".1", words="Battery condition"),
            Column(class_="state", oid=BATTERY + ".2", words="Battery status"),
            Column(class_="state", oid=BATTERY + ".3", words="Battery charging"),
            Column(class_="runtime", oid=BATTERY + ".4", words="Time on battery", divisor=60),
            Column(class_="runtime", oid=BATTERY + ".5", words="Battery time remaining"),
            Column(class_="voltage", oid=BATTERY + ".6", words="Battery voltage", divisor=10),
            Column(class_="current", oid=BATTERY + ".7", words="Battery current", divisor=10),
            Column(class_="charge", oid=BATTERY + ".8", words="Battery charge"),
            Column(class_="temperature", oid=BATTERY + ".9", words="Temperature"),
            Column(class_="state", oid=OUTPUT + ".1", words="Output source"),
            Column(class_="frequency", oid=OUTPUT + ".2", words="Output frequency", divisor=10),
            *(column for at in PHASES for column in _phase(at)),
        ),
    ),
)
