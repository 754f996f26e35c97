"""What a device is made of, in the words of the contract (`keskidee device --format json`).

None: the device does not say.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the device is."""

    name: str | None = None
    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    version: str | None = None
    system: str | None = None
    kind: str | None = None
    location: str | None = None
    contact: str | None = None
    uptime_seconds: float | None = None
    sys_object_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One row of ifTable."""

    index: int
    name: str | None
    description: str | None
    alias: str | None
    type: str | None
    mtu: int | None
    speed_bits_per_second: int | None
    admin: str | None
    oper: str | None
    mac: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A part one could hold in hand, mostly from ENTITY-MIB. `parent` is the name of the part it sits in."""

    index: str
    name: str
    class_: str | None
    model: str | None = None
    serial: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One reading. `unit` is empty for states and counts; a state's value is the number that the MIB gives it."""

    class_: str
    description: str
    value: float
    unit: str
    oid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What a printer uses up. `level_ratio` None: it does not say how full (RFC 3805 knows several ways not to)."""

    description: str
    type: str | None
    level_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """Busy share of one processor, 0 to 1. None: it is there, and does not say."""

    description: str
    load_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A memory or a file system; of a server board a memory module or a drive, of which nobody knows what is used."""

    description: str
    size_bytes: int
    used_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Who stands at the other end of a port."""

    port: str | None
    device: str | None
    remote_port: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An IP address of the device. `port` is the ifIndex; `prefix_length` None: it does not say."""

    port: int
    address: str
    prefix_length: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vlan:
    """A VLAN, and how many ports are in it, and in it without a tag."""

    number: int
    name: str | None
    ports: int | None = None
    untagged_ports: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """How many hardware addresses stand behind a port (its ifIndex)."""

    port: int
    addresses: int


@dataclass(slots=True, kw_only=True)
class Parts:
    """All of one device. The readers of MIBs and vendors add to it."""

    ports: list[Port] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)
    sensors: list[Sensor] = field(default_factory=list)
    supplies: list[Supply] = field(default_factory=list)
    processors: list[Processor] = field(default_factory=list)
    memory: list[Space] = field(default_factory=list)
    storage: list[Space] = field(default_factory=list)
    neighbours: list[Neighbour] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    vlans: list[Vlan] = field(default_factory=list)
    learned: list[Learned] = field(default_factory=list)
