"""Files: whole contents, kept open where that pays, with errors that sources understand."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from keskidee_agent.host.files import FILES_KEPT_OPEN, LARGEST_FILE_BYTES, SWEEP_ROUNDS, Files
from keskidee_report.model import Malformed, NotHere
from tests.agent.recordings import write_files


class Under(Files):
    """Files that lie under a folder of the test's."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root

    def _real(self, path: str) -> str:
        return f"{self.root}/{path}"


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Under]:
    found = Under(tmp_path)
    yield found
    found.close()


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_file_is_read_whole_however_long(files: Under) -> None:
    content = os.urandom(300_000)
    write_files(files.root, {"proc/long": content})
    assert files.content("proc/long") == content


def test_a_file_that_grew_is_read_whole(files: Under) -> None:
    write_files(files.root, {"proc/growing": b"a" * 100})
    files.content("proc/growing")
    write_files(files.root, {"proc/growing": b"b" * 20_000})
    assert files.content("proc/growing") == b"b" * 20_000


def test_a_proc_file_that_is_read_again_stays_open(files: Under) -> None:
    write_files(files.root, {"proc/stat": "1\n"})
    files.content("proc/stat")
    files.begin_round()
    files.content("proc/stat")
    before = open_descriptors()
    for _ in range(5):
        files.content("proc/stat")
    assert open_descriptors() == before


def test_a_file_that_is_read_seldom_does_not_stay_open(files: Under) -> None:
    write_files(files.root, {"sys/seldom": "1\n"})
    before = open_descriptors()
    for number in range(9):
        files.begin_round()
        if number % 2 == 0:
            files.content("sys/seldom")
    assert open_descriptors() == before


def pieces(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    """Lets the system hand out files in records of that length, as the kernel does where no further one fits."""
    monkeypatch.setattr(
        "keskidee_agent.host.files._pread", lambda descriptor, size, at: os.pread(descriptor, min(size, length), at)
    )


@pytest.mark.parametrize(
    ("path", "length"), [("proc/mdstat", 10), ("proc/net/dev", 2048), ("proc/diskstats", 4000), ("sys/x", 4096)]
)
def test_a_file_that_comes_in_pieces_is_read_whole(
    files: Under, monkeypatch: pytest.MonkeyPatch, path: str, length: int
) -> None:
    content = os.urandom(9000)
    write_files(files.root, {path: content})
    pieces(monkeypatch, length)
    assert [files.content(path) for _ in range(3)] == [content] * 3


@pytest.mark.parametrize("path", ["proc/net/dev", "proc/mdstat", "sys/class/net/lo/mtu"])
@pytest.mark.parametrize("length", [0, 1, 2047, 2048, 4095, 4096, 4097, 9000])
def test_a_file_of_any_length_is_read_whole_and_once_more(files: Under, path: str, length: int) -> None:
    content = os.urandom(length)
    write_files(files.root, {path: content})
    assert [files.content(path) for _ in range(3)] == [content] * 3


def test_a_file_outside_proc_and_sys_is_not_kept_open(files: Under) -> None:
    write_files(files.root, {"etc/os-release": "ID=one\n"})
    before = open_descriptors()
    files.content("etc/os-release")
    assert open_descriptors() == before


def test_a_file_put_in_the_place_of_another_is_read_anew(files: Under) -> None:
    write_files(files.root, {"etc/os-release": "ID=one\n"})
    files.content("etc/os-release")
    write_files(files.root, {"etc/new": "ID=two\n"})
    (files.root / "etc/new").rename(files.root / "etc/os-release")
    assert files.content("etc/os-release") == b"ID=two\n"


def test_no_more_descriptors_are_kept_than_allowed(files: Under) -> None:
    write_files(files.root, {f"sys/{number}": "1\n" for number in range(FILES_KEPT_OPEN + 20)})
    before = open_descriptors()
    for number in range(2 * (FILES_KEPT_OPEN + 20)):
        files.content(f"sys/{number // 2}")
    assert open_descriptors() - before == FILES_KEPT_OPEN


def test_a_file_that_nobody_reads_any_more_is_closed(files: Under) -> None:
    write_files(files.root, {"sys/gone": "1\n", "sys/here": "1\n"})
    files.content("sys/gone")
    files.content("sys/gone")
    for _ in range(2 * SWEEP_ROUNDS):
        files.begin_round()
        files.content("sys/here")
    assert list(files._open) == ["sys/here"]


def test_no_file_is_closed_while_a_thread_may_be_in_one(files: Under) -> None:
    write_files(files.root, {"sys/slow": "1\n"})
    files.content("sys/slow")
    files.content("sys/slow")
    for _ in range(2 * SWEEP_ROUNDS):
        files.begin_round(sweep=False)
    assert list(files._open) == ["sys/slow"]


def test_closing_closes_every_descriptor(files: Under) -> None:
    before = open_descriptors()
    write_files(files.root, {"proc/a": "1\n", "sys/b": "1\n"})
    for path in ("proc/a", "sys/b") * 2:
        files.content(path)
    files.close()
    assert open_descriptors() == before


def test_what_is_made_of_a_file_is_made_anew_when_it_changed(files: Under) -> None:
    made: list[bytes] = []

    def note(content: bytes) -> int:
        made.append(content)
        return len(made)

    write_files(files.root, {"proc/net/arp": "1\n"})
    found = [files.parsed("proc/net/arp", note), files.parsed("proc/net/arp", note)]
    write_files(files.root, {"proc/net/arp": "2\n"})
    found.append(files.parsed("proc/net/arp", note))
    assert (found, made) == ([1, 1, 2], [b"1\n", b"2\n"])


def test_a_shared_file_is_read_once_a_round(files: Under) -> None:
    write_files(files.root, {"proc/stat": "1\n"})
    files.shared("proc/stat")
    write_files(files.root, {"proc/stat": "2\n"})
    assert files.shared("proc/stat") == b"1\n"


def test_a_shared_file_is_read_again_in_the_next_round(files: Under) -> None:
    write_files(files.root, {"proc/stat": "1\n"})
    files.shared("proc/stat")
    write_files(files.root, {"proc/stat": "2\n"})
    files.begin_round()
    assert files.shared("proc/stat") == b"2\n"


@pytest.mark.parametrize("path", ["proc/missing", "proc/stat/below", "proc/a\0b", "proc/" + "long" * 100])
def test_what_is_not_there_is_not_here(files: Under, path: str) -> None:
    write_files(files.root, {"proc/stat": "1\n"})
    with pytest.raises(NotHere):
        files.content(path)


def test_a_loop_of_links_is_not_here(files: Under) -> None:
    (files.root / "loop").symlink_to("loop")
    with pytest.raises(NotHere):
        files.content("loop")


def test_a_folder_is_no_file(files: Under) -> None:
    (files.root / "proc").mkdir()
    with pytest.raises(Malformed, match="not a regular file"):
        files.content("proc")


def test_a_device_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="not a regular file"):
        Under(Path("/dev")).content("zero")
    assert not list(tmp_path.iterdir())


