"""EDID: what a monitor says of itself. Source: VESA E-EDID Standard, release A, revision 2 (EDID 1.4), section 3.

Block 0 has 128 bytes: the maker's three letters, product and serial number, week and year, size, timings, and four
descriptors of 18 bytes of which some are texts. Of extension blocks only serial numbers are read, where block 0 has
none: from descriptors in CTA-861 blocks, and from DisplayID's product identification (1.3, 4.1; 2.0, 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from keskidee_agent.host.placeholders import said
from keskidee_report.model import Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

BLOCK_BYTES = 128
MAGIC = bytes.fromhex("00ffffffffffff00")
DESCRIPTORS = (54, 72, 90, 108)
DESCRIPTOR_BYTES = 18
SERIAL, TEXT, NAME = 0xFF, 0xFE, 0xFC  # 3.10.3, display descriptor tags
CTA, DISPLAY_ID = 0x02, 0x70  # extension tags (E-EDID, 2.2.2)
PRODUCT_ID = {1: 0x00, 2: 0x20}
"""The tag of DisplayID's product identification, by the structure's version."""
FIRST_YEAR = 1990
NO_WEEK, MODEL_YEAR, LAST_WEEK = 0, 255, 54

DESCRIPTOR, NUMBER, COMPOSED = "descriptor", "number", "composed"
"""Where a serial number came from: the text, the 32-bit number, or put together by what is known of the maker."""
HIGH, MEDIUM, LOW = "high", "medium", "low"

_LETTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # LG's digits: no I and no O
_ACER_BEFORE, _ACER_TEXT = 8, 12
_LIKELY_PLACEHOLDERS = frozenset({0, 1, 0x01010101, 0x01020304, 0x0A0A0A0A, 0x20202020, 0xFFFFFFFF})


@dataclass(frozen=True, slots=True, kw_only=True)
class Serial:
    """A serial number, where it came from, how far to trust it, and another reading of it."""

    text: str = ""
    source: str = ""
    confidence: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """What block 0 says. Sizes in millimetres; 0 and empty texts: not said. `week` 0 and `is_model_year`: 3.4."""

    maker: str
    product: int
    number: int
    week: int
    year: int
    is_model_year: bool
    version: str
    digital: bool
    width: int
    height: int
    native: str
    name: str
    serial: Serial


def parse(raw: bytes) -> Monitor:
    """Block 0 of an EDID. Raises Malformed: too short, no EDID, a wrong checksum, a maker that is no code."""
    block = raw[:BLOCK_BYTES]
    if len(block) < BLOCK_BYTES:
        raise Malformed("EDID cut short", block.hex())
    if not block.startswith(MAGIC):
        raise Malformed("not an EDID", block.hex())
    if sum(block) % 256:
        raise Malformed("EDID with a wrong checksum", block.hex())
    texts = _texts(block, DESCRIPTORS)
    maker, number = maker_letters(block[8] << 8 | block[9]), int.from_bytes(block[12:16], "little")
    for extension in _extensions(raw):
        texts = {**_texts(extension, _descriptors(extension)), **texts}
        number = _display_id_number(extension) if number in _LIKELY_PLACEHOLDERS else number
    week, year = block[16], FIRST_YEAR + block[17]
    width, height, native = _size(block)
    return Monitor(
        maker=maker,
        product=int.from_bytes(block[10:12], "little"),
        number=number,
        week=week if NO_WEEK < week <= LAST_WEEK else 0,
        year=year if block[17] else 0,
        is_model_year=week == MODEL_YEAR,
        version=f"{block[18]}.{block[19]}",
        digital=bool(block[20] & 0x80),
        width=width,
        height=height,
        native=native,
        name=texts.get(NAME, "") or texts.get(TEXT, ""),
        serial=serial_of(maker, texts.get(SERIAL, ""), number),
    )


def serial_of(maker: str, text: str, number: int) -> Serial:
    """The serial number as on the label, as far as the maker's habit is known.

    Acer splits it: eight characters of the text, the number in eight hexadecimal digits, and the text's last four.
    LG writes thousands of the number in digits and letters without I and O, and then three decimal digits. BenQ's
    number spells the letters before the text; Samsung's does too, but its labels leave them out.
    """
    text, digits = said(text), "" if number in _LIKELY_PLACEHOLDERS else f"{number:08x}"
    if maker == "ACR" and len(text) == _ACER_TEXT and digits:
        whole = text[:_ACER_BEFORE] + digits + text[_ACER_BEFORE:]
        return Serial(text=whole, source=COMPOSED, confidence=MEDIUM, other=text)
    spelled = _spelled(number)
    if text and spelled and maker == "BNQ":
        return Serial(text=spelled + text, source=COMPOSED, confidence=MEDIUM, other=text)
    if text and spelled and maker == "SAM":
        digits = spelled + text
    if text:
        return Serial(text=text, source=DESCRIPTOR, confidence=HIGH if len(text) > 3 else LOW, other=digits)
    if not digits:
        return Serial()
    if maker == "GSM":
        return Serial(text=_lg(number), source=COMPOSED, confidence=MEDIUM, other=digits)
    return Serial(text=digits, source=NUMBER, confidence=MEDIUM if number > 0xFFFF else LOW)


def _spelled(number: int) -> str:
    letters = number.to_bytes(4, "little").rstrip(b"\0").decode("latin-1")
    return letters if len(letters) > 1 and letters.isascii() and letters.isalnum() else ""


def _lg(number: int) -> str:
    thousands, rest = divmod(number, 1000)
    digits = ""
    while thousands:
        thousands, digit = divmod(thousands, len(_LETTERS))
        digits = _LETTERS[digit] + digits
    return f"{digits}{rest:03d}"


def maker_letters(packed: int) -> str:
    """3.4.1: five bits a letter, 1 being A; `MS_` has one beyond Z, as ASCII goes on. Empty where nobody filled it in.
    Raises Malformed for what is no such code.
    """
    letters = [packed >> shift & 0x1F for shift in (10, 5, 0)]
    if packed & 0x8000:
        raise Malformed("EDID without a maker", f"{packed:04x}")
    return "".join(chr(64 + letter) for letter in letters) if all(letters) else ""


def _extensions(raw: bytes) -> list[bytes]:
    """The blocks behind the first that are whole."""
    blocks = [raw[at : at + BLOCK_BYTES] for at in range(BLOCK_BYTES, len(raw), BLOCK_BYTES)]
    return [block for block in blocks if len(block) == BLOCK_BYTES and sum(block) % 256 == 0]


def _descriptors(block: bytes) -> range:
    """Where the descriptors of a CTA-861 block begin: at byte 2 it says where the first is (7.5); 0: there are none."""
    first = block[2] if block[0] == CTA else 0
    return range(first, BLOCK_BYTES - DESCRIPTOR_BYTES, DESCRIPTOR_BYTES) if first >= 4 else range(0)


def _display_id_number(block: bytes) -> int:
    """The serial number in the product identification of a DisplayID block; 0 where there is none."""
    at, end = 5, min(5 + block[2], BLOCK_BYTES - 2)
    while block[0] == DISPLAY_ID and at + 3 <= end:
        tag, length = block[at], block[at + 2]
        if tag == PRODUCT_ID.get(block[1] >> 4) and length >= 9 and at + 3 + length <= end:
            return int.from_bytes(block[at + 8 : at + 12], "little")
        at += 3 + length
    return 0


def _texts(block: bytes, places: Iterable[int]) -> dict[int, str]:
    """Tags to texts; texts of one tag that are several are joined, as panels of laptops have them."""
    found: dict[int, list[str]] = {}
    for at in places:
        descriptor = block[at : at + DESCRIPTOR_BYTES]
        if descriptor[:3] == b"\0\0\0" and descriptor[3] in (SERIAL, TEXT, NAME):
            text = descriptor[5:].partition(b"\n")[0].decode("cp437")
            text = "".join(letter for letter in text if letter.isprintable()).strip()
            if text:
                found.setdefault(descriptor[3], []).append(text)
    return {tag: " ".join(texts) for tag, texts in found.items()}


def _size(block: bytes) -> tuple[int, int, str]:
    """Millimetres and pixels of the first timing (3.10.2); without its size, the centimetres of 3.6.2."""
    timing = block[54:72]
    width, height, native = 0, 0, ""
    if timing[0] or timing[1]:
        across, down = timing[2] | timing[4] >> 4 << 8, timing[5] | timing[7] >> 4 << 8
        if timing[17] & 0x80:  # interlaced: lines of a half picture
            down *= 2
        native = f"{across}x{down}" if across and down else ""
        width, height = timing[12] | timing[14] >> 4 << 8, timing[13] | (timing[14] & 0x0F) << 8
    centimetres = block[21], block[22]
    if all(centimetres) and not (_near(width, centimetres[0]) and _near(height, centimetres[1])):
        width, height = centimetres[0] * 10, centimetres[1] * 10
    return width, height, native


def _near(millimetres: int, centimetres: int) -> bool:
    return abs(millimetres - 10 * centimetres) <= 10
