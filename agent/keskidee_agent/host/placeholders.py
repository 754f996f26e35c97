"""What a maker left in a field that was never filled in. It is absent, on every system and in every source."""

from __future__ import annotations

_NOTHING_SAID = frozenset(
    {
        "",
        "(none)",
        "0",
        "00",
        "1234567",
        "base board",
        "base board asset tag",
        "base board chassis location",
        "base board serial number",
        "base board version",
        "chassis asset tag",
        "chassis manufacture",
        "chassis manufacturer",
        "chassis serial number",
        "chassis version",
        "default",
        "default string",
        "empty",
        "filled by oem",
        "invalid",
        "manufacturer not set",
        "n/a",
        "na",
        "no asset information",
        "no asset tag",
        "no dimm",
        "no enclosure",
        "none",
        "not applicable",
        "not available",
        "not defined",
        "not installed",
        "not present",
        "not provided",
        "not settable",
        "not specified",
        "null",
        "o.e.m",
        "o.e.m.",
        "oem",
        "oem_define",
        "part number not set",
        "product name",
        "serial",
        "serial number",
        "serial number not set",
        "sku",
        "sku number",
        "sys",
        "system asset tag",
        "system manufacturer",
        "system name",
        "system product name",
        "system serial number",
        "system sku",
        "system skunumber",
        "system version",
        "tbd by odm",
        "tbd by oem",
        "to be defined by o.e.m",
        "to be filled",
        "to be filled by o.e.m",
        "to be filled by o.e.m.",
        "to be filled by oem",
        "type1family",
        "type1productconfigid",
        "type1sku0",
        "undefined",
        "unknow",
        "unknown",
        "unspecified",
        "version",
        "xxx",
    }
)

_NO_UUID = frozenset(
    {
        # given out by firmware to many machines at once; all zeros and all ones are found by their single digit
        "03000200-0400-0500-0006-000700080009",
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "12345678-1234-1234-1234-123456789abc",
        "fefefefe-fefe-fefe-fefe-fefefefefefe",
    }
)
_SEPARATORS = frozenset(" .-_*?#/")
_DIGITS = frozenset("0123456789")
_PLACES = ("slot", "bank", "locator", "label", "location", "designation", "socket", "port", "address")
_VERSIONS = ("version", "versionstring", "revision", "release", "firmware", "stepping")


# a memory slot that says nothing numbers its fields' own names: "SerNum01", "ModulePartNumber00", "DIMM_A1_AssetTag"
_FIELDS = ("manufacturer", "partnum", "partnumber", "sernum", "serialnum", "serialnumber", "assettag", "assettagnum")
_ROWS = tuple(8 * row for row in ("0123456789", "0123456789abcdef", "9876543210", "fedcba9876543210"))
_LEAST_OF_A_ROW, _LEAST_BEHIND_LETTERS, _MOST_LETTERS = 8, 12, 5  # so that it is no chance
_BEFORE = ("array", "channe", "channel", "dimm", "module")


def said(text: str, field: str = "") -> str:
    """`text` without white space around it, or an empty text where it says nothing about the machine.

    What says nothing depends on the `field`, by its name in whichever vocabulary: `11111111` is no serial number, `1.1`
    is a version, and `0` a place.
    """
    text = text.strip()
    meant = set(text) - _SEPARATORS
    counts = text.isdecimal() or (meant and meant <= _DIGITS)
    if counts and _is(field, _PLACES):
        return text
    if counts and _is(field, _VERSIONS):
        return "" if meant == {"0"} else text
    filler = not meant or (len(text) > 2 and len(set(text.lower()) - _SEPARATORS) == 1)  # "0000", "xXx-xxx", "...."
    return "" if filler or text.lower() in _NOTHING_SAID or _is_row(text) or _names_itself(text) else text


def _is(field: str, words: tuple[str, ...]) -> bool:
    return field.lower().endswith(words)


def _is_row(text: str) -> bool:
    """Whether it only counts: `123456789`, `0123456789ABCDEF`, `SYS-1234567890`, `BSN12345678901234567`."""
    text = text.lower()
    digits = text.lstrip("abcdefghijklmnopqrstuvwxyz")
    letters, rest = len(text) - len(digits), digits.lstrip(" -")
    least = _LEAST_BEHIND_LETTERS if letters and rest == digits else _LEAST_OF_A_ROW
    return len(rest) >= least and letters <= _MOST_LETTERS and any(rest in row for row in _ROWS)


def _names_itself(text: str) -> bool:
    if text.lower().startswith(("oem define", "oem_define", "type2 - board ")):  # "OEM Define 3"
        return True
    letters = "".join([letter for letter in text.lower() if letter.isalpha()])
    if not letters.endswith(_FIELDS) or not any(map(str.isdigit, text)):
        return False
    return letters in _FIELDS or letters.startswith(_BEFORE)


def said_uuid(text: str) -> str:
    """A board's UUID in lower case, or an empty text for one that other machines share."""
    uuid = text.strip().lower()
    digits = uuid.replace("-", "")
    if len(digits) != 32 or not set(digits) <= set("0123456789abcdef"):
        return ""
    return "" if len(set(digits)) <= 2 or uuid in _NO_UUID else uuid
