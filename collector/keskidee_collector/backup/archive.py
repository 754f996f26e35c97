"""A backup as a file: a tar, packed with gzip, that begins with a manifest.

`manifest.json` says which program wrote it and when, and of each member after it the size and the SHA-256. A reader
(unpacking.py) knows at once whether it can use the file, and at the end whether all of it is there. Sources: RFC 1952;
pax(1), ustar.
"""

from __future__ import annotations

import hashlib
import tarfile
from typing import TYPE_CHECKING, Annotated

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT = 1
MANIFEST = "manifest.json"
DATABASES = ("register.db", "reports.db")
AUTHORITY = ("tls/ca.key", "tls/ca.pem", "tls/next.key")
SETTINGS = "settings.yml"
NAMES = (*DATABASES, *AUTHORITY, SETTINGS)
"""What a backup may hold, in this order. What is made anew by a start is left out: admin token, server certificate."""
PIECE_BYTES = 256 * 1024
BLOCK_BYTES = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK_BYTES)


class Member(msgspec.Struct, frozen=True):
    """A file in a backup; `sha256` in hexadecimal."""

    name: str
    size: Annotated[int, msgspec.Meta(ge=0)]
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
