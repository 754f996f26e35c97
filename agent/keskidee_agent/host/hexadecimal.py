"""Reading the hexadecimal numbers of /proc/net as strictly as `lines` reads the decimal ones."""

from __future__ import annotations

from keskidee_report.model import Malformed

LONGEST = 16
DIGITS = b"0123456789abcdefABCDEF"


def hex_number(text: bytes) -> int:
    """One number from 0 to 2**64-1 in hexadecimal digits, nothing around it. Raises Malformed."""
    if not text or len(text) > LONGEST or text.translate(None, DIGITS):  # int() alone would take "0x1" and "1_0"
        raise Malformed("not a hexadecimal number", text)
    return int(text, 16)


def hex_numbers(line: bytes) -> list[int]:
    """The numbers of a line, parted by blanks. Raises Malformed."""
    words = line.split()
    if line.translate(None, DIGITS + b" \t") or (words and len(max(words, key=len)) > LONGEST):
        raise Malformed("not a list of hexadecimal numbers", line)
    return [int(word, 16) for word in words]
