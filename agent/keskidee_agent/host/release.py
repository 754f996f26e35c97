"""Which system and version a machine runs, under the keys of os-release(5) on every platform."""

from __future__ import annotations

from keskidee_report.model import Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine

WINDOWS_NT = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
FIRST_BUILD_OF_WINDOWS_11 = 22000  # whose ProductName still says Windows 10
BEFORE_OS_RELEASE = ("etc/redhat-release", "etc/system-release")
"""Where systems from before 2012 say what they are, in one line: `CentOS release 6.10 (Final)`."""
IDS = {
    "CentOS": "centos",
    "Red Hat Linux": "redhat",  # before there was an Enterprise Linux: its 9 is of 2003
    "Red Hat": "rhel",
    "Oracle": "ol",
    "Enterprise Linux Enterprise": "ol",
    "Amazon": "amzn",
    "Fedora": "fedora",
    "Scientific": "scientific",
    "CloudLinux": "cloudlinux",
}
"""How such a line begins, and the ID that the same system has in its later os-release."""
SUSE_IDS = {
    "SUSE Linux Enterprise Server": "sles",
    "SUSE Linux Enterprise Desktop": "sled",
    "openSUSE": "opensuse",
}
VERSION_FILES = {
    "etc/debian_version": ("debian", "Debian GNU/Linux"),
    "etc/alpine-release": ("alpine", "Alpine Linux"),
    "etc/slackware-version": ("slackware", "Slackware"),
}
SYSTEM_VERSION = "System/Library/CoreServices/SystemVersion.plist"


def release_of(machine: Machine) -> dict[str, str]:
    """ID, NAME, PRETTY_NAME, VERSION_ID ... of the system. Raises NotHere, Denied or Malformed."""
    if machine.platform == "windows":
        return windows_release(machine)
    if machine.platform == "darwin":
        return macos_release(machine.text(SYSTEM_VERSION))
    try:
        text = machine.text("etc/os-release")
    except NotHere:
        try:
            text = machine.text("usr/lib/os-release")
        except NotHere:
            older = _before_os_release(machine)
            if not older:
                raise
            return older
    release = os_release(text)
    if not release:
        raise Malformed("no assignment in os-release", text)
    return release


def _before_os_release(machine: Machine) -> dict[str, str]:
    """The same of a system that has none: Red Hat's kin's line, SUSE's lines, Ubuntu's lsb-release, or a version alone.
    Empty without any; raises Malformed.
    """
    for place in BEFORE_OS_RELEASE:
        try:
            return line_release(machine.text(place))
        except NotHere:
            continue
    try:
        return suse_release(machine.text("etc/SuSE-release"))
    except NotHere:
        pass
    try:
        told = os_release(machine.text("etc/lsb-release"))
    except NotHere:
        return _version_alone(machine)
    if not told.get("DISTRIB_RELEASE"):
        raise Malformed("no release in lsb-release", "".join(told))
    name, version = told.get("DISTRIB_ID", ""), told["DISTRIB_RELEASE"]
    return {
        "ID": name.lower(),
        "NAME": name,
        "PRETTY_NAME": told.get("DISTRIB_DESCRIPTION", ""),
        "VERSION": version,
        "VERSION_ID": version,
    }


def _version_alone(machine: Machine) -> dict[str, str]:
    """Of the systems that have a file with nothing but their version. Empty without one."""
    for place, (system, name) in VERSION_FILES.items():
        try:
            version = machine.text(place).rpartition(" ")[2]  # `Slackware 13.37.0`
        except NotHere:
            continue
        if version[:1].isdigit():
            return {
                "ID": system,
                "NAME": name,
                "PRETTY_NAME": f"{name} {version}",
                "VERSION": version,
                "VERSION_ID": version,
            }
    return {}


def suse_release(text: str) -> dict[str, str]:
    """The assignments that SuSE-release stands for: a line with the name, `VERSION = 11`, `PATCHLEVEL = 4`.

    Raises Malformed.
    """
    line, *rest = [" ".join(each.split()) for each in text.splitlines()] or [""]
    told = dict(each.partition(" = ")[::2] for each in rest)
    version, level = told.get("VERSION", ""), told.get("PATCHLEVEL", "0")
    if not version[:1].isdigit():
        raise Malformed("no release in SuSE-release", text)
    name = line.partition(f" {version}")[0]
    return {
        "ID": next((known for begin, known in SUSE_IDS.items() if line.startswith(begin)), ""),
        "NAME": name,
        "PRETTY_NAME": f"{name} {version} SP{level}" if level != "0" else f"{name} {version}",
        "VERSION": f"{version}-SP{level}" if level != "0" else version,
        "VERSION_ID": f"{version}.{level}" if level != "0" else version,
    }


