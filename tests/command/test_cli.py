"""The `keskidee` command as people type it: help, slips, and what it loads."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from keskidee.cli import COMMANDS, main

KESKIDEE = [sys.executable, "-m", "keskidee"]


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What is said on stderr of words that cannot be run; stdout stays empty and the status is 2."""
    try:
        status = main(words)
    except SystemExit as stop:
        status = stop.code  # type: ignore[assignment]  # argparse exits with a number
    output = capsys.readouterr()
    assert (status, output.out) == (2, "")
    return output.err


def test_help_is_printed_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--help"])
    assert (status, capsys.readouterr().out.startswith("Watches computers")) == (0, True)


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    first_words = {line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")}
    assert set(COMMANDS) <= first_words


def test_help_fits_a_terminal_of_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if len(line) > 80] == []


def test_the_help_of_a_command_begins_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["agent", "doctor", "--help"])
    assert "\n\nWhat each source reads here" in capsys.readouterr().out


def test_no_word_at_all_prints_the_help_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(capsys).startswith("Watches computers")


def test_version_is_the_installed_one(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--version"])
    assert capsys.readouterr().out == f"keskidee {version('keskidee')}\n"


SLIPS = {
    "agnt": "keskidee: unknown command 'agnt', did you mean agent?\n",
    "zzz": "keskidee: unknown command 'zzz'; there are up, agent, device, collector, register, alert, maintenance\n",
    "--verison": "keskidee: unknown option '--verison', did you mean --version?\n",
    "up --lisen 127.0.0.1:1": "keskidee up: unknown option --lisen, did you mean --listen?\n",
    "up --lisen=127.0.0.1:1": "keskidee up: unknown option --lisen, did you mean --listen?\n",
    "up now": "keskidee up: one word too many: now\n",
    "agent onec": "keskidee agent: unknown command 'onec', did you mean once?\n",
    "maintenance strat": "keskidee maintenance: unknown command 'strat', did you mean start?\n",
    "maintenance end": "keskidee maintenance end: name one: an ID, --site SITE or --asset ASSET\n",
    "maintenance start --site suva --for 2": "keskidee maintenance start: argument --for: write a time as 2h, 30m, "
    "1h30m or 1d, not '2' (keskidee maintenance start --help tells more)\n",
    "maintenance start --site suva --for 32d": "keskidee maintenance start: argument --for: from 1m to 31d, not 32d "
    "(keskidee maintenance start --help tells more)\n",
    "alert test --alertmanager 127.0.0.1:9093": "keskidee alert test: argument --alertmanager: write http://HOST:PORT, "
    "not '127.0.0.1:9093' (keskidee alert test --help tells more)\n",
    "agent once --format jsn": "keskidee agent once: argument --format: unknown value 'jsn', did you mean json?\n",
    "device 192.0.2.1 --port snmp": "keskidee device: argument --port: not a whole number: 'snmp' "
    "(keskidee device --help tells more)\n",
    "collector token create --uses 0": "keskidee collector token create: argument --uses: a number of machines from 1 "
    "to 1000000, not '0' (keskidee collector token create --help tells more)\n",
    "collector token create --days soon": "keskidee collector token create: argument --days: a number of days over 0, "
    "36500 at most, not 'soon' (keskidee collector token create --help tells more)\n",
    "collector": (
        "keskidee collector: the following arguments are required: COMMAND (keskidee collector --help tells more)\n"
    ),
}


@pytest.mark.parametrize(("line", "said"), SLIPS.items(), ids=SLIPS)
def test_a_slip_is_one_line_with_the_nearest_valid_name(
    capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    assert refusal(capsys, *line.split()) == said


def test_a_settings_file_with_an_unknown_key_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "collector.yml"
    path.write_text("listn: 127.0.0.1:0\n")
    assert refusal(capsys, "collector", "serve", "--config", str(path)) == (
        f"keskidee: {path}:1: listn: unknown key, did you mean listen?\n"
    )


LOADED = """
import sys
from keskidee.cli import main
try:
    main({words!r})
finally:
    sys.stderr.write(" ".join(sorted(sys.modules)))
"""


def loaded_by(*words: str) -> set[str]:
    """The modules in a fresh interpreter after it ran these words."""
    done = subprocess.run([sys.executable, "-c", LOADED.format(words=words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def test_agent_once_loads_nothing_of_the_collector_and_no_heavy_library() -> None:
    heavy = {"keskidee_collector", "keskidee_exporters", "starlette", "uvicorn", "sqlalchemy", "requests", "yaml"}
    assert loaded_by("agent", "once") & heavy == set()


def test_version_loads_no_package_of_commands() -> None:
    assert {name for name in loaded_by("--version") if name.startswith("keskidee")} == {
        "keskidee",
        "keskidee.cli",
        "keskidee_report",
    }


def test_a_missing_library_of_the_collector_is_one_line_that_says_what_to_install() -> None:
    without = "import sys; sys.modules['uvicorn'] = None; from keskidee.cli import main; "
    run = [sys.executable, "-c", without + "sys.exit(main(['collector', 'serve']))"]
    done = subprocess.run(run, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        2,
        "keskidee collector: uvicorn is not installed: pip install 'keskidee[collector]'\n",
    )


def test_a_reader_that_has_seen_enough_ends_the_command_quietly() -> None:
    line = " ".join([*KESKIDEE, "agent", "once"])
    done = subprocess.run(["sh", "-c", f"{line} | true"], capture_output=True, text=True)
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_one_line_and_a_failure() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*KESKIDEE, "agent", "once"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "keskidee agent: No space left on device\n")
