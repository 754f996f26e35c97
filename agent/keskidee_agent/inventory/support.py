"""When the maker's free security updates for a system end. A declared table; what it does not hold is not known.

Where the days are from, and beside what they were looked up again in November 2026:
- Debian: wiki.debian.org/LTS, the end of LTS, which is free (not ELTS); EOL.rst of pep600_compliance.
- Ubuntu LTS: wiki.ubuntu.com/Releases, standard support (not Pro). It names months: of 22.04's June the first day, as
  other lists have April, otherwise their last; endoflife.date.
- RHEL, Rocky, Alma, CentOS: the life cycle pages of each, maintenance (not ELS); endoflife.date (Rocky), EOL.rst
  (Alma, CentOS). RHEL's were not found a second time; Rocky's are the same.
- Amazon Linux 2: its FAQ; EOL.rst.
- Windows: learn.microsoft.com/lifecycle, servicing of a version by edition, extended support of a fixed one (not ESU);
  endoflife.date (servers, builds up to 19044). Not found a second time: later builds and the long-term channels.

Not known, and so absent: CentOS 8, whose ID is the same for Linux (2021) and Stream (2024); Alpine, openSUSE, SLES and
macOS, whose days go by minor versions or are not published; Ubuntu between LTS releases; derivatives of all these.
A system that names its day itself (SUPPORT_END in os-release: Fedora, Amazon Linux 2023) is believed first.
"""

from __future__ import annotations

BY_VERSION = {
    ("debian", "8"): "2020-06-30",
    ("debian", "9"): "2022-06-30",
    ("debian", "10"): "2024-06-30",
    ("debian", "11"): "2026-08-31",
    ("debian", "12"): "2028-06-30",
    ("debian", "13"): "2030-06-30",
    ("ubuntu", "14.04"): "2019-04-30",
    ("ubuntu", "16.04"): "2021-04-30",
    ("ubuntu", "18.04"): "2023-05-31",
    ("ubuntu", "20.04"): "2025-05-31",
    ("ubuntu", "22.04"): "2027-06-01",
    ("ubuntu", "24.04"): "2029-05-31",
    ("ubuntu", "26.04"): "2031-04-30",
    ("rhel", "6"): "2020-11-30",
    ("rhel", "7"): "2024-06-30",
    ("rhel", "8"): "2029-05-31",
    ("rhel", "9"): "2032-05-31",
    ("rhel", "10"): "2035-05-31",
    ("centos", "6"): "2020-11-30",
    ("centos", "7"): "2024-06-30",
    ("centos", "9"): "2027-05-31",  # Stream alone
    ("almalinux", "8"): "2029-03-01",
    ("almalinux", "9"): "2032-05-31",
    ("almalinux", "10"): "2035-05-31",
    ("amzn", "2"): "2026-06-30",
    ("rocky", "8"): "2029-05-31",
    ("rocky", "9"): "2032-05-31",
    ("rocky", "10"): "2035-05-31",
}
"""By os-release's ID and VERSION_ID, of which Red Hat's kin's first number counts."""

WINDOWS = {
    10240: ("2017-05-09", "2025-10-14"),
    14393: ("2018-04-10", "2026-10-13"),
    17134: ("2019-11-12", ""),
    17763: ("2020-11-10", "2029-01-09"),
    18362: ("2020-12-08", ""),
    18363: ("2021-05-11", ""),
    19041: ("2021-12-14", ""),
    19042: ("2022-05-10", ""),
    19043: ("2022-12-13", ""),
    19044: ("2023-06-13", "2027-01-12"),
    19045: ("2025-10-14", ""),
    22000: ("2023-10-10", ""),
    22621: ("2024-10-08", ""),
    22631: ("2025-11-11", ""),
    26100: ("2026-10-13", "2029-10-09"),
    26200: ("2027-10-12", ""),
}
"""By build: Home and Pro, and the long-term channel (Enterprise LTSC) where the build has one."""
WINDOWS_IOT = {19044: "2032-01-13", 26100: "2034-10-10"}
"""By build: IoT Enterprise LTSC, where it goes on for longer than Enterprise LTSC."""
WINDOWS_ENTERPRISE = {
    14393: "2019-04-09",
    17134: "2021-05-11",
    17763: "2021-05-11",
    18362: "2020-12-08",
    18363: "2022-05-10",
    19041: "2021-12-14",
    19042: "2023-05-09",
    19043: "2022-12-13",
    19044: "2024-06-11",
    19045: "2025-10-14",
    22000: "2024-10-08",
    22621: "2025-10-14",
    22631: "2026-11-10",
    26100: "2027-10-12",
    26200: "2028-10-10",
}
WINDOWS_SERVER = {
    3790: "2015-07-14",
    6002: "2020-01-14",
    6003: "2020-01-14",
    7601: "2020-01-14",
    9200: "2023-10-10",
    9600: "2023-10-10",
    14393: "2027-01-12",
    17763: "2029-01-09",
    20348: "2031-10-14",
    25398: "2025-10-24",
    26100: "2034-10-10",
}
WINDOWS_OLD = {
    2600: "2014-04-08",
    6002: "2017-04-11",
    7600: "2013-04-09",
    7601: "2020-01-14",
    9200: "2016-01-12",
    9600: "2023-01-10",
}
"""Windows XP to 8.1, whatever the edition; 7600 is Windows 7 without its service pack."""
LONG_TERM = ("enterprises", "iotenterprises", "ltsc", "ltsb")
ENTERPRISE = ("enterprise", "education")


def support_ends(system: str, version: str) -> str:
    """The day for an os-release's ID and VERSION_ID; empty where the table does not hold it."""
    return BY_VERSION.get((system, version)) or BY_VERSION.get((system, version.partition(".")[0]), "")


def windows_support_ends(build: int, edition: str, *, server: bool) -> str:
    """The day for a build and an edition (`Professional`, `EnterpriseS`, `Windows 10 Enterprise LTSC`)."""
    if server:
        return WINDOWS_SERVER.get(build, "")
    if build in WINDOWS_OLD:
        return WINDOWS_OLD[build]
    home, long_term = WINDOWS.get(build, ("", ""))
    words = edition.lower()
    if any(word in words for word in LONG_TERM):
        return WINDOWS_IOT.get(build, long_term) if "iot" in words else long_term
    return WINDOWS_ENTERPRISE.get(build, "") if any(word in words for word in ENTERPRISE) else home
