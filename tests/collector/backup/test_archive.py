"""The file of a backup: what was put in comes out, and nothing else ever does."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_collector.backup import archive
from keskidee_collector.backup.archive import Manifest
from keskidee_collector.backup.unpacking import NotUsable, unpack

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"register.db": b"register" * 700, "reports.db": b"", "tls/ca.key": b"k" * 512, "settings.yml": b"{}\n"}


def packed(folder: Path, files: dict[str, bytes] = FILES) -> bytes:
    """A backup of these files, not packed."""
    (folder / "tls").mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    manifest = archive.describe(folder, version="0.1.0", taken_at=1_800_000_000.5, revisions={})
    tar = b"".join(archive.pieces(folder, manifest))
    assert len(tar) == archive.length(manifest)
    return tar


def unpacked(data: bytes, folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    """What comes out. Raises NotUsable."""
    folder.mkdir()
    manifest = unpack(io.BytesIO(data), folder, lambda _: lambda _: None)
    files = [path for path in folder.rglob("*") if path.is_file()]
    return manifest, {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return packed(tmp_path_factory.mktemp("whole") / "in")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_was_put_in_comes_out(tmp_path: Path, pack: type[bytes]) -> None:
    manifest, files = unpacked(pack(packed(tmp_path / "in")), tmp_path / "out")
    assert files == FILES
    assert (manifest.version, manifest.taken_at, manifest.size_bytes) == (
        "0.1.0",
        1_800_000_000.5,
        sum(map(len, FILES.values())),
    )


def test_what_comes_out_is_its_owners_alone(tmp_path: Path, whole: bytes) -> None:
    unpacked(whole, tmp_path / "out")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").rglob("*")} == {0o600, 0o700}


def test_tar_reads_it_and_the_manifest_is_first(whole: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        assert [(info.name, info.mode, info.size) for info in tar.getmembers()][1:] == [
            (name, 0o600, len(FILES[name])) for name in archive.NAMES if name in FILES
        ]
        assert tar.getnames()[0] == "manifest.json"


@given(cut=st.integers(0, 15_000))
def test_one_that_is_cut_short_is_refused(tmp_path_factory: pytest.TempPathFactory, whole: bytes, cut: int) -> None:
    end = whole.rstrip(b"\0")  # the padding of the end may be missing
    with pytest.raises(NotUsable):
        unpacked(end[: min(cut, len(end) - 1)], tmp_path_factory.mktemp("cut") / "out")


@given(at=st.integers(0, 11_000), bit=st.integers(0, 7), is_packed=st.booleans())
def test_a_flipped_bit_is_noticed_or_changes_no_file(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, at: int, bit: int, *, is_packed: bool
) -> None:
    damaged = bytearray(gzip.compress(whole, mtime=0) if is_packed else whole)
    damaged[at % len(damaged)] ^= 1 << bit
    try:
        _, files = unpacked(bytes(damaged), tmp_path_factory.mktemp("flipped") / "out")
    except NotUsable:
        return
    assert files == FILES


@given(st.binary(max_size=2000))
def test_anything_else_is_no_backup(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    with pytest.raises(NotUsable, match="not a backup of keskidee"):
        unpacked(data, tmp_path_factory.mktemp("other") / "out")


def tar_of(*members: tuple[str, bytes, bytes]) -> bytes:
    """A tar of (name, type, content)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(content), "/etc/passwd"
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def manifest_of(*names: str) -> bytes:
    members = [{"name": name, "size": 0, "sha256": "0" * 64} for name in names]
    row = {"format": 1, "version": "9.9", "taken_at": 0.0, "revisions": {}, "members": members}
    return msgspec.json.encode(row)


REGULAR, LINK = tarfile.REGTYPE, tarfile.SYMTYPE
BAD = {
    "not a backup of keskidee": [("other.json", REGULAR, manifest_of(*archive.DATABASES))],
    "written by a newer keskidee (9.9)": [("manifest.json", REGULAR, b'{"format": 2, "version": "9.9", "new": []}')],
    "damaged: its manifest does not name the files of a backup": [
        ("manifest.json", REGULAR, manifest_of(*archive.DATABASES, "../../etc/passwd"))
    ],
    "cut short: register.db is missing": [("manifest.json", REGULAR, manifest_of(*archive.DATABASES))],
    "damaged: register.db is not where the manifest says": [
        ("manifest.json", REGULAR, manifest_of(*archive.DATABASES)), ("register.db", LINK, b"")
    ],
    "damaged: register.db has another checksum than it had": [
        ("manifest.json", REGULAR, manifest_of(*archive.DATABASES)), ("register.db", REGULAR, b"")
    ],
}  # fmt: skip


@pytest.mark.parametrize("problem", BAD)
def test_one_that_somebody_made_up_is_refused_in_one_line(tmp_path: Path, problem: str) -> None:
    with pytest.raises(NotUsable) as refused:
        unpacked(tar_of(*BAD[problem]), tmp_path / "out")
    assert str(refused.value) == problem


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_a_header_as_long_as_memory_is_not_read(tmp_path: Path, kind: bytes) -> None:
    bomb = tarfile.TarInfo("register.db")
    bomb.type, bomb.size = kind, 1 << 40
    manifest = tar_of(("manifest.json", REGULAR, manifest_of(*archive.DATABASES)))[:1024]
    for begin, said in (
        (b"", "not a backup of keskidee"),
        (manifest, "damaged: register.db is not where the manifest says"),
    ):
        with pytest.raises(NotUsable) as refused:
            unpacked(begin + bomb.tobuf(tarfile.GNU_FORMAT) + bytes(1024), tmp_path / f"out{len(begin)}")
        assert str(refused.value) == said


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"format": 1}', manifest_of("register.db")])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NotUsable, match=r"^damaged: its manifest"):
        unpacked(tar_of(("manifest.json", REGULAR, content)), tmp_path / "out")
