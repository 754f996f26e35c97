"""When Microsoft's free security updates for a Windows end. A declared table; what it does not hold is not known.

learn.microsoft.com/lifecycle: servicing of a version by edition, extended support of a fixed one (not ESU). Looked up
again in November 2026 beside endoflife.date (servers), DataForGeeks' extract of those pages (versions up to 25H2,
long-term channels) and the release notes of Atliso's audit (26H1, 26H2).
"""

from __future__ import annotations

WINDOWS = {
    10240: ("2017-05-09", "2025-10-14"),
    10586: ("2017-10-10", ""),
    14393: ("2018-04-10", "2026-10-13"),
    15063: ("2018-10-09", ""),
    16299: ("2019-04-09", ""),
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
    26300: ("2028-10-10", ""),
    28000: ("2028-03-14", ""),
}
"""By build: Home and Pro, and the long-term channel (Enterprise LTSC) where the build has one."""
WINDOWS_IOT = {19044: "2032-01-13", 26100: "2034-10-10"}
"""By build: IoT Enterprise LTSC, where it goes on for longer than Enterprise LTSC."""
WINDOWS_ENTERPRISE = {
    10240: "2017-05-09",
    10586: "2017-10-10",
    14393: "2019-04-09",
    15063: "2019-10-08",
    16299: "2020-10-13",
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
    26300: "2029-10-09",
    28000: "2029-03-13",
}
WINDOWS_SERVER = {
    2195: "2010-07-13",
    3790: "2015-07-14",
    6001: "2011-07-12",
    6002: "2020-01-14",
    6003: "2020-01-14",
    7600: "2013-04-09",
    7601: "2020-01-14",
    9200: "2023-10-10",
    9600: "2023-10-10",
    14393: "2027-01-12",
    16299: "2019-04-09",
    17134: "2019-11-12",
    17763: "2029-01-09",
    18362: "2020-12-08",
    18363: "2021-05-11",
    19041: "2021-12-14",
    19042: "2022-08-09",
    20348: "2031-10-14",
    25398: "2025-10-24",
    26100: "2034-10-10",
}
WINDOWS_OLD = {
    2195: "2010-07-13",
    2600: "2014-04-08",
    3790: "2014-04-08",
    6000: "2010-04-13",
    6001: "2011-07-12",
    6002: "2017-04-11",
    7600: "2013-04-09",
    7601: "2020-01-14",
    9200: "2016-01-12",
    9600: "2023-01-10",
}
"""Windows 2000 to 8.1, whatever the edition; 6000, 6001 and 7600 lack the last service packs of Vista and Windows 7."""
EDITIONS = {
    1: "Ultimate", 2: "HomeBasic", 3: "HomePremium", 4: "Enterprise", 6: "Business", 7: "ServerStandard",
    8: "ServerDatacenter", 10: "ServerEnterprise", 11: "Starter", 12: "ServerDatacenterCore", 13: "ServerStandardCore",
    27: "EnterpriseN", 48: "Professional", 49: "ProfessionalN", 72: "EnterpriseEval", 79: "ServerStandardEval",
    80: "ServerDatacenterEval", 98: "CoreN", 99: "CoreCountrySpecific", 100: "CoreSingleLanguage", 101: "Core",
    121: "Education", 122: "EducationN", 125: "EnterpriseS", 126: "EnterpriseSN", 129: "EnterpriseSEval",
    161: "ProfessionalWorkstation", 162: "ProfessionalWorkstationN", 164: "ProfessionalEducation",
    165: "ProfessionalEducationN", 175: "ServerRdsh", 188: "IoTEnterprise", 191: "IoTEnterpriseS",
}  # fmt: skip
"""EditionID by Win32_OperatingSystem.OperatingSystemSKU (winnt.h, PRODUCT_*): the name alone is in the language of the
installation. ServerRdsh is an Enterprise for several users at once.
"""
LONG_TERM = ("enterprises", "iotenterprises", "ltsc", "ltsb")
ENTERPRISE = ("enterprise", "education")
PROFESSIONAL = ("professionaleducation", "pro education")  # which is serviced as Pro is


def windows_support_ends(build: int, edition: str, *, server: bool) -> str:
    """The day for a build and an edition (`Professional`, `EnterpriseS`, `Windows 10 Enterprise LTSC`)."""
    words = edition.lower()
    if "serverrdsh" in words:
        return WINDOWS_ENTERPRISE.get(build, "")
    if server:
        return WINDOWS_SERVER.get(build, "")
    if build in WINDOWS_OLD:
        return WINDOWS_OLD[build]
    home, long_term = WINDOWS.get(build, ("", ""))
    if any(word in words for word in PROFESSIONAL):
        return home
    if any(word in words for word in LONG_TERM):
        return WINDOWS_IOT.get(build, long_term) if "iot" in words else long_term
    return WINDOWS_ENTERPRISE.get(build, "") if any(word in words for word in ENTERPRISE) else home
