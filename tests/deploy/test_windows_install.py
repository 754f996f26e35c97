"""The scripts for Windows call keskidee as it is called, and guard the folder in which it keeps its credential."""

import re
import shlex
from pathlib import Path

import pytest

from keskidee import cli
from keskidee_agent.host.windows import STOP, STOP_FILE, UPGRADE
from keskidee_config import places

FOLDER = Path(__file__).parents[2] / "deploy" / "windows"
INSTALL = (FOLDER / "install.ps1").read_text(encoding="ascii")
CALL = re.compile(r'\$keskidee\'? (agent [^}"\n]+)|-Argument "(agent [^\n]+)"')


@pytest.mark.parametrize("words", [" ".join(found).strip() for found in CALL.findall(INSTALL)])
def test_a_call_of_keskidee_is_taken_as_it_stands(words: str) -> None:
    given = shlex.split(words.replace("$Collector", "https://collector.example.org:5375").replace("`", ""))
    assert callable(cli._parser(given).parse_args(given).run)


def test_it_enrols_and_runs() -> None:
    assert {tuple(" ".join(found).split()[:2]) for found in CALL.findall(INSTALL)} == {
        ("agent", "enrol"),
        ("agent", "run"),
        ("agent", "doctor"),
    }


@pytest.mark.parametrize("script", ["install.ps1", "uninstall.ps1"])
def test_the_folder_is_the_one_that_the_agent_uses(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("PROGRAMDATA", "ProgramData")
    assert str(places.data_directory()) == "ProgramData/keskidee"
    assert "Join-Path $env:ProgramData 'keskidee'" in (FOLDER / script).read_text(encoding="ascii")


def test_only_administrators_the_system_and_the_agent_are_let_into_it() -> None:
    granted = re.findall(r"\*(S-[0-9-]+):\(OI\)\(CI\)", INSTALL)
    trusted = re.findall(r"'(S-[0-9-]+)'", INSTALL.partition("$trusted =")[2].partition("#")[0])
    assert sorted(granted) == sorted(trusted) == ["S-1-5-18", "S-1-5-19", "S-1-5-32-544"]
    assert "/inheritance:r" in INSTALL


def test_the_agents_folder_is_made_by_the_script_since_python_would_close_it_to_the_agent() -> None:
    assert INSTALL.index("-Force $state") < INSTALL.index("/reset /T") < INSTALL.index("agent enrol")


def test_both_scripts_end_the_agent_before_its_files_go() -> None:
    uninstall = (FOLDER / "uninstall.ps1").read_text(encoding="ascii")
    for script, goes in ((INSTALL.partition("$trusted")[2], "-m venv"), (uninstall, "Remove-Item")):
        assert re.search(r"Stop-(Agent|Process)", script[: script.index(goes)])


def test_both_scripts_ask_for_an_end_before_they_kill() -> None:
    for script, word in ((INSTALL, UPGRADE), ((FOLDER / "uninstall.ps1").read_text(encoding="ascii"), STOP)):
        assert f"Join-Path $data 'agent\\{STOP_FILE}'" in script
        assert script.index(f"-Value '{word}'") < script.index("Stop-ScheduledTask")
