"""Installed packages: each manager's own database or list, and what a database that is being written costs."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.inventory.sources import apk, dpkg, flatpak, pacman, rpm, snap
from keskidee_report.items import Item
from keskidee_report.model import ABSENT, FAILED
from tests.agent.inventory.reading import found_in, items_in
from tests.agent.inventory.specimens import BASH, LOG, STATUS

GONE = "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n"
LIBC = "Package: libc6\nStatus: install ok installed\nArchitecture: {}\nVersion: 2.36\n\n"
BASH_ITEM = Item(
    "software",
    "bash",
    {
        "name": "bash",
        "version": "5.2.15-2+b8",
        "format": "deb",
        "architecture": "amd64",
        "maker": "Matthias Klose",
        "section": "shells",
        "comment": "GNU Bourne Again SHell",
        "url": "http://tiswww.case.edu/php/chet/bash/bashtop.html",
        "size_bytes": 7164 * 1024,
        "installed_on": "2024-09-10",
    },
)


def test_a_debian_package_with_the_day_in_dpkgs_log(tmp_path: Path) -> None:
    assert items_in(tmp_path, "dpkg", {STATUS: BASH + GONE, "var/log/dpkg.log": LOG}) == [BASH_ITEM]


def test_packages_of_two_architectures_have_keys_of_their_own(tmp_path: Path) -> None:
    items = items_in(tmp_path, "dpkg", {STATUS: BASH + LIBC.format("amd64") + LIBC.format("i386")})
    assert [each.key for each in items] == ["bash", "libc6:amd64", "libc6:i386"]


@pytest.mark.parametrize("cut", [len(BASH) + 20, len(BASH + GONE) - 1])
def test_a_database_that_is_being_written_gives_what_is_whole_and_a_reason(tmp_path: Path, cut: int) -> None:
    found = found_in(tmp_path, "dpkg", {STATUS: (BASH + GONE)[:cut]})
    assert (found.outcome, [each.key for each in found.items]) == (FAILED, ["bash"])
    assert "in the middle of a package" in found.reason


def test_dpkg_query_where_the_database_was_not_recorded(tmp_path: Path) -> None:
    output = (
        "bash\tamd64\t5.2\t7164\tshells\tinstall ok installed\nold\tall\t1\t1\tx\tdeinstall ok config-files\nnoise\n"
    )
    [each] = items_in(tmp_path, "dpkg", {"commands/dpkg-query": output})
    assert (each.key, each.fields["version"], each.fields["size_bytes"]) == ("bash", "5.2", 7164 * 1024)


def test_an_rpm(tmp_path: Path) -> None:
    output = "warning: foreign line\ngpg-pubkey\t(none)\t1-2\t1\t0\t(none)\tgpg(x)\tPublic Keys\n"
    output += "bash\tx86_64\t5.1.8-9.el9\t1700000000\t7738634\tRed Hat, Inc.\tThe GNU Bourne Again shell\tUnspecified\n"
    fields = {"name": "bash", "version": "5.1.8-9.el9", "format": "rpm", "architecture": "x86_64"}
    fields |= {"maker": "Red Hat, Inc.", "comment": "The GNU Bourne Again shell", "installed_on": "2023-11-14"}
    assert items_in(tmp_path, "rpm", {"commands/rpm": output}) == [
        Item("software", "bash", {**fields, "size_bytes": 7738634})
    ]


def test_an_apk(tmp_path: Path) -> None:
    text = "C:Q1x\nP:musl\nV:1.2.5-r0\nA:x86_64\nI:667648\nT:the musl c library\nm:Timo <t@x>\nF:lib\n\nP:cut"
    found = found_in(tmp_path, "apk", {"lib/apk/db/installed": text})
    fields = {"name": "musl", "version": "1.2.5-r0", "format": "apk", "architecture": "x86_64", "maker": "Timo"}
    assert found.items == (Item("software", "musl", {**fields, "comment": "the musl c library", "size_bytes": 667648}),)
    assert found.outcome == FAILED


def test_a_package_of_arch_from_its_database_and_from_its_query(tmp_path: Path) -> None:
    desc = "%NAME%\nbash\n\n%VERSION%\n5.2-1\n\n%ARCH%\nx86_64\n\n%INSTALLDATE%\n1700000000\n\n%SIZE%\n1024\n\n"
    query = "Name            : bash\nVersion         : 5.2-1\nArchitecture    : x86_64\n"
    query += "Installed Size  : 1.00 KiB\nInstall Date    : Tue 14 Nov 2023 10:13:20 PM UTC\n\n"
    fields: dict[str, str | int] = {"name": "bash", "version": "5.2-1", "format": "pacman", "architecture": "x86_64"}
    expected = [Item("software", "bash", {**fields, "installed_on": "2023-11-14", "size_bytes": 1024})]
    assert items_in(tmp_path / "a", "pacman", {"var/lib/pacman/local/bash-5.2-1/desc": desc}) == expected
    assert items_in(tmp_path / "b", "pacman", {"commands/pacman": query}) == expected


def test_a_package_of_arch_without_a_version_is_being_written(tmp_path: Path) -> None:
    assert found_in(tmp_path, "pacman", {"var/lib/pacman/local/x/desc": "%NAME%\nx\n"}).outcome == FAILED


def test_flatpaks_of_users_and_system(tmp_path: Path) -> None:
    output = "org.gnome.Platform\t3.38\tuser\tGNOME\ncom.x.Y\tstable\tsystem\tY\t1.2\tx86_64\tflathub\t31.5 MB\n"
    assert [
        (each.key, each.fields["version"]) for each in items_in(tmp_path, "flatpak", {"commands/flatpak": output})
    ] == [
        ("flatpak org.gnome.Platform 3.38 user", "3.38"),
        ("flatpak com.x.Y stable system", "1.2"),
    ]


def test_a_snap(tmp_path: Path) -> None:
    output = (
        "Name  Version  Rev  Tracking  Publisher  Notes\ncore22  20240731  1586  latest/stable  canonical**  base\n"
    )
    fields = {"name": "core22", "version": "20240731", "format": "snap", "revision": "1586", "branch": "latest/stable"}
    assert items_in(tmp_path, "snap", {"commands/snap": output}) == [
        Item("software", "snap core22", {**fields, "maker": "canonical", "notes": "base"})
    ]


@pytest.mark.parametrize("name", ["dpkg", "rpm", "apk", "pacman", "flatpak", "snap"])
def test_a_manager_that_is_not_installed_is_absent(tmp_path: Path, name: str) -> None:
    assert found_in(tmp_path, name, {}).outcome == ABSENT


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda content: content.decode("latin-1")))
def test_any_text_gives_packages_with_a_name_or_none(text: str) -> None:
    content = text.encode("utf-8", "replace")
    lists = [rpm.parse(content), flatpak.parse(content), snap.parse(content), dpkg.queried(content)]
    for items in (*lists, apk.parse(text + "\n\n"), pacman.queried(text), filter(None, [pacman.parse(text)])):
        assert all(each.kind == "software" and each.fields.get("format") for each in items)
    with suppress(StopIteration):
        next(dpkg.paragraphs(text))


def test_a_list_of_snaps_from_before_there_were_tracks(tmp_path: Path) -> None:
    old = "Name  Version      Rev   Developer  Notes\ncore  16-2.26.14  2462  canonical  core\n"
    fields = {"name": "core", "version": "16-2.26.14", "format": "snap", "revision": "2462", "maker": "canonical"}
    assert items_in(tmp_path, "snap", {"commands/snap": old}) == [
        Item("software", "snap core", {**fields, "notes": "core"})
    ]


@pytest.mark.parametrize(
    "day", ["Sat 21 Sep 2024 11:30:00 PM CEST", "Sat 21 Sep 2024 23:30:00 +05", "Sat Sep 21 10:00:00 2024"]
)
def test_a_package_of_pacman_is_installed_on_a_day_whatever_the_time_zone(tmp_path: Path, day: str) -> None:
    told = f"Name            : bash\nVersion         : 5.2-1\nInstall Date    : {day}\n\n"
    [package] = items_in(tmp_path, "pacman", {"commands/pacman": told})
    assert package.fields["installed_on"] == "2024-09-21"


def test_a_day_that_rpm_was_asked_to_spell(tmp_path: Path) -> None:
    told = "bash\tx86_64\t5.1-9\tMon Jul 15 12:34:56 2013\t10\n"
    [package] = items_in(tmp_path, "rpm", {"commands/rpm": told})
    assert package.fields["installed_on"] == "2013-07-15"


def test_a_package_that_waits_for_a_trigger_is_installed(tmp_path: Path) -> None:
    states = ("triggers-pending", "triggers-awaited", "half-configured", "config-files")
    status = "".join(f"Package: {state}\nStatus: install ok {state}\nVersion: 1\n\n" for state in states)
    found = items_in(tmp_path, "dpkg", {"var/lib/dpkg/status": status})
    assert [each.key for each in found] == ["triggers-pending", "triggers-awaited"]
