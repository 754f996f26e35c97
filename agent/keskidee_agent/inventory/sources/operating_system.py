"""The operating system: name, version, build, kernel, and when its support ends; the domain the machine is joined to.

From os-release(5) on Linux, WMI and the registry on Windows, SystemVersion.plist or system_profiler on macOS.
"""

from __future__ import annotations

from contextlib import suppress

from keskidee_agent.host.machine import DARWIN, WINDOWS
from keskidee_agent.host.release import release_of
from keskidee_agent.inventory.distributions import support_ends
from keskidee_agent.inventory.packages import day_of_seconds
from keskidee_agent.inventory.support import EDITIONS, windows_support_ends
from keskidee_report.items import item
from keskidee_report.model import Denied, Malformed, NotHere, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item, Value

KINDS = ("operating_system", "domain")
KEY = "operating system"
WORKSTATION = 1  # Win32_OperatingSystem.ProductType
ROLE_IN_DOMAIN = (1, 3, 4, 5)  # Win32_ComputerSystem.DomainRole
CLOUD_JOIN = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\CloudDomainJoin"
RELEASE_FILES = {"centos": "etc/centos-release", "debian": "etc/debian_version"}
"""Where systems whose os-release names the major version alone tell the point release."""


def read(machine: Machine) -> Iterator[Item]:
    """`operating_system`, one; `domain`, one, where the machine is joined to one."""
    if machine.platform == WINDOWS:
        yield from _windows(machine)
    else:
        yield item("operating_system", KEY, _macos(machine) if machine.platform == DARWIN else _linux(machine))
        yield from _realm(machine)


def _linux(machine: Machine) -> dict[str, Value | None]:
    release = release_of(machine)
    system, number = release.get("ID", ""), release.get("VERSION_ID", "")
    stream = "-stream" if release.get("NAME") == "CentOS Stream" else ""  # whose ID is that of CentOS Linux
    return {
        "name": release.get("NAME"),
        "full_name": release.get("PRETTY_NAME"),
        "id": system,
        "version": _point_release(machine, system, number) or release.get("VERSION") or number,
        "version_id": number,
        "build": release.get("BUILD_ID"),
        "variant": release.get("VARIANT"),
        "support_ends_on": release.get("SUPPORT_END") or support_ends(system + stream, number),
        **_kernel(machine),
    }


def _point_release(machine: Machine, system: str, number: str) -> str:
    """`7.9.2009 (Core)` of `CentOS Linux release 7.9.2009 (Core)`, `12.11` of Debian's; empty where it says no more."""
    with suppress(NotHere, Denied, Malformed, OSError):
        told = machine.text(RELEASE_FILES.get(system, "")).rpartition("release ")[2]
        return told if number and told.startswith(f"{number}.") else ""
    return ""


def _kernel(machine: Machine) -> dict[str, Value | None]:
    with suppress(NotHere, Malformed):
        name, _, release, _, architecture = machine.uname()
        return {"kernel": name, "kernel_version": release, "architecture": architecture}
    return {}


def _macos(machine: Machine) -> dict[str, Value | None]:
    with suppress(NotHere, Denied, Malformed, OSError):
        release = release_of(machine)
        told = {"name": "NAME", "full_name": "PRETTY_NAME", "id": "ID", "version": "VERSION", "build": "BUILD_ID"}
        fields = {ours: release.get(theirs) for ours, theirs in told.items()}
        return {**fields, "support_ends_on": support_ends("macos", release["VERSION"]), **_kernel(machine)}
    from keskidee_agent.inventory.profiler import section

    overview = section(machine, "SPSoftwareDataType", "Software").first("System Software Overview")
    shown = overview.raw("System Version")  # `Mac OS X 10.6.6 (10J567)`, `macOS 14.5 (23F79)`
    name, _, build = shown.rstrip(")").partition(" (")
    kernel, version = overview.raw("Kernel Version").split(), name.rpartition(" ")[2]
    return {
        "name": name.rstrip("0123456789. ") or None,
        "full_name": name,
        "id": "macos",
        "version": version,
        "build": build,
        "support_ends_on": support_ends("macos", version),
        "kernel": kernel[0] if kernel else None,
        "kernel_version": kernel[1] if len(kernel) > 1 else None,
    }


def _realm(machine: Machine) -> Iterator[Item]:
    """The domain that sssd or winbind serve; no name is asked over the network."""
    with suppress(NotHere, Denied, TimedOut, OSError):
        for line in machine.run("realm", "list", "--name-only").decode("utf-8", "replace").split():
            yield item("domain", line, {"name": line})


def _windows(machine: Machine) -> Iterator[Item]:
    from keskidee_agent.inventory.registry import WINDOWS_NT, registry_of, text
    from keskidee_agent.inventory.wmi import some, spare
    from keskidee_agent.inventory.wmi_rows import Row

    system = (spare(machine, "Win32_OperatingSystem") or [Row({})])[0]
    try:
        values = registry_of(machine).values(WINDOWS_NT)
    except NotHere:
        values = {}
    release = release_of(machine) if "currentbuild" in values else {}
    build = release.get("BUILD_ID", "") or system.raw("BuildNumber")
    name = release.get("NAME", "") or system.text("Caption")
    if name:
        edition = text(values, "EditionID") or EDITIONS.get(system.number("OperatingSystemSKU") or 0, "")
        number = build.partition(".")[0]
        kind = system.number("ProductType")
        server = "server" in f"{edition} {name}".lower() if kind is None else kind != WORKSTATION
        fields: dict[str, Value | None] = {
            "name": name,
            "full_name": release.get("PRETTY_NAME") or name,
            "id": "windows",
            "version": release.get("VERSION") or system.raw("Version"),
            "version_id": release.get("VERSION_ID") or system.raw("Version"),
            "build": build,
            "edition": edition,
            "service_pack": text(values, "CSDVersion") or system.raw("CSDVersion"),
            "architecture": system.text("OSArchitecture"),
            "installed_on": system.day("InstallDate") or day_of_seconds(text(values, "InstallDate")),
            "product_id": text(values, "ProductId") or system.text("SerialNumber"),
            "language": system.text("Locale"),
            "support_ends_on": windows_support_ends(int(number), f"{edition} {name}", server=server)
            if number.isdecimal()
            else None,
        }
        yield item("operating_system", KEY, fields)
    yield from _tenants(machine)
    for row in some(machine, "Win32_ComputerSystem"):
        joined = row.flag("PartOfDomain")
        if joined or (joined is None and row.number("DomainRole") in ROLE_IN_DOMAIN):
            yield item("domain", row.text("Domain") or "domain", {"name": row.text("Domain")})


def _tenants(machine: Machine) -> Iterator[Item]:
    """The organisations of Microsoft Entra (Azure AD) that the machine is joined to; who joined it is not told."""
    from keskidee_agent.inventory.registry import registry_of, text

    with suppress(NotHere):
        registry = registry_of(machine)
        for join in registry.below(rf"{CLOUD_JOIN}\JoinInfo"):
            tenant = text(registry.values(rf"{CLOUD_JOIN}\JoinInfo\{join}"), "TenantId")
            name = text(registry.values(rf"{CLOUD_JOIN}\TenantInfo\{tenant}"), "DisplayName") if tenant else ""
            if tenant:
                yield item("domain", tenant, {"name": name or tenant, "id": tenant, "kind": "Microsoft Entra"})
