"""Which system a machine runs, under the keys of os-release(5) on every platform."""

from pathlib import Path

import pytest

from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.host.release import line_release, macos_release, os_release, release_of, unquoted
from keskidee_agent.sources.os import major_minor, midnight
from keskidee_report.model import Malformed, NotHere
from tests.agent.recordings import write_files


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("debian", "debian"),
        ('"Debian GNU/Linux"', "Debian GNU/Linux"),
        ("'a \\ \"b\"'", 'a \\ "b"'),
        ('"a \\"b\\" \\$c \\\\ \\`d\\` \\e"', 'a "b" $c \\ `d` \\e'),
        ("Server\\ Edition", "Server Edition"),
        ('""', ""),
        ("", ""),
    ],
)
def test_a_value_is_taken_as_a_shell_takes_it(written: str, value: str) -> None:
    assert unquoted(written) == value


@pytest.mark.parametrize("written", ['"', "'", '"cut sho', "'cut sho"])
def test_a_quote_that_does_not_end_is_refused(written: str) -> None:
    with pytest.raises(Malformed):
        unquoted(written)


def test_comments_and_other_lines_are_passed_over() -> None:
    assert os_release("# ID=no\n\nnonsense\n  ID=yes\r\nNAME='two words'") == {"ID": "yes", "NAME": "two words"}


def test_etc_comes_before_usr(tmp_path: Path) -> None:
    write_files(tmp_path, {"etc/os-release": "ID=etc\n", "usr/lib/os-release": "ID=usr\n"})
    assert release_of(RecordedMachine(str(tmp_path))) == {"ID": "etc"}


def test_a_file_without_an_assignment_is_refused(tmp_path: Path) -> None:
    write_files(tmp_path, {"etc/os-release": "nothing\n"})
    with pytest.raises(Malformed):
        release_of(RecordedMachine(str(tmp_path)))


def test_a_system_without_the_file_is_not_here(tmp_path: Path) -> None:
    with pytest.raises(NotHere):
        release_of(RecordedMachine(str(tmp_path)))


@pytest.mark.parametrize(
    ("place", "text", "release"),
    [
        (
            "etc/redhat-release",
            "CentOS release 6.10 (Final)\n",
            ("centos", "CentOS", "CentOS release 6.10 (Final)", "6.10 (Final)", "6.10"),
        ),
        (
            "etc/system-release",
            "Amazon Linux AMI release 2014.03\n",
            ("amzn", "Amazon Linux AMI", "Amazon Linux AMI release 2014.03", "2014.03", "2014.03"),
        ),
        (
            "etc/lsb-release",
            'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=12.04\nDISTRIB_DESCRIPTION="Ubuntu 12.04.5 LTS"\n',
            ("ubuntu", "Ubuntu", "Ubuntu 12.04.5 LTS", "12.04", "12.04"),
        ),
    ],
)
def test_a_system_from_before_os_release_says_the_same_elsewhere(
    tmp_path: Path, place: str, text: str, release: tuple[str, ...]
) -> None:
    write_files(tmp_path, {place: text})
    names = ("ID", "NAME", "PRETTY_NAME", "VERSION", "VERSION_ID")
    assert release_of(RecordedMachine(str(tmp_path))) == dict(zip(names, release, strict=True))


@pytest.mark.parametrize("line", ["", "CentOS", "release 6", "CentOS release six"])
def test_a_line_without_a_release_is_refused(line: str) -> None:
    with pytest.raises(Malformed):
        line_release(line)


def test_a_system_whose_lsb_release_names_no_release_is_refused(tmp_path: Path) -> None:
    write_files(tmp_path, {"etc/lsb-release": "LSB_VERSION=1.4\n"})
    with pytest.raises(Malformed):
        release_of(RecordedMachine(str(tmp_path)))


@pytest.mark.parametrize("plist", ["", "<plist", "not xml", "\x00"])
def test_what_is_no_property_list_is_refused(plist: str) -> None:
    with pytest.raises(Malformed):
        macos_release(plist)


@pytest.mark.parametrize(
    ("version", "number"),
    [
        ("20.04", 20.04),
        ("20.04.2", 20.04),
        ("12", 12.0),
        ("9.4.1", 9.4),
        ("10.0.19045", 10.0),
        ("", 0),
        ("rolling", 0),
        ("15-SP5", 15.0),
        ("3.18_alpha", 3.18),
        ("v1.2", 0),
    ],
)
def test_the_version_as_a_number_is_its_major_and_minor(version: str, number: float) -> None:
    assert major_minor(version) == number


def test_support_ends_at_midnight_utc() -> None:
    assert midnight("2032-05-31") == 1969574400


@pytest.mark.parametrize("day", ["soon", "2032-13-01", "31.05.2032", ""])
def test_an_end_of_support_that_is_no_day_is_refused(day: str) -> None:
    with pytest.raises(Malformed):
        midnight(day)
