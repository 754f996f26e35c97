"""Server Technology: rack PDUs, by Sentry3-MIB and Sentry4-MIB."""

from __future__ import annotations

from keskidee_agent.devices.profile import Column, Profile, Words

OLD, NEW = "~1718.3.1", "~1718.4.1"
FEED, OUTLET, PROBE = "~1718.3.2.2.1", "~1718.3.2.3.1", "~1718.3.2.5.1"
SYSTEM, UNIT = NEW + ".1.1", NEW + ".2.2.1"
CORD, LINE, PHASE, BRANCH, SOCKET, HEAT, DAMP = (f"{NEW}.{at}.3.1" for at in (3, 4, 5, 6, 8, 9, 10))
HEAT_NAME, DAMP_NAME = NEW + ".9.2.1.3", NEW + ".10.2.1.3"

PROFILES = (
    Profile(
        vendor="Server Technology",
        object_ids={"~1718": ("sentry", "power")},
        walks=(
            *(OLD, FEED, OUTLET, PROBE, SYSTEM, UNIT, CORD, LINE, PHASE, BRANCH, SOCKET),
            *(HEAT, DAMP, HEAT_NAME, DAMP_NAME),
        ),
        model=(UNIT + ".5",),
        serial=(UNIT + ".4", OLD + ".2.0"),
        version=(Words(r"(\d[\w.]+)", SYSTEM + ".1.0"), Words(r"(\d[\w.]+)", OLD + ".1.0")),
        sensors=(
            Column(class_="state", oid=FEED + ".5", words="Infeed {}", name=FEED + ".3"),
            Column(class_="current", oid=FEED + ".7", words="Infeed {}", name=FEED + ".3", divisor=100, absent=(-1,)),
            Column(class_="voltage", oid=FEED + ".11", words="Infeed {}", name=FEED + ".3", divisor=10, absent=(-1,)),
            Column(class_="power", oid=FEED + ".12", words="Infeed {}", name=FEED + ".3", absent=(-1,)),
            Column(class_="state", oid=OUTLET + ".5", words="Outlet {}", name=OUTLET + ".3"),
            Column(
                class_="current", oid=OUTLET + ".7", words="Outlet {}", name=OUTLET + ".3", divisor=100, absent=(-1,)
            ),
            Column(class_="temperature", oid=PROBE + ".6", name=PROBE + ".3", divisor=10, absent=(-1,)),
            Column(class_="humidity", oid=PROBE + ".10", name=PROBE + ".3", absent=(-1,)),
            Column(class_="state", oid=CORD + ".2", words="Cord {}"),
            Column(class_="power", oid=CORD + ".3", words="Cord {}", absent=(-1,)),
            Column(class_="apparent_power", oid=CORD + ".5", words="Cord {}", absent=(-1,)),
            Column(class_="current", oid=LINE + ".3", words="Line {}", divisor=100, absent=(-1,)),
            Column(class_="voltage", oid=PHASE + ".3", words="Phase {}", divisor=10, absent=(-1,)),
            Column(class_="current", oid=BRANCH + ".3", words="Branch {}", divisor=100, absent=(-1,)),
            Column(class_="state", oid=SOCKET + ".2", words="Outlet {}"),
            Column(class_="current", oid=SOCKET + ".3", words="Outlet {}", divisor=100, absent=(-1,)),
            Column(class_="temperature", oid=HEAT + ".1", name=HEAT_NAME, divisor=10, absent=(-410,)),
            Column(class_="humidity", oid=DAMP + ".1", name=DAMP_NAME, absent=(-1,)),
        ),
    ),
)
