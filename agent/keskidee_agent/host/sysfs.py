"""Attributes in /sys: one value a file, ended by a newline (Documentation/filesystems/sysfs.rst)."""

from __future__ import annotations

import errno

from keskidee_report.model import Denied, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keskidee_agent.host.machine import Machine

MOST_DIGITS = 20
HEX_DIGITS = b"0123456789abcdefABCDEF"

_UNANSWERED = frozenset(
    (
        *(errno.EINVAL, errno.EOPNOTSUPP, errno.EAGAIN, errno.EBUSY, errno.EIO, errno.ETIMEDOUT),
        *(getattr(errno, name, errno.EINVAL) for name in ("ENODATA", "EREMOTEIO")),
        524,  # ENOTSUPP, which the kernel has for itself and some drivers let out
    )
)
"""What drivers answer where an attribute means nothing now, such as the speed of an interface that is down, or where
the hardware behind it did not answer them, such as a battery that is gone: what else the device says still counts."""


def attribute(machine: Machine, path: str) -> bytes | None:
    """What an attribute says; None where there is none, where it has no answer now, and where it may not be read."""
    try:
        return machine.content(path)
    except (NotHere, Denied):
        return None
    except OSError as error:
        if error.errno in _UNANSWERED:
            return None
        raise


def words(content: bytes | None) -> str:
    """An attribute as text. None and an empty attribute are an empty text. Raises Malformed where it was cut short."""
    return text(_whole(content)).strip() if content else ""


def text(content: bytes) -> str:
    """An attribute as text, white space too: what is not UTF-8, however long, is one U+FFFD, as in node_exporter."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        pieces = [""]
        for character in content.decode("utf-8", "surrogateescape"):
            if not "\udc80" <= character <= "\udcff":
                pieces.append(character)
            elif pieces[-1] != "\ufffd":
                pieces.append("\ufffd")
        return "".join(pieces)


def integer(content: bytes) -> int:
    """A whole number in decimal, or in hexadecimal behind 0x. Raises Malformed."""
    text = _whole(content).strip()
    bare = text.removeprefix(b"-")
    if bare.isdigit() and len(bare) <= MOST_DIGITS:
        return int(text)
    bare = text.removeprefix(b"0x")
    if bare != text and bare and len(bare) <= MOST_DIGITS and not bare.translate(None, HEX_DIGITS):
        return int(bare, 16)
    raise Malformed("not a whole number", content)


def ended(contents: dict[str, bytes]) -> dict[str, bytes]:
    """The attributes of a device, each with its newline where none of them has one.

    Some recordings were made without newlines. Where one attribute has its newline, another without was cut short.
    """
    if any(content.endswith(b"\n") for content in contents.values()):
        return contents
    return {name: content + b"\n" for name, content in contents.items()}


def label(name: str) -> str:
    """The name of a folder as a label: bytes that are not UTF-8 become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _whole(content: bytes) -> bytes:
    if content[-1:] != b"\n":  # only the newline tells that a number or a name is all there
        raise Malformed("cut short", content)
    return content[:-1]
