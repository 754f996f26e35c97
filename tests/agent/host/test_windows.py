"""What of Windows' own calls can be told without it: events of the console, moments, and the clock of each system."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keskidee_agent.host import clock, windows
from keskidee_agent.transport.trust import SERVER_AUTH, certificates_in, trusted_of
from keskidee_report.model import NotHere


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        ("CTRL_C", (False, [])),
        ("CTRL_BREAK", (True, ["stop"])),
        ("CTRL_CLOSE", (True, ["stop", windows.LAST_SECONDS])),
        ("CTRL_LOGOFF", (True, [])),
        ("CTRL_SHUTDOWN", (True, ["shutdown", windows.LAST_SECONDS])),
    ],
)
def test_the_end_of_a_console_ends_the_agent_and_somebodys_logoff_does_not(
    event: str, outcome: tuple[bool, list[str | float]]
) -> None:
    done: list[str | float] = []
    handle = windows.handler_of(lambda down: done.append("shutdown" if down else "stop"), rest=done.append)
    assert (handle(getattr(windows, event, 0)), done) == outcome


def test_a_program_is_the_systems_wherever_somebody_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "System32" / "WindowsPowerShell" / "v1.0"
    folder.mkdir(parents=True)
    for place in (folder, tmp_path):
        (place / "powershell.exe").touch()
    monkeypatch.chdir(tmp_path)
    assert windows.program("powershell.exe", {"SYSTEMROOT": str(tmp_path)}) == str(folder / "powershell.exe")
    with pytest.raises(NotHere):
        windows.program("lspci", {"SYSTEMROOT": str(tmp_path)})


@pytest.mark.parametrize(
    ("content", "asked"),
    [(b"upgrade\r\n", "upgrade"), (b"stop\r\n", "stop"), (b"", ""), (b"\xff\xfes\0", ""), (b"reload", "")],
)
def test_a_file_asks_for_an_end_once(tmp_path: Path, content: bytes, asked: str) -> None:
    path = tmp_path / windows.STOP_FILE
    path.write_bytes(content)
    assert [windows.asked_in(str(path)) for _ in range(2)] == [asked, ""]
    assert not path.exists()


def test_a_moment_of_windows_is_read_as_one_since_1970() -> None:
    moment = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
    ticks = (moment - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds() * 10_000_000
    assert windows.filetime_ms(int(ticks).to_bytes(8, "little")) == moment.timestamp() * 1000


def test_each_system_has_a_clock_that_goes_on_while_it_sleeps() -> None:
    assert [clock.clock_since_boot(platform) for platform in ("linux", "darwin")] == [
        time.CLOCK_BOOTTIME,
        time.CLOCK_MONOTONIC,
    ]


def test_the_authorities_of_the_systems_store_are_those_that_may_sign_servers() -> None:
    rows: list[tuple[bytes, str, bool | set[str]]] = [
        (b"all", "x509_asn", True),
        (b"servers", "x509_asn", {SERVER_AUTH, "1.3.6.1.5.5.7.3.4"}),
        (b"mail", "x509_asn", {"1.3.6.1.5.5.7.3.4"}),
        (b"bundle", "pkcs_7_asn", True),
        (b"distrusted", "x509_asn", False),
        (b"all", "x509_asn", True),
    ]
    assert certificates_in(trusted_of(rows)) == [b"all", b"servers"]