def test_a_fifo_is_no_file(files: Under) -> None:
    os.mkfifo(files.root / "fifo")
    with pytest.raises(Malformed, match="not a regular file"):
        files.content("fifo")


def test_a_file_without_end_is_refused(files: Under) -> None:
    with (files.root / "huge").open("wb") as file:
        file.truncate(LARGEST_FILE_BYTES * 4)
    with pytest.raises(Malformed, match="too large"):
        files.content("huge")


def test_names_come_sorted_and_chosen(files: Under) -> None:
    write_files(files.root, {f"sys/{name}": "" for name in ("cpu10", "cpu2", "online")})
    assert files.names("sys", "cpu") == ["cpu10", "cpu2"]


def test_the_names_of_no_folder_are_not_here(files: Under) -> None:
    with pytest.raises(NotHere):
        files.names("sys")


def test_a_signature_changes_with_the_file(files: Under) -> None:
    write_files(files.root, {"udev": "1\n"})
    before = files.signature("udev")
    write_files(files.root, {"udev": "22\n"})
    assert files.signature("udev") != before


def test_a_file_of_the_kernel_is_changed_when_it_says_so() -> None:
    files = Under(Path("/"))
    files.content("proc/self/mountinfo")
    files.content("proc/self/mountinfo")
    answers = [files.changed("proc/self/mountinfo") for _ in range(3)]
    files.close()
    assert answers == [False, False, False]


def test_a_file_that_was_never_read_counts_as_changed(files: Under) -> None:
    assert files.changed("proc/self/mountinfo") is True


def test_a_process_file_is_closed_when_its_process_ends() -> None:
    pid = os.posix_spawn("/bin/sleep", ["sleep", "60"], {})
    files = Under(Path("/"))
    files.content(f"proc/{pid}/status")
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    with pytest.raises(NotHere):
        files.content(f"proc/{pid}/status")
    assert files._open == {}
