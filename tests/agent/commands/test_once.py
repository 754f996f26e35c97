"""`keskidee agent once`: one reading as text or JSON; failures on stderr; an exit status."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from keskidee_agent.commands import once
from keskidee_agent.gather.output import READ, as_prometheus, number_text
from keskidee_report.model import Family
from tests.agent.recordings import FIXTURES, SOURCES, write_files

GAUGE = Family("node_x", "gauge", "Help with \\ and\nnewline", digits=0)
DESKTOP = FIXTURES / "dmi" / "desktop"


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    once.add_parser(parser.add_subparsers())
    return parser.parse_args(["once", *arguments])


def run(*arguments: str) -> int:
    return once.run(parse(*arguments))


def keskidee(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it."""
    command = [sys.executable, "-m", "keskidee", "agent", "once", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_text_is_what_prometheus_parses(capsys: pytest.CaptureFixture[str]) -> None:
    run("--root", str(FIXTURES / "filesystem" / "server"))
    families = {family.name for family in text_string_to_metric_families(capsys.readouterr().out)}
    assert families >= {"node_filesystem_avail_bytes", "node_filesystem_mount_info"}


def test_help_and_label_values_are_escaped() -> None:
    text = as_prometheus([GAUGE(1, path='C:\\ "two"\nlines')])
    assert text == (
        '# HELP node_x Help with \\\\ and\\nnewline\n# TYPE node_x gauge\nnode_x{path="C:\\\\ \\"two\\"\\nlines"} 1\n'
    )


def test_what_a_device_says_does_not_steer_a_terminal() -> None:
    assert as_prometheus([GAUGE(1, path="\x1b[2Jup\r\x07 \t\u202eé")]).endswith('{path="[2Jup \t\u202eé"} 1\n')


def test_samples_of_one_family_stand_together() -> None:
    other = Family("node_y", "counter", "Y")
    text = as_prometheus([GAUGE(1), other(2), GAUGE(3)])
    assert [line for line in text.splitlines() if line[0] != "#"] == ["node_x 1", "node_x 3", "node_y 2"]


def test_a_histogram_is_one_family_in_text() -> None:
    bucket, total, count = (Family(f"x_{part}", "histogram", "X") for part in ("bucket", "sum", "count"))
    text = as_prometheus([bucket(2, le="+Inf"), bucket(1, le="0.5"), GAUGE(1), total(1.5), count(2)])
    assert text.splitlines()[:6] == [
        "# HELP x X",
        "# TYPE x histogram",
        *('x_bucket{le="0.5"} 1', 'x_bucket{le="+Inf"} 2'),
        *("x_sum 1.5", "x_count 2"),
    ]


def test_a_summary_is_one_family_in_text() -> None:
    quantile, total, count = (Family(f"x{part}", "summary", "X") for part in ("", "_sum", "_count"))
    text = as_prometheus([total(1.5), count(2), quantile(0.75, quantile="0.5")])
    assert text == '# HELP x X\n# TYPE x summary\nx{quantile="0.5"} 0.75\nx_sum 1.5\nx_count 2\n'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (18446744073709551615, "18446744073709551615"),
        (12.0, "12"),
        (0.25, "0.25"),
        (1e300, "1e+300"),
        (1795405066.1234567, "1795405066.1234567"),
        (float("nan"), "NaN"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
    ],
)
def test_a_value_reads_back_the_same(value: float, text: str) -> None:
    assert number_text(value) == text


def test_json_has_the_shape_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    run("--format", "json", "--root", str(DESKTOP))
    document = json.loads(capsys.readouterr().out)
    assert {key: type(value).__name__ for key, value in document.items()} == {
        "schema": "int",
        "taken_at": "NoneType",
        "machine": "dict",
        "families": "list",
        "outcomes": "list",
    }


def test_a_family_in_json_is_whole(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_files(tmp_path, {"proc/loadavg": "0.21 0.05 12.30 2/719 19737\n", "calls.json": '{"time": 1700000000}'})
    run("--format", "json", "--root", str(tmp_path))
    document = json.loads(capsys.readouterr().out)
    family = {"name": "node_load1", "kind": "gauge", "help": "Load average over 1 minute", "unit": ""}
    assert (document["families"][0], document["taken_at"]) == ({**family, "samples": [[{}, 0.21]]}, 1700000000)


def test_json_names_the_outcome_of_every_source(capsys: pytest.CaptureFixture[str]) -> None:
    run("--format", "json", "--root", str(DESKTOP))
    outcomes = json.loads(capsys.readouterr().out)["outcomes"]
    assert [outcome["source"] for outcome in outcomes] == [*sorted(set(SOURCES) - {"textfile"}), "textfile"]


def test_json_says_what_the_machine_is(capsys: pytest.CaptureFixture[str]) -> None:
    run("--format", "json", "--root", str(DESKTOP))
    assert json.loads(capsys.readouterr().out)["machine"] == {
        "os": "linux",
        "maker": "Gigabyte Technology Co., Ltd.",
        "model": "B450 AORUS M",
        "serial": "SER0001",
        "uuid": "032e02b4-0499-05c3-0806-3c0700080009",
        "chassis": "desktop",
    }


def test_a_failure_is_told_on_stderr_and_the_rest_is_printed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_files(tmp_path, {"proc/loadavg": "0.21 0.05", "proc/meminfo": "MemTotal:  100 kB\n"})
    status = run("--root", str(tmp_path))
    captured = capsys.readouterr()
    assert (status, captured.err, captured.out.splitlines()[-1]) == (
        0,
        "keskidee: loadavg: failed: malformed: cut short: b'0.21 0.05'\n",
        "node_memory_MemTotal_bytes 102400",
    )


def test_nothing_read_is_status_1_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (run("--root", str(tmp_path)), capsys.readouterr()) == (
        1,
        ("", f"keskidee: nothing to read in {tmp_path}\n"),
    )


@pytest.mark.parametrize("root", ["nowhere", "file"])
def test_a_root_that_is_no_folder_is_status_2(root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path, {"file": ""})
    status = run("--root", str(tmp_path / root))
    captured = capsys.readouterr()
    assert (status, captured.out, captured.err.count("\n")) == (2, "", 1)


def test_this_machine_is_read_without_a_word_on_stderr_but_failures() -> None:
    done = keskidee()
    assert (done.returncode, [line for line in done.stderr.splitlines() if not line.startswith("keskidee: ")]) == (
        0,
        [],
    )


@pytest.mark.parametrize("form", ["json", "prometheus"])
def test_output_into_a_closed_pipe_ends_quietly(form: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "keskidee", "agent", "once", "--format", form, "--root", str(DESKTOP)]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_output_is_utf_8_in_every_locale() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "keskidee", "agent", "once", "--root", str(DESKTOP)],
        capture_output=True,
        check=False,
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PATH": "/usr/bin"},
    )
    assert 'product_version="\ufffd-CF é"' in done.stdout.decode("utf-8")


def files_of_the_kernel() -> list[str]:
    """What this process has open below /proc and /sys, but for the folder that says so."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{name}").removesuffix(" (deleted)"))  # its process ended
        except FileNotFoundError:
            continue
    return sorted(path for path in found if path.startswith(("/proc/", "/sys/")) and not path.endswith("/fd"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these files")
def test_no_file_of_this_machine_stays_open(capsys: pytest.CaptureFixture[str]) -> None:
    before = files_of_the_kernel()
    assert run() == READ
    assert files_of_the_kernel() == before
