"""Reading lines of numbers strictly: what is not exactly as the kernel writes it is refused, never guessed at."""

from __future__ import annotations

from keskidee_report.model import Malformed

LARGEST = 1 << 64


def complete_lines(content: bytes) -> list[bytes]:
    """The lines of a /proc file. Raises Malformed where it is empty or its last line was cut short.

    A number cut in its middle is a wrong number, and only the missing newline tells.
    """
    if not content:
        raise Malformed("empty")
    if content[-1:] != b"\n":
        raise Malformed("cut short", content[content.rfind(b"\n") + 1 :])
    lines = content.split(b"\n")
    lines.pop()
    return lines


def numbers(line: bytes) -> list[int]:
    """The whole numbers of a line, each from 0 to 2**64-1. Raises Malformed for anything but digits and blanks."""
    if line.translate(None, b"0123456789 \t"):  # int() alone would take "1_0" and "+1"
        raise Malformed("not a list of numbers", line)
    try:
        found = list(map(int, line.split()))
    except ValueError:  # more digits than int() takes
        raise Malformed("number too large", line) from None
    if found and max(found) >= LARGEST:
        raise Malformed("number too large", line)
    return found


def number(text: bytes) -> int:
    """One whole number from 0 to 2**64-1, blanks around it allowed. Raises Malformed."""
    found = numbers(text)
    if len(found) != 1:
        raise Malformed("not one number", text)
    return found[0]


def only_number(content: bytes) -> int:
    """The number that is all a file of /sys holds, with the newline that ends it. Raises Malformed."""
    return number(b" ".join(complete_lines(content)))


def decimal(text: bytes) -> float:
    """One number such as 0.25: digits with at most one point between them. Raises Malformed."""
    whole, point, fraction = text.partition(b".")
    if not (whole.isdigit() and (fraction.isdigit() if point else True) and len(text) <= 40):
        raise Malformed("not a number", text)
    return float(text)
