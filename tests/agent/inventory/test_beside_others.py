"""This machine beside what fusioninventory-agent and lshw find on it: nothing of theirs is missing without a reason.

What they say of a thing is looked for among all that we say of the kinds it belongs to. Sections and classes that are
not named here are hardware that virtual machines do not have: for these tests/agent/inventory/expected.py compares us
with what such programs made of real machines.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from keskidee_agent.host.machine import Machine
from keskidee_agent.inventory.command import as_json
from keskidee_agent.inventory.gather import gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

pytestmark = pytest.mark.timeout(120)
MEGABYTE = 1000 * 1000

KINDS = {
    "CONTROLLERS": ("pci",),
    "CPUS": ("processor", "platform"),
    "DRIVES": ("filesystem",),
    "NETWORKS": ("network",),
    "OPERATINGSYSTEM": ("operating_system",),
    "SOFTWARES": ("software",),
    "STORAGES": ("disk",),
}
REASONS = {
    "CONTROLLERS/DRIVER": "the driver of the PCI device (virtio-pci), not that of the bus behind it",
    "CONTROLLERS/CAPTION": "the model, where pci.ids knows one, else the name of its class",
    "CPUS/ARCH": "i386 is what their reader is called: ours is the kernel's x86_64",
    "CPUS/SPEED": "the clock now, a metric: node_cpu_frequency_hertz",
    "CPUS/MICROCODE": "changes with the system's updates",
    "DRIVES/FREE": "a metric: node_filesystem_avail_bytes",
    "NETWORKS/IPMASK": "in the address, as its prefix",
    "NETWORKS/IPMASK6": "in the address, as its prefix",
    "NETWORKS/IPSUBNET": "follows from the address with its prefix",
    "NETWORKS/IPSUBNET6": "follows from the address with its prefix",
    "NETWORKS/SPEED": "a metric: node_network_speed_bytes",
    "NETWORKS/STATUS": "`up` says whether it is set up; the cable is a metric: node_network_carrier",
    "NETWORKS/VIRTUALDEV": "`virtual`, yes or no",
    "NETWORKS/TYPE": "ours names Ethernet and bridges where theirs says nothing",
    "NETWORKS/IPDHCP": "the server that gave a lease is in the files of the client that asked for it",
    "OPERATINGSYSTEM/BOOT_TIME": "a metric: node_boot_time_seconds",
    "OPERATINGSYSTEM/DNS_DOMAIN": "the domain a machine is joined to is `domain`; the resolver's is `resolver`",
    "OPERATINGSYSTEM/FQDN": "`hostname` of the machine's facts; what else DNS says is no property of the machine",
    "OPERATINGSYSTEM/HOSTID": "made of its address; /etc/machine-id, hashed, is `machine_id_hash`",
    "OPERATINGSYSTEM/SSH_KEY": "no inventory of what opens doors",
    "OPERATINGSYSTEM/TIMEZONE": "a metric: node_time_zone_offset_seconds",
    "OPERATINGSYSTEM/VIRTUAL": "`virtual` of `platform`",
    "STORAGES/DESCRIPTION": "the transport, where there is one: a virtual disk has none",
    "STORAGES/MANUFACTURER": "the maker of a virtual disk is guessed of the driver's number",
    "STORAGES/TYPE": "`disk`: only disks are told as such",
    "SOFTWARES/COMMENTS": "the first line of the description, as `comment`: cut at other places",
    "SOFTWARES/PUBLISHER": "the maintainer as the package names him",
    "SOFTWARES/FILESIZE": "in bytes of 1024 to the KiB, which they take for 1000 at times",
    "SOFTWARES/INSTALLDATE": "the day without the hour",
    "lshw/description": "lshw's own words for what the class says",
    "lshw/businfo": "the address: virtio's own numbers of buses stand for no place",
    "lshw/width": "of the data path, which every PCI device of today has alike",
    "lshw/clock": "of the bus: 33 MHz for every PCI device",
    "lshw/configuration": "drivers are told; the rest moves, and is told as metrics",
    "lshw/capabilities": "what processors can do follows from their model; buses likewise",
    "lshw/version": "a PCI device's revision is told; of others it is put together",
    "lshw/logicalname": "mount points are told of file systems, interfaces are keyed by theirs",
    "lshw/units": "a word for the number beside it",
    "lshw/slot": "the socket where firmware names one",
    "lshw/vendor": "the maker: `AMD`, where theirs is `Advanced Micro Devices [AMD]`",
    "lshw/capacity": "clocks and speeds at most: a model's, or a metric",
}
NO_FACT = re.compile(r"|0|-1|00:00:00:00:00:00|none|unknown", re.IGNORECASE)
TOLD_SIZE = {"STORAGES/DISKSIZE": MEGABYTE, "DRIVES/TOTAL": 1 << 20}
CLASSES = {
    "processor": ("processor",),
    "memory": ("memory", "memory_array"),
    "bridge": ("pci",),
    "generic": ("pci",),
    "storage": ("pci",),
    "network": ("network", "pci"),
    "disk": ("disk",),
}


@pytest.fixture(scope="module")
def ours() -> dict[str, list[dict[str, Any]]]:
    machine = Machine()
    found: dict[str, list[dict[str, Any]]] = as_json(machine, gathered(machine))["items"]
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="fusioninventory-agent keeps its state where only root may write")
def test_fusioninventory_finds_nothing_more(
    program: Callable[[str], Path], tmp_path: Path, ours: Mapping[str, list[dict[str, Any]]]
) -> None:
    command: list[str | Path] = [program("fusioninventory-agent"), "--local", tmp_path, "--no-httpd", "--force"]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    [report] = tmp_path.glob("*.ocs")
    known_of = {tag: told_of(ours, kinds) for tag, kinds in KINDS.items()}
    missing = []
    for section in ET.parse(report).getroot().iterfind("CONTENT/*"):
        known = known_of.get(section.tag, set())
        for field in section if known and still_there(section, known) else ():
            name, value = f"{section.tag}/{field.tag}", (field.text or "").strip()
            if name not in REASONS and not NO_FACT.fullmatch(value) and not is_told(name, value, known):
                missing.append(f"{name}: {value}")
    assert missing == []


def test_lshw_finds_nothing_more(program: Callable[[str], Path], ours: Mapping[str, list[dict[str, Any]]]) -> None:
    done = subprocess.run([program("lshw"), "-json", "-quiet"], check=True, capture_output=True, timeout=100)
    told = json.loads(done.stdout)
    missing = []
    for node in nodes(told[0] if isinstance(told, list) else told):
        known = told_of(ours, CLASSES.get(str(node.get("class")), ()))
        for field in ("product", "serial", "size") if known else ():
            value = str(node.get(field, ""))
            if not NO_FACT.fullmatch(value) and not is_told(f"lshw/{field}", value, known):
                missing.append(f"{node['class']} {field}: {value}")
    assert missing == []


def still_there(section: ET.Element, known: set[str]) -> bool:
    """Other tests make and remove interfaces and mounts: of one that is gone again, or new, nothing is compared."""
    key = {"NETWORKS": "DESCRIPTION", "DRIVES": "TYPE", "STORAGES": "NAME"}.get(section.tag)
    return key is None or plain((section.findtext(key) or "").partition("@")[0]) in known


def told_of(ours: Mapping[str, list[dict[str, Any]]], kinds: tuple[str, ...]) -> set[str]:
    """All that we say of these kinds; lists one by one, addresses also without their prefix."""
    found = set()
    for each in (each for kind in kinds for each in ours.get(kind, ())):
        for value in each.values():
            texts = value if isinstance(value, list) else [value]
            found |= {plain(part) for text in texts for part in (str(text), str(text).partition("/")[0])}
        found.add(plain(f"{each.get('subsystem_vendor_id', '')}:{each.get('subsystem_device_id', '')}"))
    return found


def is_told(name: str, value: str, known: set[str]) -> bool:
    """Whether a fact is among ours: a size within their unit, a name within ours or ours within theirs."""
    if name in TOLD_SIZE:
        unit = TOLD_SIZE[name]
        return any(text.isdecimal() and abs(int(text) - int(value) * unit) <= 2 * unit for text in known)
    if name == "CONTROLLERS/PCISLOT":
        return any(text.endswith(plain(value)) for text in known)
    wanted = plain(value.partition("@")[0])
    if wanted in known or name.startswith("SOFTWARES"):
        return wanted in known
    return any(len(text) > 5 and (wanted in text or text in wanted) for text in known)


def nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A node of lshw's tree, and all below it."""
    yield node
    for child in node.get("children", ()):
        yield from nodes(child)


def plain(text: str) -> str:
    """A text by which two that mean the same are alike."""
    return "".join(re.findall(r"[a-z0-9:./]+", text.lower().replace("(r)", "").replace("(tm)", "")))
