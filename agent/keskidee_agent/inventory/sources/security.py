"""Antivirus, firewall and disk encryption of Windows and macOS (Linux: filesystem.py), firewalls of Linux."""

from __future__ import annotations

from contextlib import suppress

from keskidee_agent.host.machine import DARWIN, WINDOWS
from keskidee_report.items import item
from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.wmi_rows import Row
    from keskidee_report.items import Item, Value

KINDS = ("antivirus", "firewall", "encryption")
# productState of Security Center: the second byte says whether it is on, the last whether its signatures are old
ON_MASK, ON, OLD_MASK = 0xF000, 0x1000, 0x00F0
DEFENDER, OLD_DAYS = "Microsoft Defender Antivirus", 7
FIREWALL = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
FIREWALL_POLICY = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall"
PROFILES = {"Domain": ("Domain",), "Private": ("Private", "Standard"), "Public": ("Public",)}
"""By what Windows calls them: the names in the registry, where Standard is what the private one was called first."""
FIREWALL_UNITS = ("firewalld", "ufw", "nftables")


def read(machine: Machine) -> Iterator[Item]:
    """`antivirus` and `firewall` by name or profile, `encryption` by volume. Raises NotHere where nothing is told."""
    parts = {WINDOWS: _windows, DARWIN: _macos}.get(machine.platform, _linux)
    found = False
    for each in parts(machine):
        found = True
        yield each
    if not found:
        raise NotHere("no antivirus, firewall or encryption is told of")


def _windows(machine: Machine) -> Iterator[Item]:
    from keskidee_agent.inventory.wmi import some, spare

    defender = next(iter(spare(machine, "MSFT_MpComputerStatus")), None)
    listed = some(machine, "AntiVirusProduct")
    for row in listed:
        name = row.text("displayName")
        fields = {
            **_product(row),
            "maker": row.text("companyName"),
            "version": row.raw("versionNumber"),
            **(_versions(defender) if defender is not None and "defender" in name.lower() else {}),
        }
        yield item("antivirus", name or "antivirus", fields)
    if defender is not None and not listed:  # a server, which has no Security Center
        yield item("antivirus", DEFENDER, {"name": DEFENDER, **_health(defender), **_versions(defender)})
    for row in spare(machine, "FirewallProduct"):  # another maker's, which took the place of Windows' own
        told = {**_product(row), "up_to_date": None}
        if told["enabled"] is not None:
            yield item("firewall", row.text("displayName") or "firewall", told)
    yield from _profiles(machine)


def _product(row: Row) -> dict[str, Value | None]:
    """What Security Center says of a product; Windows XP's had a property for each answer."""
    state = row.number("productState")
    if state is None:
        on, recent = row.flag("onAccessScanningEnabled"), row.flag("productUptoDate")
        on = row.flag("enabled") if on is None else on
    else:
        on, recent = state & ON_MASK == ON, not state & OLD_MASK
    return {"name": row.text("displayName"), "enabled": on, "guid": row.raw("instanceGuid"), "up_to_date": recent}


def _profiles(machine: Machine) -> Iterator[Item]:
    """Windows' own firewall by profile: what a policy sets goes before what is set here; else it is not told."""
    from keskidee_agent.inventory.wmi import some

    told = {row.raw("Name").lower(): row.raw("Enabled").upper() for row in some(machine, "MSFT_NetFirewallProfile")}
    for profile, names in PROFILES.items():
        asked = {"1": 1, "TRUE": 1, "0": 0, "FALSE": 0}.get(told.get(profile.lower(), ""))  # 2: what the default is
        states = (_set(machine, FIREWALL_POLICY, names), asked, _set(machine, FIREWALL, names))
        on = next((each for each in states if each is not None), None)
        if on is not None:
            yield item("firewall", profile, {"name": "Windows Firewall", "profile": profile, "enabled": bool(on)})


def _set(machine: Machine, key: str, names: tuple[str, ...]) -> int | None:
    """Whether the registry has the firewall on for the first of these profiles that it has anything for."""
    from keskidee_agent.inventory.registry import registry_of, whole

    with suppress(NotHere):
        registry = registry_of(machine)
        states = (whole(registry.values(rf"{key}\{name}Profile"), "EnableFirewall") for name in names)
        return next((state for state in states if state is not None), None)
    return None


def _versions(defender: Row) -> dict[str, Value | None]:
    names = {"version": "AMProductVersion", "signatures_version": "AntivirusSignatureVersion"}
    return {ours: defender.raw(theirs) for ours, theirs in names.items()}


def _health(defender: Row) -> dict[str, Value | None]:
    """Defender is on where it watches as things happen; its signatures are old after a week, as Windows has it."""
    parts = [defender.flag(each) for each in ("AntivirusEnabled", "RealTimeProtectionEnabled")]
    days = defender.number("AntivirusSignatureAge")
    return {
        "enabled": None if None in parts else all(parts),
        "up_to_date": None if days is None else days <= OLD_DAYS,
    }


def _macos(machine: Machine) -> Iterator[Item]:
    for command, key, form in (
        (("fdesetup", "status"), "FileVault", "encryption"),
        (("/usr/libexec/ApplicationFirewall/socketfilterfw", "--getglobalstate"), "Firewall", "firewall"),
    ):
        with suppress(NotHere, Denied, TimedOut, OSError):
            told = machine.run(*command).decode("utf-8", "replace")
            on = "is On" in told or "is enabled" in told
            if on or "is Off" in told or "is disabled" in told:
                yield item(form, key, {"format" if form == "encryption" else "name": key, "enabled": on})


def _linux(machine: Machine) -> Iterator[Item]:
    """firewalld, ufw and nftables, where the unit's link says that it is started, or ufw's own setting."""
    for unit in FIREWALL_UNITS:
        if machine.exists(f"usr/lib/systemd/system/{unit}.service") or machine.exists(
            f"lib/systemd/system/{unit}.service"
        ):
            wanted = ("multi-user", "basic", "sysinit", "network-pre")
            links = [f"etc/systemd/system/{target}.target.wants/{unit}.service" for target in wanted]
            on = any(map(machine.exists, links))
            if unit == "ufw":
                with suppress(NotHere, Denied, Malformed):
                    on = "ENABLED=yes" in machine.text("etc/ufw/ufw.conf").split()
            yield item("firewall", unit, {"name": unit, "enabled": on})
