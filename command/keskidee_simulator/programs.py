"""What pretend machines have installed, as tables. The programs are real ones, so that people can ask for them by name,
but for those of an invented maker, Sea Grape.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from keskidee_simulator.fleet import Pretend
    from keskidee_simulator.models import System

MICROSOFT = "Microsoft Corporation"
SEA_GRAPE = "Sea Grape Software"


class Program(NamedTuple):
    """A program in two versions: one that is out of date, and one that is not. `{}` in its name is its version.

    `section` is that of a package.
    """

    name: str
    maker: str
    mebibytes: int
    old: str
    new: str
    section: str = ""


WINDOWS = (
    Program("Microsoft 365 Apps for business - en-us", MICROSOFT, 3900, "16.0.17928.20156", "16.0.18227.20162"),
    Program("Microsoft Edge", MICROSOFT, 620, "130.0.2849.80", "131.0.2903.86"),
    Program("Microsoft Edge WebView2 Runtime", MICROSOFT, 610, "130.0.2849.80", "131.0.2903.86"),
    Program("Microsoft OneDrive", MICROSOFT, 390, "24.201.1006.5", "24.226.1110.4"),
    Program("Microsoft Update Health Tools", MICROSOFT, 1, "5.72.0.0", "5.73.0.0"),
    Program("Microsoft Visual C++ 2022 X64 Minimum Runtime", MICROSOFT, 21, "14.38.33135", "14.40.33816"),
    Program("Google Chrome", "Google LLC", 580, "130.0.6723.117", "131.0.6778.86"),
    Program("Adobe Acrobat (64-bit)", "Adobe", 640, "24.003.20112", "24.005.20320"),
    Program("7-Zip {} (x64)", "Igor Pavlov", 6, "22.01", "24.08"),
    Program("Zoom Workplace (64-bit)", "Zoom", 310, "6.1.11.45504", "6.2.11.50939"),
    Program("Sea Grape Records Client", SEA_GRAPE, 148, "9.4.1", "10.0.2"),
    Program("Sea Grape Scan Desk", SEA_GRAPE, 66, "3.8.0", "4.1.3"),
)
WINDOWS_SOME = (
    Program("Mozilla Firefox (x64 en-US)", "Mozilla", 240, "128.4.0", "133.0"),
    Program("VLC media player", "VideoLAN", 190, "3.0.18", "3.0.21"),
    Program("Notepad++ (64-bit x64)", "Notepad++ Team", 16, "8.6.2", "8.7.1"),
    Program("LibreOffice {}", "The Document Foundation", 810, "24.2.5.2", "24.2.7.2"),
    Program("KeePass Password Safe {}", "Dominik Reichl", 8, "2.54", "2.57"),
    Program("PuTTY release {} (64-bit)", "Simon Tatham", 4, "0.78", "0.81"),
    Program("QGIS {}", "QGIS.org", 2900, "3.34.4", "3.34.12"),
    Program("R for Windows {}", "R Core Team", 250, "4.3.1", "4.4.2"),
    Program("FileZilla {}", "Tim Kosse", 45, "3.62.2", "3.67.1"),
    Program("Greenshot", "Greenshot", 3, "1.2.9", "1.2.10"),
)
MACOS = (
    Program("Microsoft Word", MICROSOFT, 2300, "16.89", "16.91"),
    Program("Microsoft Excel", MICROSOFT, 2100, "16.89", "16.91"),
    Program("Microsoft PowerPoint", MICROSOFT, 1900, "16.89", "16.91"),
    Program("Microsoft Outlook", MICROSOFT, 2200, "16.89.1", "16.91.1"),
    Program("OneDrive", MICROSOFT, 290, "24.201.1006", "24.226.1110"),
    Program("Google Chrome", "Google LLC", 640, "130.0.6723.117", "131.0.6778.86"),
    Program("Adobe Acrobat Reader", "Adobe Inc.", 650, "24.003.20112", "24.005.20320"),
    Program("Keynote", "Apple Inc.", 710, "14.1", "14.3"),
    Program("Pages", "Apple Inc.", 640, "14.1", "14.3"),
    Program("Numbers", "Apple Inc.", 590, "14.1", "14.3"),
    Program("Safari", "Apple Inc.", 14, "17.5", "17.6"),
    Program("zoom.us", "Zoom Communications, Inc.", 320, "6.1.11", "6.2.11"),
    Program("Sea Grape Records Client", SEA_GRAPE, 160, "9.4.1", "10.0.2"),
)
MACOS_SOME = (
    Program("Firefox", "Mozilla Corporation", 390, "128.4.0", "133.0"),
    Program("VLC", "VideoLAN", 160, "3.0.18", "3.0.21"),
    Program("GIMP", "GNOME Foundation", 980, "2.10.36", "2.10.38"),
    Program("Inkscape", "Inkscape", 520, "1.3.2", "1.4"),
)
MACOS_UPDATES = (("macOS Sonoma 14.7.1", "14.7.1"), ("Safari", "18.1.1"), ("Command Line Tools for Xcode", "16.1"))
"""What Software Update offers, with the version of each."""

PACKAGES = {
    "": """
        apt admin 4 2.6.0 2.6.1 2.4.12 2.4.13
        base-files admin 1 12.4+deb12u6 12.4+deb12u8 12ubuntu4.6 12ubuntu4.7
        bash shells 7 5.2.15-2 5.2.15-2+b7 5.1-6ubuntu1 5.1-6ubuntu1.1
        bind9-host net 1 1:9.18.24-1 1:9.18.28-1~deb12u2 1:9.18.18-0ubuntu0.22.04.2 1:9.18.28-0ubuntu0.22.04.1
        ca-certificates misc 1 20230311 20230311+deb12u1 20230311ubuntu0.22.04.1 20240203~22.04.1
        cron admin 1 3.0pl1-161 3.0pl1-162 3.0pl1-137ubuntu2 3.0pl1-137ubuntu3
        curl web 1 7.88.1-10+deb12u6 7.88.1-10+deb12u8 7.81.0-1ubuntu1.16 7.81.0-1ubuntu1.20
        dpkg admin 6 1.21.21 1.21.22 1.21.1ubuntu2.2 1.21.1ubuntu2.3
        gnupg utils 1 2.2.40-1 2.2.40-1.1 2.2.27-3ubuntu2 2.2.27-3ubuntu2.1
        grub-common admin 11 2.06-13 2.06-13+deb12u1 2.06-2ubuntu7 2.06-2ubuntu7.2
        iproute2 net 3 6.1.0-2 6.1.0-3 5.15.0-1ubuntu1 5.15.0-1ubuntu2
        libc6 libs 13 2.36-9+deb12u4 2.36-9+deb12u9 2.35-0ubuntu3.6 2.35-0ubuntu3.8
        libsystemd0 libs 1 252.22-1~deb12u1 252.31-1~deb12u1 249.11-0ubuntu3.11 249.11-0ubuntu3.12
        libxml2 libs 2 2.9.14+dfsg-1.2 2.9.14+dfsg-1.3 2.9.13+dfsg-1ubuntu0.3 2.9.13+dfsg-1ubuntu0.4
        openssh-server net 2 1:9.2p1-2+deb12u2 1:9.2p1-2+deb12u3 1:8.9p1-3ubuntu0.7 1:8.9p1-3ubuntu0.10
        openssl utils 2 3.0.13-1~deb12u1 3.0.15-1~deb12u1 3.0.2-0ubuntu1.15 3.0.2-0ubuntu1.18
        perl-base perl 8 5.36.0-7 5.36.0-7+deb12u1 5.34.0-3ubuntu1.2 5.34.0-3ubuntu1.3
        python3 python 1 3.11.1-1 3.11.2-1 3.10.6-1~22.04 3.10.6-1~22.04.1
        rsync net 1 3.2.7-1 3.2.7-1+deb12u1 3.2.7-0ubuntu0.22.04.2 3.2.7-0ubuntu0.22.04.3
        sudo admin 6 1.9.13p3-1 1.9.13p3-1+deb12u1 1.9.9-1ubuntu2.3 1.9.9-1ubuntu2.4
        systemd admin 10 252.22-1~deb12u1 252.31-1~deb12u1 249.11-0ubuntu3.11 249.11-0ubuntu3.12
        tzdata localization 3 2024a-0+deb12u1 2024b-0+deb12u1 2024a-0ubuntu0.22.04.1 2024b-0ubuntu0.22.04.1
        util-linux utils 3 2.38.1-4 2.38.1-5+deb12u1 2.37.2-4ubuntu3.3 2.37.2-4ubuntu3.4
        vim-tiny editors 2 2:9.0.1378-1 2:9.0.1378-2 2:8.2.3995-1ubuntu2.18 2:8.2.3995-1ubuntu2.21
        zlib1g libs 1 1:1.2.13.dfsg-0 1:1.2.13.dfsg-1 1:1.2.11.dfsg-2ubuntu9.1 1:1.2.11.dfsg-2ubuntu9.2
    """,
    "files": """
        samba net 20 2:4.17.12-0+deb12u1 2:4.17.12-0+deb12u2 2:4.15.13-0ubuntu1.5 2:4.15.13-0ubuntu1.6
        nfs-kernel-server net 1 1:2.6.2-3 1:2.6.2-4 1:2.6.1-1ubuntu1.1 1:2.6.1-1ubuntu1.2
        mdadm admin 1 4.2-4 4.2-5 4.2-0ubuntu1 4.2-0ubuntu2
    """,
    "mail": """
        postfix mail 4 3.7.10-0+deb12u1 3.7.11-0+deb12u1 3.6.4-1ubuntu1.2 3.6.4-1ubuntu1.3
        dovecot-imapd mail 2 1:2.3.19.1-2.1 1:2.3.19.1-2.1+deb12u1 1:2.3.16-3ubuntu2.3 1:2.3.16-3ubuntu2.4
        rspamd mail 18 3.4-1 3.4-1+b1 2.7-1build1 2.7-1build2
    """,
    "dns": """
        bind9 net 1 1:9.18.24-1 1:9.18.28-1~deb12u2 1:9.18.18-0ubuntu0.22.04.2 1:9.18.28-0ubuntu0.22.04.1
        unbound net 5 1.17.1-2 1.17.1-2+deb12u2 1.13.1-1ubuntu5.4 1.13.1-1ubuntu5.8
        isc-dhcp-server net 6 4.4.3-P1-1 4.4.3-P1-2 4.4.1-2.3ubuntu2.3 4.4.1-2.3ubuntu2.4
    """,
    "backup": """
        borgbackup admin 3 1.2.3-1 1.2.4-1 1.2.0-1 1.2.0-1ubuntu1
        restic utils 22 0.14.0-1 0.14.0-1+b5 0.12.1-2 0.12.1-2ubuntu0.2
        lvm2 admin 4 2.03.16-1 2.03.16-2 2.03.11-2.1ubuntu4 2.03.11-2.1ubuntu5
    """,
    "records": """
        postgresql database 50 15+247 15+248 14+237 14+238
        tomcat10 java 1 10.1.6-1 10.1.6-1+deb12u2 9.0.58-1ubuntu0.1 9.0.58-1ubuntu0.2
        solr-tomcat java 96 3.6.2+dfsg-24 3.6.2+dfsg-26 3.6.2+dfsg-22 3.6.2+dfsg-24
    """,
    "intranet": """
        nginx httpd 1 1.22.1-8 1.22.1-9 1.18.0-6ubuntu14.4 1.18.0-6ubuntu14.5
        php-fpm php 1 2:8.2+92 2:8.2+93 2:8.1+91 2:8.1+92ubuntu1
        mariadb-server database 50 1:10.11.6-0 1:10.11.9-0 1:10.6.16-0ubuntu0.22.04.1 1:10.6.18-0ubuntu0.22.04.1
    """,
    "database": """
        postgresql database 50 15+247 15+248 14+237 14+238
        pgbouncer database 1 1.18.0-1 1.18.0-1+b1 1.16.1-1 1.16.1-1ubuntu1
        barman database 2 3.4.0-1 3.4.0-2 2.18-1 2.19-1
    """,
    "proxy": """
        squid web 9 5.7-2+deb12u1 5.7-2+deb12u2 5.7-0ubuntu0.22.04.3 5.7-0ubuntu0.22.04.4
        haproxy net 5 2.6.12-1 2.6.12-1+deb12u1 2.4.24-0ubuntu0.22.04.1 2.4.26-0ubuntu0.22.04.1
        nginx httpd 1 1.22.1-8 1.22.1-9 1.18.0-6ubuntu14.4 1.18.0-6ubuntu14.5
    """,
    "desktop": """
        libreoffice-writer editors 120 4:7.4.5-2 4:7.4.7-1+deb12u5 1:7.3.7-0ubuntu0.22.04.5 1:7.3.7-0ubuntu0.22.04.7
        thunderbird mail 230 1:115.9.0-1 1:128.4.3-1 1:115.15.0-0ubuntu0.22.04.1 1:115.18.0-0ubuntu0.22.04.1
        evince gnome 1 43.1-1 43.1-2 42.3-0ubuntu2 42.3-0ubuntu3
    """,
}
"""By what a machine is there for ("": all): name, section, MiB, old and new version on Debian, the same on Ubuntu."""

PICKED = {"windows": 5, "darwin": 2}
"""Of what only some have, each has so many."""


@cache
def packages(system_id: str, role: str) -> tuple[Program, ...]:
    """What a Debian or an Ubuntu has that is there for this; for "": what all have."""
    at, maker = (3, "Debian maintainers") if system_id == "debian" else (5, "Ubuntu Developers")
    rows = [line.split() for line in PACKAGES[role].strip().splitlines()]
    return tuple(Program(row[0], maker, int(row[2]), row[at], row[at + 1], section=row[1]) for row in rows)


def programs_of(machine: Pretend) -> tuple[Program, ...]:
    """What this machine has; of one system all have equally many, as `count_of` says."""
    os = machine.system.os
    if os == "linux":
        role = machine.role if machine.kind == "server" else "desktop"
        return packages(machine.system.id, "") + packages(machine.system.id, role)
    all_have, some_have = (WINDOWS, WINDOWS_SOME) if os == "windows" else (MACOS, MACOS_SOME)
    first = machine.luck[27] % len(some_have)
    return all_have + (some_have + some_have)[first : first + PICKED[os]]


def count_of(system: System) -> int:
    """How many programs a machine with this system has."""
    if system.os == "linux":
        return len(packages(system.id, "")) + len(packages(system.id, "desktop"))
    return len(WINDOWS if system.os == "windows" else MACOS) + PICKED[system.os]
