"""What root hands to an agent without its rights: copies of firmware's serial numbers."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from keskidee.cli import main
from keskidee_agent.gather.gather import read
from keskidee_agent.host.facts import facts_of
from keskidee_agent.host.handed import FILES, FOLDER, copy_of
from keskidee_agent.host.recorded import RecordedMachine
from keskidee_report.model import OK, Denied
from tests.agent.recordings import FIXTURES, SOURCES, as_nobody, reading_at, values

SERIALS = ("product_serial", "product_uuid", "chassis_serial")
TABLE = b"\x7f\x04\x00\x00\x00\x00"


@pytest.fixture
def desktop() -> Iterator[Path]:
    """A recorded desktop whose serial numbers only root may read."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        root = Path(shutil.copytree(FIXTURES / "dmi" / "desktop", Path(folder, "machine")))
        tables = root / "sys/firmware/dmi/tables"
        tables.mkdir(parents=True)
        (tables / "DMI").write_bytes(TABLE)
        (root / "run").mkdir()
        yield root


def hand_over(root: Path) -> int:
    """Root's helper on a recorded machine; afterwards the files themselves are forbidden, and the copies are not."""
    status = main(["agent", "firmware", "--root", str(root), "--output", str(root / FOLDER)])
    for path in FILES:
        if (root / path).exists():
            (root / path).chmod(0)
    (root / FOLDER).chmod(0o755)
    for copy in (root / FOLDER).iterdir():
        copy.chmod(0o644)
    return status


def modes(folder: Path) -> dict[str, str]:
    return {path.name: stat.filemode(path.lstat().st_mode) for path in (folder, *folder.iterdir())}


def test_serial_numbers_come_from_the_copies(desktop: Path) -> None:
    before = values(reading_at("dmi", desktop))
    hand_over(desktop)
    with as_nobody():
        reading = reading_at("dmi", desktop)
    assert (reading.outcome, values(reading)) == (OK, before)


def test_the_register_hears_them_too(desktop: Path) -> None:
    before = facts_of(RecordedMachine(str(desktop)))
    hand_over(desktop)
    with as_nobody():
        assert facts_of(RecordedMachine(str(desktop))) == before


def test_the_structure_table_comes_from_its_copy(desktop: Path) -> None:
    hand_over(desktop)
    with as_nobody():
        assert RecordedMachine(str(desktop)).smbios() == TABLE


def test_without_copies_it_is_the_file_itself_that_is_denied(desktop: Path) -> None:
    (desktop / "sys/firmware/dmi/tables/DMI").chmod(0)
    with as_nobody(), pytest.raises(Denied, match="may not read /sys/firmware/dmi/tables/DMI"):
        RecordedMachine(str(desktop)).smbios()


def test_a_copy_that_is_no_text_is_a_label_and_no_more(desktop: Path) -> None:
    hand_over(desktop)
    (desktop / copy_of("product_serial")).write_bytes(b"$(reboot)\xff\n")
    with as_nobody():
        [(_, labels, _)] = read(SOURCES["dmi"], RecordedMachine(str(desktop))).samples
    assert labels["product_serial"] == "$(reboot)\ufffd"


def test_copies_are_for_their_group_alone(desktop: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["agent", "firmware", "--root", str(desktop), "--output", str(out)]) == 0
    assert modes(out) == {"out": "drwxr-x---", **dict.fromkeys((*SERIALS, "DMI"), "-rw-r-----")}


def test_a_second_run_replaces_what_changed_and_removes_what_is_gone(desktop: Path, tmp_path: Path) -> None:
    words = ["agent", "firmware", "--root", str(desktop), "--output", str(tmp_path / "out")]
    main(words)
    (desktop / "sys/class/dmi/id/product_serial").write_text("another\n")
    (desktop / "sys/class/dmi/id/chassis_serial").unlink()
    (tmp_path / "out" / ".DMI.new").write_text("left by one that was killed")
    assert main(words) == 0
    found = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    uuid = (desktop / "sys/class/dmi/id/product_uuid").read_bytes()
    assert found == {"product_serial": b"another\n", "product_uuid": uuid, "DMI": TABLE}


def test_a_machine_without_such_firmware_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "machine").mkdir()
    assert main(["agent", "firmware", "--root", str(tmp_path / "machine"), "--output", str(tmp_path / "out")]) == 0
    assert modes(tmp_path / "out") == {"out": "drwxr-x---"}


def test_what_is_denied_is_named_and_an_old_copy_of_it_is_removed(
    desktop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desktop / "sys/class/dmi/id/product_serial").chmod(0)
    out = desktop / "out"
    out.mkdir(mode=0o750)
    (out / "product_serial").write_text("old\n")
    if os.geteuid() == 0:
        os.chown(out, 65534, -1)
    with as_nobody():
        status = main(["agent", "firmware", "--root", str(desktop), "--output", str(out)])
    assert (status, capsys.readouterr().err, (out / "product_serial").exists()) == (
        1,
        "keskidee: may not read /sys/class/dmi/id/product_serial\n",
        False,
    )


@pytest.mark.parametrize("mode", [0o770, 0o757, 0o755, 0o1777])
def test_a_folder_in_which_others_write_or_look_is_refused(
    desktop: Path, tmp_path: Path, mode: int, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    out.chmod(mode)
    status = main(["agent", "firmware", "--root", str(desktop), "--output", str(out)])
    assert (status, capsys.readouterr().err.count("\n"), list(out.iterdir())) == (2, 1, [])


def test_a_link_in_place_of_the_folder_is_refused(desktop: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o750)
    (tmp_path / "out").symlink_to("elsewhere")
    assert main(["agent", "firmware", "--root", str(desktop), "--output", str(tmp_path / "out")]) == 2
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_in_place_of_a_copy_is_replaced_and_not_followed(desktop: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o750)
    (tmp_path / "passwd").write_text("root\n")
    for name in ("DMI", ".DMI.new"):
        (out / name).symlink_to(tmp_path / "passwd")
    assert main(["agent", "firmware", "--root", str(desktop), "--output", str(out)]) == 0
    assert ((tmp_path / "passwd").read_text(), (out / "DMI").is_symlink()) == ("root\n", False)


def test_an_unknown_group_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["agent", "firmware", "--root", str(tmp_path), "--output", str(tmp_path / "out"), "--group", "nobody-knows"]
    assert (main(words), capsys.readouterr().err) == (2, "keskidee: --group: there is no group nobody-knows\n")
