"""Who made a board, and what it is: makers write the same thing in different places.

From the makers' published Redfish references: Dell iDRAC, HPE iLO, Lenovo XClarity, Supermicro, Cisco CIMC, Fujitsu
iRMC, Huawei and xFusion iBMC, OpenBMC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.parts import Identity
from keskidee_agent.devices.redfish.chassis import location_of
from keskidee_agent.devices.redfish.systems import serial_of
from keskidee_agent.devices.words import vendor_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keskidee_agent.devices.redfish.node import Node

MAKERS = {
    "hewlett packard enterprise": "HPE", "hewlett-packard": "HP", "super micro": "Supermicro",
    "supermicro": "Supermicro", "xfusion": "xFusion", "international business machines": "IBM",
}  # fmt: skip
"""How makers' names begin that are written otherwise here."""
BY_OEM = {
    "dell": "Dell", "hpe": "HPE", "hp": "HP", "lenovo": "Lenovo", "supermicro": "Supermicro", "cisco": "Cisco",
    "ts_fujitsu": "Fujitsu", "huawei": "Huawei", "xfusion": "xFusion", "ibm": "IBM",
}  # fmt: skip
"""Keys of `Oem`, for boards that name no maker."""
CARDS = {
    "Dell": "drac", "HPE": "hpe-ilo", "HP": "hpe-ilo", "Lenovo": "xcc", "Supermicro": "supermicro", "Cisco": "cimc",
    "Fujitsu": "irmc", "Huawei": "ibmc", "xFusion": "ibmc",
}  # fmt: skip
"""What a maker's management cards run, in the words of `vendors/`."""
OPENBMC = "openbmc"
POWER = ("powerdistribution", "rackpdu", "floorpdu", "powershelf")


def vendor_of(root: Node, *told: Sequence[Node]) -> str | None:
    """The maker: as systems, chassis and managers say it, else the root, else by whose extensions it has."""
    names = [each.text("Manufacturer") for nodes in told for each in nodes]
    for name in (*names, root.text("Vendor")):
        if name:
            lower = name.lower()
            known = next((ours for theirs, ours in MAKERS.items() if lower.startswith(theirs)), None)
            return known or vendor_in_words(name) or name
    extensions = [key.lower() for node in (root, *(each for nodes in told for each in nodes)) for key in _oem(node)]
    return next((BY_OEM[key] for key in extensions if key in BY_OEM), None)


def _oem(node: Node) -> Iterable[str]:
    return node.node("Oem").fields


def identity_of(vendor: str | None, hosts: Sequence[Node], cards: Sequence[Node], cases: Sequence[Node]) -> Identity:
    """What the first system is; of a board that has none, its first chassis."""
    host = next((each for each in hosts if each.text("SystemType") in (None, "Physical")), None) or next(
        iter(hosts), None
    )
    card = next((each for each in cards if each.text("ManagerType") in (None, "BMC")), None) or next(iter(cards), None)
    case = next((each for each in cases if each.text("SerialNumber")), None) or next(iter(cases), None)
    names = [each.text("HostName") for each in (*hosts, *cards)]
    facts = [each for each in (host, case) if each is not None]
    return Identity(
        name=next((name for name in names if name), None),
        vendor=vendor,
        model=next((model for each in facts if (model := each.text("Model"))), None),
        serial=next((serial for each in facts if (serial := serial_of(each, vendor))), None),
        version=card.text("FirmwareVersion") if card is not None else None,
        system=_system(vendor, card),
        kind=_kind(host, case),
        location=location_of(cases),
    )


def _system(vendor: str | None, card: Node | None) -> str | None:
    model = (card.text("Model") or "").lower() if card is not None else ""
    return OPENBMC if OPENBMC in model.replace(" ", "") else CARDS.get(vendor or "")


def _kind(host: Node | None, case: Node | None) -> str:
    if host is not None:
        return "server"
    kind = (case.text("ChassisType") or "").lower() if case is not None else ""
    return "power" if kind in POWER else "management"
