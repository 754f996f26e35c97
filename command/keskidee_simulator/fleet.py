"""Which machines there are: the identity, the habits and the ailment of each, from a seed and its number alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from keskidee_simulator.models import DESKTOPS, DEVICES, LAPTOPS, SERVERS, Model, System
from keskidee_simulator.sites import SITES, Site, site_of

SERVES = ("files", "mail", "dns", "backup", "records", "intranet", "database", "proxy")
KINDS = ("server", "desktop", "desktop", "server", "laptop", "desktop", "laptop", "desktop", "server", "desktop")

DEVICES_AT = {12: "switch", 17: "ups", 22: "printer"}
"""Which of each 60 are no machines but devices, that an agent polls."""
DEVICE_KINDS = {"switch": "network", "ups": "power", "printer": "printer"}
"""As the agent calls what it polls."""

DISK_FILLING, MEMORY_SHORT, CLOCK_OFF = "disk filling", "memory short", "clock off"
SOURCE_DENIED, SOURCE_TIMING_OUT, FALLING_SILENT = "source denied", "source timing out", "falling silent"
AILING = {
    3: DISK_FILLING,
    8: FALLING_SILENT,
    11: SOURCE_DENIED,
    24: MEMORY_SHORT,
    35: CLOCK_OFF,
    40: SOURCE_TIMING_OUT,
    47: DISK_FILLING,
}
"""Which of each 60 machines ail: the first ten already show two; only a server falls silent, for only that pages."""
AILING_PERIOD = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Pretend:
    """One pretend machine. `luck` is 32 bytes of hash from which everything about it that varies is taken.

    `poller` is the number of the machine that polls it, if it is a device; `reads_services`: its agent also reads the
    services that people at its site use.
    """

    number: int
    luck: bytes
    hostname: str
    kind: str
    site: Site
    model: Model
    system: System
    ailment: str | None
    poller: int | None = None
    reads_services: bool = False

    def chance(self, byte: int) -> float:
        """A fixed number from 0 up to 1, another for each of the bytes 0 to 30."""
        return int.from_bytes(self.luck[byte : byte + 2], "little") / 65536

    @property
    def age(self) -> float:
        """From new (0) to worn out (1)."""
        return self.chance(25)

    def mac(self, number: int) -> str:
        """The address of one of its interfaces: locally administered, as no maker's is."""
        return ":".join(f"{byte:02x}" for byte in (2, *self.luck[1:5], number))

    @property
    def clock_offset_seconds(self) -> float:
        """How far its clock is off: a fraction of a second, or 42 minutes behind."""
        return -2520.0 if self.ailment == CLOCK_OFF else 0.3 * self.chance(28) - 0.15

    @property
    def pulls_plug(self) -> bool:
        """Whether who sits at it switches it off at the wall; every other one does, as far as they go home at all."""
        return self.kind in ("desktop", "laptop") and self.luck[21] % 2 == 1

    @property
    def role(self) -> str:
        """What it is there for: a server's work by its name, else desktop, laptop or device."""
        return (
            self.hostname.removeprefix(self.site.name + "-").rpartition("-")[0] if self.kind == "server" else self.kind
        )

    @property
    def link(self) -> Site:
        """The site over whose line its reports go: of a device, its poller's."""
        return SITES[0] if self.poller == 0 else self.site

    @property
    def serial(self) -> str:
        """A serial number that nobody takes for a real one."""
        return f"SIMULATED-{self.number:05d}"

    @property
    def uuid(self) -> str:
        """A board UUID that reads SIMULATE in ASCII, so that it can equal no real one."""
        return str(UUID(bytes=b"SIMULATE" + self.luck[:8])).upper()

    def facts(self, agent_version: str, interval_seconds: float, boot_id: str) -> dict[str, str]:
        """What the machine says it is, as the real agent does, and that it is simulated."""
        if self.poller is not None:
            return self._facts_of_device(agent_version, interval_seconds)
        facts = {
            "hostname": self.hostname,
            "os": self.system.os,
            "os_name": self.system.name,
            "kernel": self.system.kernel,
            "architecture": "arm64" if self.system.os == "darwin" else "x86_64",
            "maker": self.model.maker,
            "model": self.model.name,
            "serial": self.serial,
            "uuid": self.uuid,
            "chassis": self.model.chassis,
            "agent_version": agent_version,
            "interval_seconds": f"{interval_seconds:g}",
            "machine_id_hash": self.luck[:16].hex(),
            "boot_id": boot_id,
            "simulated": "true",
        }
        return {name: value for name, value in facts.items() if value}

    def _facts_of_device(self, agent_version: str, interval_seconds: float) -> dict[str, str]:
        """What a poller says of a device."""
        return {
            "hostname": self.hostname,
            "agent_version": agent_version,
            "interval_seconds": f"{interval_seconds:g}",
            "interval_own": "true",
            "kind": DEVICE_KINDS[self.model.chassis],
            "maker": self.model.maker,
            "model": self.model.name,
            "serial": self.serial,
            "os_name": self.system.name,
            "simulated": "true",
        }

    def evidence(self) -> dict[str, str]:
        """What tells this machine from its clones."""
        return {"machine_id_hash": self.luck[:16].hex(), "board_uuid": self.uuid, "board_serial": self.serial}


