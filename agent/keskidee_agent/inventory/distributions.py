"""When free security updates for a version of Linux or macOS end. A declared table; what it does not hold is not known.

Where the days are from, all looked up again in November 2026:
- Debian (LTS, which is free, not ELTS) and Ubuntu (standard support, not Pro): distro-info-data 0.58.
- RHEL, Rocky, Alma, CentOS: the life cycle pages of each, maintenance (not ELS); endoflife.date (Rocky), EOL.rst of
  pep600_compliance (Alma, CentOS). RHEL's were not found a second time; Rocky's are the same.
- Oracle Linux: its support policy, premier support, which names months: their last days. Amazon Linux: its FAQ.
- Alpine, Fedora, openSUSE, SLES (general support of each service pack, not LTSS): endoflife.date.
- Linux Mint: its list of releases, which names months: their last days.
- macOS, of which Apple names no day: when the third version after it came out, or, of the oldest, its last update was
  long ago (endoflife.date). One that still gets updates has no day.

Not known, and so absent: rolling releases, and what derives from these and is not named here.
"""

from __future__ import annotations

_ROCKY = {"8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"}
_RED_HAT = {"5": "2017-03-31", "6": "2020-11-30", "7": "2024-06-30", **_ROCKY}
_SUSE = {
    "11.4": "2019-03-31", "12": "2016-06-30", "12.1": "2017-05-31", "12.2": "2018-03-31", "12.3": "2019-06-30",
    "12.4": "2020-06-30", "12.5": "2024-10-31", "15": "2019-12-31", "15.1": "2021-01-31", "15.2": "2021-12-31",
    "15.3": "2022-12-31", "15.4": "2023-12-31", "15.5": "2024-12-31", "15.6": "2025-12-31", "15.7": "2031-07-31",
}  # fmt: skip
_LEAP = {
    "42.1": "2017-05-17", "42.2": "2018-01-26", "42.3": "2019-07-01", "15.0": "2019-12-03", "15.1": "2021-02-02",
    "15.2": "2022-01-04", "15.3": "2022-12-31", "15.4": "2023-12-07", "15.5": "2024-12-31", "15.6": "2026-04-30",
    "16.0": "2027-10-31",
}  # fmt: skip
ENDS = {
    "almalinux": {"8": "2029-03-01", "9": "2032-05-31", "10": "2035-05-31"},
    "alpine": {
        "3.8": "2020-05-01", "3.9": "2020-11-01", "3.10": "2021-05-01", "3.11": "2021-11-01", "3.12": "2022-05-01",
        "3.13": "2022-11-01", "3.14": "2023-05-01", "3.15": "2023-11-01", "3.16": "2024-05-23", "3.17": "2024-11-22",
        "3.18": "2025-05-09", "3.19": "2025-11-01", "3.20": "2026-04-01", "3.21": "2026-11-01", "3.22": "2027-05-01",
        "3.23": "2027-11-01",
    },
    "amzn": {"2": "2026-06-30", "2018.03": "2023-12-31"},
    "centos": {"5": "2017-03-31", "6": "2020-11-30", "7": "2024-06-30", "8": "2021-12-31"},
    "centos-stream": {"8": "2024-05-31", "9": "2027-05-31"},
    "debian": {
        "7": "2018-05-31", "8": "2020-06-30", "9": "2022-06-30", "10": "2024-06-30", "11": "2026-08-31",
        "12": "2028-06-30", "13": "2030-06-30",
    },
    "fedora": {
        "28": "2019-05-28", "29": "2019-11-26", "30": "2020-05-26", "31": "2020-11-24", "32": "2021-05-25",
        "33": "2021-11-30", "34": "2022-06-07", "35": "2022-12-13", "36": "2023-05-16", "37": "2023-12-05",
        "38": "2024-05-21", "39": "2024-11-26", "40": "2025-05-13", "41": "2025-12-15", "42": "2026-05-13",
        "43": "2026-12-09",
    },
    "linuxmint": {"19": "2023-04-30", "20": "2025-04-30", "21": "2027-04-30", "22": "2029-04-30"},
    "macos": {
        "10.6": "2011-07-25", "10.7": "2012-10-04", "10.8": "2015-08-13", "10.9": "2016-12-01", "10.10": "2017-08-01",
        "10.11": "2018-12-01", "10.12": "2019-10-01", "10.13": "2020-12-01", "10.14": "2021-10-25",
        "10.15": "2022-09-12", "11": "2023-09-26", "12": "2024-09-16", "13": "2025-09-15",
    },
    "ol": {"6": "2021-03-31", "7": "2024-12-31", "8": "2029-07-31", "9": "2032-06-30"},
    "opensuse": {**_LEAP, "13.1": "2016-02-03", "13.2": "2017-01-17"},
    "opensuse-leap": _LEAP,
    "rhel": _RED_HAT,
    "rocky": _ROCKY,
    "sled": _SUSE,
    "sles": _SUSE,
    "sles_sap": _SUSE,
    "ubuntu": {
        "12.04": "2017-04-28", "14.04": "2019-04-25", "16.04": "2021-04-30", "18.04": "2023-05-31",
        "18.10": "2019-07-18", "19.04": "2020-01-23", "19.10": "2020-07-17", "20.04": "2025-05-29",
        "20.10": "2021-07-22", "21.04": "2022-01-20", "21.10": "2022-07-14", "22.04": "2027-06-01",
        "22.10": "2023-07-20", "23.04": "2024-01-25", "23.10": "2024-07-11", "24.04": "2029-05-31",
        "24.10": "2025-07-10", "25.04": "2026-01-15", "25.10": "2026-07-09", "26.04": "2031-05-29",
        "26.10": "2027-07-15",
    },
}  # fmt: skip
"""By os-release's ID and by version."""
BY_FIRST_NUMBER = frozenset(
    {"almalinux", "centos", "centos-stream", "debian", "linuxmint", "macos", "ol", "rhel", "rocky"}
)
"""Systems whose point releases share their day; of the others each has its own."""


def support_ends(system: str, version: str) -> str:
    """The day for an os-release's ID and VERSION_ID; empty where the table does not hold it."""
    days, numbers = ENDS.get(system, {}), version.split(".")
    found = days.get(version) or days.get(".".join(numbers[:2]), "")
    return found or (days.get(numbers[0], "") if system in BY_FIRST_NUMBER else "")