def line_release(text: str) -> dict[str, str]:
    """The assignments that a line such as `CentOS release 6.10 (Final)` stands for. Raises Malformed."""
    line = " ".join(text.split())
    name, word, version = line.partition(" release ")
    if not word or not version[:1].isdigit():
        raise Malformed("no release in the line", line)
    return {
        "ID": next((known for begin, known in IDS.items() if line.startswith(begin)), ""),
        "NAME": name,
        "PRETTY_NAME": line,
        "VERSION": version,
        "VERSION_ID": version.partition(" ")[0],
    }


def os_release(text: str) -> dict[str, str]:
    """The assignments of an os-release file. Lines that are none are passed over, as os-release(5) asks for.

    Raises Malformed for a quote that does not end: the file was cut short.
    """
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = unquoted(value.strip())
    return found


def unquoted(value: str) -> str:
    """A value as a shell takes it: single quotes keep all, and elsewhere a backslash escapes. Raises Malformed."""
    quote = value[:1]
    if quote not in ("'", '"') or not quote:
        return value.replace("\\", "")
    inside, end, rest = value[1:].partition(quote)
    if not end or not rest.lstrip().startswith("#"):  # else it is a comment that is behind the value
        if len(value) == 1 or value[-1] != quote:
            raise Malformed("a quote does not end", value)
        inside = value[1:-1]
    return inside if quote == "'" else "".join(_unescaped(inside))


def _unescaped(text: str) -> Iterator[str]:
    characters = iter(text)
    for character in characters:
        if character != "\\":
            yield character
            continue
        following = next(characters, "")
        yield following if following in '\\"$`' else character + following


def macos_release(plist: str) -> dict[str, str]:
    """The same of a SystemVersion.plist. Raises Malformed where that is no property list."""
    import xml.etree.ElementTree as ET

    try:
        entries = [element.text or "" for element in ET.fromstring(plist).iterfind("dict/*")]  # noqa: S314 - the system's own
    except ET.ParseError:
        raise Malformed("no property list", plist) from None
    found = dict(zip(entries[::2], entries[1::2], strict=False))
    name, version = found.get("ProductName", ""), found.get("ProductVersion", "")
    return {
        "ID": "macos",
        "NAME": name,
        "PRETTY_NAME": f"{name} {version}".strip(),
        "VERSION": version,
        "VERSION_ID": version,
        "BUILD_ID": found.get("ProductBuildVersion", ""),
    }


def windows_release(machine: Machine) -> dict[str, str]:
    """The same of the registry: VERSION is the name of the feature update (22H2), BUILD_ID has the patch level."""
    build = machine.registry(WINDOWS_NT, "CurrentBuild")
    if not build.isdecimal():  # Windows XP and 2003 say there that it is obsolete
        build = machine.registry(WINDOWS_NT, "CurrentBuildNumber")
    product = machine.registry(WINDOWS_NT, "ProductName")
    if build.isdecimal() and int(build) >= FIRST_BUILD_OF_WINDOWS_11:
        product = product.replace("Windows 10", "Windows 11")
    values = {}
    for name in ("DisplayVersion", "ReleaseId", "UBR", "CurrentMajorVersionNumber", "CurrentMinorVersionNumber"):
        try:
            values[name] = machine.registry(WINDOWS_NT, name)
        except NotHere:  # each came with some version of Windows 10
            values[name] = ""
    version = values["DisplayVersion"] or values["ReleaseId"]
    major, minor = values["CurrentMajorVersionNumber"], values["CurrentMinorVersionNumber"]
    if not major:
        major, _, minor = machine.registry(WINDOWS_NT, "CurrentVersion").partition(".")
    return {
        "ID": "windows",
        "NAME": product,
        "PRETTY_NAME": f"{product} {version}".strip(),
        "VERSION": version,
        "VERSION_ID": f"{major}.{minor}.{build}",
        "BUILD_ID": f"{build}.{values['UBR']}".strip("."),
    }