class _Sites:
    """What is counted while a fleet is built: names that are taken, and who reads for a site."""

    def __init__(self) -> None:
        self.names: Counter[tuple[str, str]] = Counter()
        self._readers: dict[Site, int] = {}

    def reads(self, number: int, kind: str, site: Site) -> bool:
        """Whether this machine is the one that reads for its site: the first server there that never falls silent."""
        if kind != "server" or AILING.get(number % AILING_PERIOD) == FALLING_SILENT:
            return False
        return self._readers.setdefault(site, number) == number

    def poller(self, site: Site) -> int:
        """Who polls the devices of a site: who reads for it, else the first server of all, at headquarters."""
        return self._readers.get(site, 0)


def build_fleet(seed: str, count: int) -> list[Pretend]:
    """The first `count` machines of the seed's fleet; a larger fleet of the same seed begins with the same machines."""
    sites = _Sites()
    return [_pretend(seed, number, sites) for number in range(count)]


def _pretend(seed: str, number: int, sites: _Sites) -> Pretend:
    luck = sha256(f"{seed} {number}".encode()).digest()
    device = DEVICES_AT.get(number % AILING_PERIOD)
    kind = "device" if device else KINDS[number % len(KINDS)]
    site = site_of(number * 7)  # 7 and the number of seats share no divisor: each kind comes to each site
    model = DEVICES[device] if device else _model(kind, luck)
    return Pretend(
        number=number,
        luck=luck,
        hostname=_hostname(device or kind, site, luck, sites.names),
        kind=kind,
        site=site,
        model=model,
        system=model.systems[luck[31] % len(model.systems)],
        ailment=AILING.get(number % AILING_PERIOD),
        poller=sites.poller(site) if device else None,
        reads_services=sites.reads(number, kind, site),
    )


def _model(kind: str, luck: bytes) -> Model:
    models = {"server": SERVERS, "desktop": DESKTOPS, "laptop": LAPTOPS}[kind]
    return models[min(luck[30] % 4, len(models) - 1) if kind == "server" else luck[30] % 5 % len(models)]


def _hostname(kind: str, site: Site, luck: bytes, names: Counter[tuple[str, str]]) -> str:
    """Desktops and laptops are numbered office by office, so every office has its own pc-01; the rest are not."""
    if kind == "server" or kind in DEVICES:
        stem = f"{site.name}-{SERVES[luck[29] % len(SERVES)] if kind == 'server' else kind}"
        names["", stem] += 1
        return f"{stem}-{names['', stem]:02d}"
    stem = "pc" if kind == "desktop" else "lt"
    names[site.name, stem] += 1
    return f"{stem}-{names[site.name, stem]:02d}"
