"""Text files of a folder: merged over files as node_exporter does, and no file costs another."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from keskidee_agent.gather.output import as_prometheus
from keskidee_agent.host.machine import Machine
from keskidee_report.codec import Encoder
from keskidee_report.model import ABSENT, DENIED, OK, Reading
from tests.agent.recordings import as_nobody, reading_of, write_files
from tests.processes import Start

MTIME = 1_700_000_000
CASES = (
    *("client_side_timestamp", "different_metric_types", "histogram", "histogram_extra_dimension"),
    *("inconsistent_metrics", "metrics_merge_different_help", "metrics_merge_empty_help", "metrics_merge_no_help"),
    *("metrics_merge_same_help", "no_metric_files", "nonexistent_path", "summary", "summary_extra_dimension"),
    *("two_metric_files", "*_extra_dimension"),
)


def machine_with(folder: Path | str) -> Machine:
    machine = Machine()
    machine.textfile_directory = str(folder)
    return machine


def reading(folder: Path, files: dict[str, str | bytes]) -> Reading:
    write_files(folder, files)
    for file in folder.glob("*"):
        os.utime(file, (MTIME, MTIME))
    return reading_of("textfile", machine_with(folder))


def lines(found: Reading, folder: Path) -> list[str]:
    """The sample lines, without the folder in them."""
    text = as_prometheus(found.samples).replace(f"{folder}/", "")
    return [line for line in text.splitlines() if line[0] != "#"]


def error(found: Reading) -> float:
    return {family.name: value for family, _, value in found.samples}["node_textfile_scrape_error"]


def test_no_folder_is_nothing_to_read() -> None:
    found = reading_of("textfile", Machine())
    assert (found.outcome, found.samples) == (ABSENT, [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_on_windows_a_file_is_read_as_its_shell_writes_it(tmp_path: Path, encoding: str) -> None:
    text = '# TYPE x gauge\r\nx{who="José"} 1\r\n'
    windows = Machine(platform="windows")
    windows.textfile_directory = str(tmp_path)
    write_files(tmp_path, {"a.prom": text.encode(encoding)})
    assert lines(reading_of("textfile", windows), tmp_path)[0] == 'x{who="José"} 1'
    assert error(reading(tmp_path, {"a.prom": text.encode(encoding)})) == 1


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    found = reading(tmp_path, {"b.prom": "y 2\n", "a.prom": "x 1\n", "c.txt": "z 3\n"})
    assert (found.outcome, lines(found, tmp_path)) == (
        OK,
        [
            "x 1",
            "y 2",
            *(f'node_textfile_mtime_seconds{{file="{name}.prom"}} {MTIME}' for name in "ab"),
            "node_textfile_scrape_error 0",
        ],
    )


@pytest.mark.parametrize(
    ("spoilt", "left"),
    [
        pytest.param("x 1 1700000000000\n", ["good 1"], id="a timestamp"),
        pytest.param("x 1\ny", ["good 1"], id="being written"),
        pytest.param(b'x{a="\xff"} 1\n', ["good 1"], id="not UTF-8"),
        pytest.param("x 1\n" * 10_001, ["good 1"], id="too many samples"),
        pytest.param("x:rule 1\n", ["good 1"], id="the name of a recording rule"),
        pytest.param("x" * 300 + " 1\n", ["good 1"], id="an endless name"),
        pytest.param("node_textfile_scrape_error 0\n", ["good 1"], id="a name of our own"),
    ],
)
def test_a_file_that_is_refused_costs_itself(tmp_path: Path, spoilt: str | bytes, left: list[str]) -> None:
    found = reading(tmp_path, {"a.prom": spoilt, "good.prom": "good 1\n"})
    assert ([line for line in lines(found, tmp_path) if "textfile" not in line], error(found)) == (left, 1)


def fifo(path: Path) -> None:
    os.mkfifo(path)


def dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 64 << 20)


@pytest.mark.parametrize("make", [fifo, dangling, Path.mkdir, huge])
def test_what_is_no_text_file_costs_itself(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "a.prom")
    found = reading_of("textfile", machine_with(write_files(tmp_path, {"good.prom": "good 1\n"})))
    assert (lines(found, tmp_path)[0], error(found)) == ("good 1", 1)


def test_a_link_is_followed(tmp_path: Path) -> None:
    write_files(tmp_path, {"elsewhere": "x 1\n"})
    (tmp_path / "a.prom").symlink_to("elsewhere")
    assert lines(reading(tmp_path, {}), tmp_path)[0] == "x 1"


def test_a_forbidden_file_is_denied_and_costs_itself(tmp_path: Path) -> None:
    shutil.rmtree(tmp_path)
    folder = Path("/tmp", tmp_path.name + str(os.getpid()))  # pytest's own folders are closed to nobody
    write_files(folder, {"a.prom": "x 1\n", "good.prom": "good 1\n"})
    (folder / "a.prom").chmod(0)
    try:
        with as_nobody():
            found = reading_of("textfile", machine_with(folder))
    finally:
        shutil.rmtree(folder)
    assert (found.outcome, found.reason, lines(found, folder)[0], error(found)) == (
        DENIED,
        f"may not read {folder}/a.prom",
        "good 1",
        1,
    )


def test_what_is_wrong_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine = machine_with(write_files(tmp_path, {"a.prom": "x\n"}))
    for _ in range(3):
        reading_of("textfile", machine)
    assert capsys.readouterr().err == f"keskidee: textfile: {tmp_path}/a.prom: line 1: not a number\n"


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    machine = machine_with(write_files(tmp_path, {"a.prom": "x 1\n"}))
    found = [lines(reading_of("textfile", machine), tmp_path)[0] for _ in range(3)]
    write_files(tmp_path, {"a.prom": "x 25\n"})
    found.append(lines(reading_of("textfile", machine), tmp_path)[0])
    (tmp_path / "a.prom").unlink()
    found.append(lines(reading_of("textfile", machine), tmp_path)[0])
    assert found == ["x 1", "x 1", "x 1", "x 25", "node_textfile_scrape_error 0"]


def test_a_write_of_the_same_moment_and_size_is_seen(tmp_path: Path) -> None:
    machine = machine_with(tmp_path)
    reading(tmp_path, {"a.prom": "x 1\n"})
    before = reading_of("textfile", machine)
    with (tmp_path / "a.prom").open("r+") as file:
        file.write("x 2\n")
    os.utime(tmp_path / "a.prom", (MTIME, MTIME))
    assert [lines(found, tmp_path)[0] for found in (before, reading_of("textfile", machine))] == ["x 1", "x 2"]


def test_a_kind_that_contradicts_an_earlier_file_is_left_out(tmp_path: Path) -> None:
    found = reading(tmp_path, {"a.prom": "# TYPE x gauge\nx 1\n", "b.prom": '# TYPE x counter\nx{a="1"} 2\n'})
    assert lines(found, tmp_path)[0:2] == ["x 1", f'node_textfile_mtime_seconds{{file="a.prom"}} {MTIME}']


def test_the_first_of_two_samples_of_one_series_stands(tmp_path: Path) -> None:
    found = reading(tmp_path, {"a.prom": 'x{a="1"} 1\nx{a="1",b=""} 2\n', "b.prom": 'x{a="1"} 3\nx{a="2"} 4\n'})
    assert lines(found, tmp_path)[:2] == ['x{a="1",b=""} 1', 'x{a="2",b=""} 4']


def test_a_name_that_a_histogram_takes_is_left_out(tmp_path: Path) -> None:
    found = reading(tmp_path, {"a.prom": "# TYPE x histogram\nx_count 1\n", "b.prom": "x_count 2\n"})
    assert lines(found, tmp_path)[:3] == ['x_bucket{le="+Inf"} 1', "x_sum 0", "x_count 1"]


def test_more_than_a_report_holds_is_left_out_family_by_family(tmp_path: Path) -> None:
    many = "".join(f'x{{a="{number}"}} 1\n' for number in range(6000))
    found = reading(tmp_path, {"a.prom": many, "b.prom": many.replace("x", "y"), "c.prom": "z 1\n"})
    assert ({family.name for family, _, _ in found.samples}, error(found)) == (
        {"x", "z", "node_textfile_mtime_seconds", "node_textfile_scrape_error"},
        1,
    )


def test_names_stay_the_same_objects_when_only_values_change(tmp_path: Path) -> None:
    machine = machine_with(write_files(tmp_path, {"a.prom": 'x{a="1"} 1\n'}))
    encoder = Encoder(b"session!")
    schemas = []
    for number in range(3):
        write_files(tmp_path, {"a.prom": f'x{{a="1"}} {number}\n'})
        schemas.append(encoder.report([reading_of("textfile", machine)], sequence=1, boot_ms=1, wall_ms=1).schema_id)
    assert len(set(schemas)) == 1


def unlabelled(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Each series with its value, but for when files were written."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.startswith(("node_textfile_mtime", "node_scrape", "node_exporter", "go_", "pro"))
        or sample.name.startswith("prometheus_tsdb")
        or sample.name.startswith("prometheus_rule")
    }


@pytest.fixture(scope="module")
def recorded(node_exporter_roots: Path) -> Path:
    return node_exporter_roots / "textfile"


@pytest.mark.parametrize("case", CASES)
def test_node_exporters_cases_give_what_it_gives(case: str, recorded: Path) -> None:
    expected = (recorded / f"{case.replace('*', 'glob')}.out").read_text(encoding="utf-8")
    found = as_prometheus(reading_of("textfile", machine_with(recorded / case)).samples)
    assert unlabelled(found) == unlabelled(expected)


@pytest.mark.parametrize("case", CASES)
def test_node_exporters_cases_have_its_kinds_and_help_texts(case: str, recorded: Path) -> None:
    def heads(text: str) -> set[str]:
        return {line for line in text.splitlines() if line[0] == "#" and " node_textfile_" not in line}

    expected = (recorded / f"{case.replace('*', 'glob')}.out").read_text(encoding="utf-8")
    found = as_prometheus(reading_of("textfile", machine_with(recorded / case)).samples)
    assert heads(found.replace(str(recorded), "fixtures/textfile")) == heads(expected)


def test_the_families_of_the_recording_are_there(recorded: Path, shared_data: Path) -> None:
    families = json.loads((shared_data / "node_exporter_fixtures" / "expected_P1.json").read_text(encoding="utf-8"))
    expected = {
        (name, frozenset(labels.items())): float(value)
        for family in families.values()
        if family["collector"] == "textfile"
        for name, labels, value in family["samples"]
    }
    found = as_prometheus(reading_of("textfile", machine_with(recorded / "two_metric_files")).samples)
    assert unlabelled(found) == expected


def test_a_live_node_exporter_gives_the_same(
    tmp_path: Path, program: Callable[[str], Path], start: Start, free_port: Callable[[], int]
) -> None:
    write_files(
        tmp_path / "files",
        {
            "a.prom": '# HELP x_total X\n# TYPE x_total counter\nx_total{a="1"} 1\nx_total{b="2"} 2.5\n',
            "b.prom": '# TYPE y histogram\ny_bucket{le="1"} 1\ny_bucket{le="0.5"} 0.9\ny_count 2\ny_sum 1e9\n',
            "c.prom": '# TYPE z summary\nz{quantile="1",a="\\"\\\\\\n"} NaN\nz_sum{a=""} 3\n',
            "d.prom": "cut 1",
            "e.prom": "hex 0x1\n",
            "f.prom": 'dup{a="1"} 1\ndup{a="1"} 2\n',
            "g.prom": "",
            "h.prom": "no_blank{}3\nlate +Inf\n# a comment\n\n",
        },
    )
    port = free_port()
    options = ["--collector.disable-defaults", "--collector.textfile"]
    options += [f"--collector.textfile.directory={tmp_path}/files", f"--web.listen-address=127.0.0.1:{port}"]
    start([program("prometheus-node-exporter"), *options], ready=f"http://127.0.0.1:{port}/metrics")
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        expected = unlabelled(answer.read().decode())
    found = unlabelled(as_prometheus(reading_of("textfile", machine_with(tmp_path / "files")).samples))
    assert {key: str(float(v)) for key, v in found.items()} == {key: str(float(v)) for key, v in expected.items()}
