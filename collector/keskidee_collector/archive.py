"""A backup as a file: a tar, packed with gzip, that begins with a manifest.

`manifest.json` says which program wrote it and when, and of each member after it the size and the SHA-256. A reader so
knows at once whether it can use the file, and at the end whether all of it is there. Sources: RFC 1952; pax(1), ustar.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import zlib
from typing import TYPE_CHECKING, BinaryIO, Self

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FORMAT = 1
MANIFEST = "manifest.json"
DATABASES = ("register.db", "reports.db")
AUTHORITY = ("tls/ca.key", "tls/ca.pem", "tls/next.key")
SETTINGS = "settings.yml"
NAMES = (*DATABASES, *AUTHORITY, SETTINGS)
"""What a backup may hold, in this order. What is made anew by a start is left out: admin token, server certificate."""
MANIFEST_BYTES = 64 * 1024
PIECE_BYTES = 256 * 1024
BLOCK_BYTES = tarfile.BLOCKSIZE
EXTENDED = frozenset({
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.GNUTYPE_SPARSE, tarfile.XHDTYPE, tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
})  # fmt: skip
END = bytes(2 * BLOCK_BYTES)


class NotUsable(Exception):
    """A backup that cannot be restored, in one line for the person who tries."""


class Member(msgspec.Struct, frozen=True):
    """A file in a backup; `sha256` in hexadecimal."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is: its format, the program's version, the moment (epoch seconds), and what follows.

    `revisions` are the newest migration of each database, by file name.
    """

    format: int
    version: str
    taken_at: float
    revisions: dict[str, str]
    members: list[Member]

    @property
    def size_bytes(self) -> int:
        """What its members take on disk."""
        return sum(member.size for member in self.members)


class _Format(msgspec.Struct):
    format: int
    version: str = "?"


def describe(folder: Path, *, version: str, taken_at: float, revisions: dict[str, str]) -> Manifest:
    """The manifest of a folder whose files no longer change."""
    members = [_described(folder, name) for name in NAMES if (folder / name).is_file()]
    return Manifest(format=FORMAT, version=version, taken_at=taken_at, revisions=revisions, members=members)


def _described(folder: Path, name: str) -> Member:
    with open(folder / name, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Member(name, file.tell(), digest)


def pieces(folder: Path, manifest: Manifest) -> Iterator[bytes]:
    """The tar, not yet packed; `length` bytes in all. Raises OSError."""
    head = _manifest_bytes(manifest)
    yield _header(MANIFEST, len(head), manifest.taken_at) + _padded(head)
    for member in manifest.members:
        yield _header(member.name, member.size, manifest.taken_at)
        with open(folder / member.name, "rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece
        yield bytes(-member.size % BLOCK_BYTES)
    yield END


def length(manifest: Manifest) -> int:
    """How many bytes `pieces` gives."""
    sizes = [len(_manifest_bytes(manifest)), *[member.size for member in manifest.members]]
    return sum(BLOCK_BYTES + size + -size % BLOCK_BYTES for size in sizes) + len(END)


def _manifest_bytes(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def _header(name: str, size: int, at: float) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, int(at), 0o600
    return info.tobuf(tarfile.GNU_FORMAT)  # a ustar header ends at 8 GiB


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK_BYTES)


def unpack(source: BinaryIO, folder: Path, begin: Callable[[Manifest], Callable[[int], None]]) -> Manifest:
    """Writes the members of a backup into a folder, each durable and its owner's alone, and checks all of them.

    `begin` is called with the manifest before anything is written; what it returns, with the bytes of each piece.
    Raises NotUsable, OSError.
    """
    try:
        tar = tarfile.open(fileobj=source, mode="r|*", tarinfo=_Plain)  # noqa: SIM115  # what is not even a tar is told apart
    except (tarfile.TarError, zlib.error, EOFError) as error:
        raise NotUsable("not a backup of keskidee") from error
    try:
        with tar:
            manifest = _read_manifest(tar)
            progress = begin(manifest)
            for member in manifest.members:
                _unpack_member(tar, member, folder, progress)
    except (tarfile.TarError, zlib.error, EOFError) as error:
        raise NotUsable(f"damaged or cut short: {error}") from error
    return manifest


class _Plain(tarfile.TarInfo):
    """A header of a member. Headers of headers, which are read into memory as long as they say they are, are none."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        found = super().frombuf(buf, encoding, errors)
        if found.type in EXTENDED:
            raise tarfile.ReadError("a header that no backup has")
        return found


def _read_manifest(tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or not first.isreg() or first.size > MANIFEST_BYTES:
        raise NotUsable("not a backup of keskidee")
    content = _content(tar, first).read()
    try:
        head = msgspec.json.decode(content, type=_Format)
        if head.format > FORMAT:
            raise NotUsable(f"written by a newer keskidee ({head.version})")
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotUsable(f"damaged: its manifest is not as it should be: {error}") from error
    names = [member.name for member in manifest.members]
    if len(set(names)) != len(names) or not set(DATABASES) <= set(names) <= set(NAMES):
        raise NotUsable("damaged: its manifest does not name the files of a backup")
    return manifest


def _unpack_member(tar: tarfile.TarFile, member: Member, folder: Path, progress: Callable[[int], None]) -> None:
    found = tar.next()
    if found is None:
        raise NotUsable(f"cut short: {member.name} is missing")
    if (found.name, found.size, found.isreg()) != (member.name, member.size, True):
        raise NotUsable(f"damaged: {member.name} is not where the manifest says")
    content = _content(tar, found)
    digest = hashlib.sha256()
    path = folder / member.name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while piece := content.read(PIECE_BYTES):
            digest.update(piece)
            file.write(piece)
            progress(len(piece))
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != member.sha256:
        raise NotUsable(f"damaged: {member.name} has another checksum than it had")


def _content(tar: tarfile.TarFile, info: tarfile.TarInfo) -> io.BufferedReader:
    content = tar.extractfile(info)
    assert isinstance(content, io.BufferedReader)  # of a regular file
    return content
