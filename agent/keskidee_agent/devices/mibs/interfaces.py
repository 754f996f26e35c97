"""IF-MIB (RFC 2863): the ports of a device. Types from IANAifType-MIB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keskidee_agent.devices.answers import hardware_address
from keskidee_agent.devices.parts import Port

if TYPE_CHECKING:
    from keskidee_agent.devices.answers import Answers
    from keskidee_agent.devices.parts import Parts

TABLE, MORE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
WALKS = (TABLE, MORE)

STATES = {
    1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "notPresent", 7: "lowerLayerDown",
}  # fmt: skip
TYPES = {
    1: "other", 2: "regular1822", 5: "rfc877x25", 6: "ethernetCsmacd", 7: "iso88023Csmacd",
    9: "iso88025TokenRing", 15: "fddi",
    16: "lapb", 18: "ds1", 19: "e1", 20: "basicISDN", 21: "primaryISDN", 22: "propPointToPointSerial",
    23: "ppp", 24: "softwareLoopback", 26: "ethernet3Mbit", 27: "nsip", 28: "slip", 30: "ds3", 32: "frameRelay",
    33: "rs232", 34: "para", 37: "atm", 39: "sonet", 44: "frameRelayService", 45: "v35", 48: "modem",
    49: "aal5", 53: "propVirtual", 54: "propMultiplexor", 56: "fibreChannel", 58: "frameRelayInterconnect",
    62: "fastEther", 63: "isdn", 69: "fastEtherFX", 71: "ieee80211", 77: "lapd", 81: "ds0", 94: "adsl",
    95: "radsl", 96: "sdsl", 97: "vdsl", 100: "voiceEM", 101: "voiceFXO", 102: "voiceFXS", 103: "voiceEncap",
    104: "voiceOverIp", 107: "iana-107", 108: "pppMultilinkBundle", 117: "gigabitEthernet", 118: "hdlc",
    127: "docsCableMaclayer", 128: "docsCableDownstream", 129: "docsCableUpstream", 131: "tunnel",
    134: "atmSubInterface", 135: "l2vlan", 136: "l3ipvlan", 137: "l3ipxvlan", 142: "ipForward", 144: "ieee1394",
    150: "mplsTunnel", 157: "propWirelessP2P", 160: "usb", 161: "ieee8023adLag", 166: "mpls", 169: "shdsl",
    171: "pos", 184: "actelisMetaLOOP", 188: "radioMAC", 194: "atmVciEndPt", 195: "opticalChannel",
    196: "opticalTransport", 199: "infiniband", 205: "docsCableUpstreamChannel", 209: "bridge", 215: "gtp",
    230: "adsl2", 237: "ieee80216WMAN", 238: "adsl2plus", 243: "wwanPP", 244: "wwanPP2", 246: "ieee802154",
    249: "vdsl2", 250: "gpon", 251: "vdsl2", 253: "ipForward", 258: "vmwareVirtualNic", 259: "ieee802154",
    276: "bits", 277: "docsOfdmDownstream", 278: "docsOfdmaUpstream", 279: "gfast", 285: "xpon", 286: "xgpon",
}  # fmt: skip
SPEED_FULL = 4_294_967_295  # ifSpeed holds no more; ifHighSpeed counts in millions
MEGA = 1_000_000


def read(answers: Answers, parts: Parts) -> None:
    """One port a row of ifTable."""
    names, aliases = answers.texts(f"{MORE}.1"), answers.texts(f"{MORE}.18")
    descriptions, types = answers.texts(f"{TABLE}.2"), answers.integers(f"{TABLE}.3")
    mtus, macs = answers.integers(f"{TABLE}.4"), answers.column(f"{TABLE}.6")
    admins, opers = answers.integers(f"{TABLE}.7"), answers.integers(f"{TABLE}.8")
    speeds = _speeds(answers)
    rows = dict.fromkeys([*answers.column(f"{TABLE}.1"), *descriptions, *opers, *answers.column(f"{MORE}.1")])
    for row in sorted((row for row in rows if row.isdigit()), key=int):
        parts.ports.append(
            Port(
                index=int(row),
                name=names.get(row),
                description=descriptions.get(row),
                alias=aliases.get(row),
                type=_named(TYPES, types.get(row)),
                mtu=mtus.get(row),
                speed_bits_per_second=speeds.get(row),
                admin=_named(STATES, admins.get(row)),
                oper=_named(STATES, opers.get(row)),
                mac=hardware_address(macs.get(row)),
            )
        )


def _speeds(answers: Answers) -> dict[str, int]:
    """Bits a second; ifHighSpeed where ifSpeed has no room, or is not there."""
    slow, fast = answers.integers(f"{TABLE}.5"), answers.integers(f"{MORE}.15")
    speeds = {row: speed for row, speed in slow.items() if speed >= 0}
    for row, megabits in fast.items():
        if megabits > 0 and slow.get(row, SPEED_FULL) >= SPEED_FULL:
            speeds[row] = megabits * MEGA
    return speeds


def _named(names: dict[int, str], number: int | None) -> str | None:
    """The MIB's word; the number itself where it has none."""
    return None if number is None else names.get(number, str(number))
