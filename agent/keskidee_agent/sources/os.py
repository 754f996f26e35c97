"""Which system this is, from os-release(5); SystemVersion.plist on macOS, the registry on Windows. No privilege.

Read every ten minutes: an upgrade changes it under a running agent.
"""

from __future__ import annotations

from keskidee_agent.host.release import release_of
from keskidee_report.model import Family, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

EVERY_SECONDS = 600

INFO = Family("node_os_info", "gauge", "1, labelled with the name and version of the operating system", digits=0)
VERSION = Family("node_os_version", "gauge", "Major and minor version of the operating system as a number")
SUPPORT_END = Family("node_os_support_end_timestamp_seconds", "gauge", "When support for this system ends", digits=0)

LABELS = (
    "build_id",
    "id",
    "id_like",
    "image_id",
    "image_version",
    "name",
    "pretty_name",
    "variant",
    "variant_id",
    "version",
    "version_codename",
    "version_id",
)


def read(machine: Machine) -> Iterator[Sample]:
    """node_os_info with all LABELS, empty where the system does not say; the version where it begins with a number;
    the end of support where the system names it.
    """
    release = release_of(machine)
    texts = {label: release.get(label.upper(), "") for label in LABELS}
    yield (INFO, texts, 1)
    version = major_minor(texts["version_id"])
    if version:
        yield VERSION(version, id=texts["id"], id_like=texts["id_like"], name=texts["name"])
    if release.get("SUPPORT_END"):
        yield SUPPORT_END(midnight(release["SUPPORT_END"]))


def major_minor(version: str) -> float:
    """20.04 of `20.04.2`, 12 of `12`, 0 of a text that begins with no digit."""
    major, _, rest = version.partition(".")
    whole = _leading_digits(major)
    if whole != major:
        rest = ""
    return float(f"{whole}.{_leading_digits(rest) or '0'}") if whole else 0.0


def _leading_digits(text: str) -> str:
    return text[: len(text) - len(text.lstrip("0123456789"))]


def midnight(day: str) -> int:
    """Seconds since 1970 at the beginning (UTC) of a day such as 2029-05-31. Raises Malformed."""
    from datetime import date  # 1 MiB that few systems need

    try:
        return (date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()) * 86400
    except ValueError:
        raise Malformed("SUPPORT_END is no day", day) from None
