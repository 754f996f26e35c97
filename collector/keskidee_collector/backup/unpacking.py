"""A backup's file becomes files again, all of them as they were, or it is refused in one line.

It is read header by header, as archive.py writes them. Headers of headers, which tarfile reads into memory as long as
they say they are, are no members of a backup; which of its methods would refuse them differs with Python's version.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import msgspec

from keskidee_collector.backup.archive import (
    BLOCK_BYTES,
    DATABASES,
    FORMAT,
    MANIFEST,
    NAMES,
    PIECE_BYTES,
    Manifest,
    Member,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GZIP = b"\x1f\x8b"
MANIFEST_BYTES = 64 * 1024
DAMAGED = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError)


class NotUsable(Exception):
    """A backup that cannot be restored, in one line for the person who tries."""


class _Format(msgspec.Struct):
    format: int
    version: str = "?"


def unpack(source: BinaryIO, folder: Path, begin: Callable[[Manifest], Callable[[int], None]]) -> Manifest:
    """Writes the members of a backup into a folder, each durable and its owner's alone, and checks all of them.

    `begin` is called with the manifest before anything is written; what it returns, with the bytes of each piece.
    Raises NotUsable, OSError.
    """
    with _tar(source) as tar:
        try:
            first = _header(tar)
        except DAMAGED as error:
            raise NotUsable("not a backup of keskidee") from error
        try:
            manifest = _read_manifest(tar, first)
            progress = begin(manifest)
            for member in manifest.members:
                _unpack_member(tar, member, folder, progress)
        except DAMAGED as error:
            raise NotUsable(f"damaged or cut short: {error}") from error
    return manifest


@contextmanager
def _tar(source: BinaryIO) -> Iterator[BinaryIO]:
    """The tar in a file, whether that is packed or not; the file stays open."""
    buffered = io.BufferedReader(cast("Any", source))
    try:
        is_packed = buffered.peek(len(GZIP))[: len(GZIP)] == GZIP
        yield cast("BinaryIO", gzip.GzipFile(fileobj=buffered)) if is_packed else buffered
    finally:
        buffered.detach()


def _header(tar: BinaryIO) -> tarfile.TarInfo | None:
    """The next member's, or None where the archive ends. Raises TarError, EOFError."""
    block = tar.read(BLOCK_BYTES)
    if not block.strip(b"\0"):
        return None
    return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")


def _read_manifest(tar: BinaryIO, first: tarfile.TarInfo | None) -> Manifest:
    if first is None or first.name != MANIFEST or not first.isreg() or not 0 <= first.size <= MANIFEST_BYTES:
        raise NotUsable("not a backup of keskidee")
    content = b"".join(_content(tar, first.size))
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


def _unpack_member(tar: BinaryIO, member: Member, folder: Path, progress: Callable[[int], None]) -> None:
    found = _header(tar)
    if found is None:
        raise NotUsable(f"cut short: {member.name} is missing")
    if (found.name, found.size, found.isreg()) != (member.name, member.size, True):
        raise NotUsable(f"damaged: {member.name} is not where the manifest says")
    digest = hashlib.sha256()
    path = folder / member.name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for piece in _content(tar, member.size):
            digest.update(piece)
            file.write(piece)
            progress(len(piece))
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != member.sha256:
        raise NotUsable(f"damaged: {member.name} has another checksum than it had")


def _content(tar: BinaryIO, size: int) -> Iterator[bytes]:
    """A member's bytes, piece by piece, and past its padding. Raises EOFError where some are missing."""
    left = size
    while left:
        piece = tar.read(min(left, PIECE_BYTES))
        if not piece:
            raise EOFError("the file ends in the middle of a member")
        left -= len(piece)
        yield piece
    tar.read(-size % BLOCK_BYTES)  # it may be missing behind the last one
