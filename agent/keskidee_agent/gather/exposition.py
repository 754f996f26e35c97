"""Reading the Prometheus text format 0.0.4 as node_exporter's textfile collector does: what it refuses is refused here.

Pure. The resident imports this module when a folder of text files is set, so nothing heavy is imported.
Source: Prometheus, "Exposition formats", text-based format; compared with node_exporter 1.5 and its recordings.
"""

from __future__ import annotations

from keskidee_report.model import COUNTER, GAUGE, HISTOGRAM, SUMMARY, UNTYPED, Malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Labels: TypeAlias = dict[str, str]

BLANKS = " \t"
SAMPLES_AT_MOST = 10_000
BOUNDS = {SUMMARY: "quantile", HISTOGRAM: "le"}

_KINDS = (COUNTER, GAUGE, UNTYPED, HISTOGRAM, SUMMARY)
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")
_METRIC_NAME = _NAME | {":"}
_NUMBER = frozenset("0123456789+-.eE")
_INFINITIES = frozenset(sign + word for sign in ("", "+", "-") for word in ("inf", "infinity"))
_ESCAPES = {"\\": "\\", "n": "\n", '"': '"'}
LARGEST_COUNT = 2.0**64


class Distribution:
    """One label set of a histogram or summary: its count, its sum, and the value of each bound."""

    __slots__ = ("bounds", "count", "labels", "total")

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.bounds: dict[float, float] = {}
        self.count = 0
        self.total = 0.0


class TextFamily:
    """A family as a file gives it. `help` and `kind` are None until they are said."""

    __slots__ = ("distributions", "help", "kind", "name", "samples")

    def __init__(self, name: str) -> None:
        self.name = name
        self.help: str | None = None
        self.kind: str | None = None
        self.samples: list[tuple[Labels, float]] = []
        self.distributions: dict[frozenset[tuple[str, str]], Distribution] = {}


def parse(content: bytes) -> list[TextFamily]:
    """The families with samples, in the order of the file. Raises Malformed with the number of the line.

    A sample with a timestamp refuses the file: it would say that an old value is one of now.
    """
    text = content.decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    if lines.pop():
        raise Malformed(f"line {len(lines) + 1} does not end: the file is being written, or was cut short")
    families: dict[str, TextFamily] = {}
    samples = 0
    for number, line in enumerate([line.lstrip(BLANKS) for line in lines], 1):
        if not line:
            continue
        try:
            if line[0] == "#":
                _comment(line, families)
            else:
                samples += 1
                _sample(line, families)
        except Malformed as error:
            raise Malformed(f"line {number}: {error}") from None
        if samples > SAMPLES_AT_MOST:
            raise Malformed(f"more than {SAMPLES_AT_MOST} samples")
    return [family for family in families.values() if family.samples or family.distributions]


def _comment(line: str, families: dict[str, TextFamily]) -> None:
    keyword, rest = _word(line[1:].lstrip(BLANKS))
    if keyword not in ("HELP", "TYPE") or not rest:
        return
    rest = rest.lstrip(BLANKS)
    end = _name_end(rest, _METRIC_NAME)
    if end == len(rest):
        return
    if not end or rest[end] not in BLANKS:
        raise Malformed("not the name of a metric", rest)
    family, _ = _family(rest[:end], families)
    said = rest[end:].lstrip(BLANKS)
    if not said:
        return
    if keyword == "HELP":
        if family.help is not None:
            raise Malformed("a second HELP", family.name)
        family.help = _unescaped(said).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return
    if family.kind is not None:
        raise Malformed("a second TYPE, or one after samples", family.name)
    if said.lower() not in _KINDS:
        raise Malformed("not a type", said)
    family.kind = said.lower()


def _sample(line: str, families: dict[str, TextFamily]) -> None:
    end = _name_end(line, _METRIC_NAME)
    if not end:
        raise Malformed("not the name of a metric", line)
    family, part = _family(line[:end], families)
    kind = family.kind = family.kind or UNTYPED
    labels: Labels = {}
    rest = line[end:].lstrip(BLANKS)
    if rest[:1] == "{":
        labels, rest = _labels(rest[1:])
    word, rest = _word(rest)
    value = go_number(word)
    if rest:
        raise Malformed("a timestamp, or more than one value", rest)
    if kind not in BOUNDS:
        family.samples.append((labels, value))
        return
    bound = labels.pop(BOUNDS[kind], None)
    key = frozenset(labels.items())
    distribution = family.distributions.get(key)
    if distribution is None:
        distribution = family.distributions[key] = Distribution(labels)
    place = go_number(bound) if bound is not None else None
    if part == "_count":
        distribution.count = _count(value)
    elif part == "_sum":
        distribution.total = value
    elif place is not None and place == place:
        distribution.bounds[place] = _count(value) if kind == HISTOGRAM else value


def _family(name: str, families: dict[str, TextFamily]) -> tuple[TextFamily, str]:
    """The family that a name belongs to, and which part of a histogram or summary it is."""
    family = families.get(name)
    if family is not None:
        return family, ""
    for part, kinds in (("_count", BOUNDS), ("_sum", BOUNDS), ("_bucket", (HISTOGRAM,))):
        base = name.removesuffix(part)
        family = families.get(base) if base not in ("", name) else None
        if family is not None and family.kind in kinds:
            return family, part
    family = families[name] = TextFamily(name)
    return family, ""


def _labels(text: str) -> tuple[Labels, str]:
    """The labels after `{`, and what follows `}`."""
    labels: Labels = {}
    while True:
        text = text.lstrip(BLANKS)
        if text[:1] == "}":
            return labels, text[1:].lstrip(BLANKS)
        end = _name_end(text, _NAME)
        name, text = text[:end], text[end:].lstrip(BLANKS)
        if not name or text[:1] != "=":
            raise Malformed("not a label", name + text)
        if name in labels or name == "__name__":
            raise Malformed("a label twice, or a reserved one", name)
        text = text[1:].lstrip(BLANKS)
        if text[:1] != '"':
            raise Malformed("a label's value without quotes", text)
        end = _closing_quote(text)
        labels[name] = _unescaped(text[1:end])
        if not labels[name].isascii():
            _check_utf8(labels[name])
        text = text[end + 1 :].lstrip(BLANKS)
        if text[:1] == ",":
            text = text[1:]
        elif text[:1] != "}":
            raise Malformed("a label's value that does not end", text)


def _closing_quote(text: str) -> int:
    """Where the quote that opens `text` is closed."""
    at = text.find('"', 1)
    while at > 0:
        before = at
        while text[before - 1] == "\\":
            before -= 1
        if (at - before) % 2 == 0:
            return at
        at = text.find('"', at + 1)
    raise Malformed("a label's value that does not end", text)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    first, *pieces = text.split("\\")
    plain = [first]
    after_backslash = False  # the piece before was empty: its backslash escaped this one
    for piece in pieces:
        if after_backslash:
            plain.append(piece)
            after_backslash = False
        elif piece:
            if piece[0] not in _ESCAPES:
                raise Malformed("an escape that is none", "\\" + piece)
            plain.append(_ESCAPES[piece[0]] + piece[1:])
        else:
            plain.append("\\")
            after_backslash = True
    if after_backslash:
        raise Malformed("an escape that is none", text)
    return "".join(plain)


def _check_utf8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Malformed("a label's value that is not UTF-8", text.encode("utf-8", "surrogateescape")) from None


def _word(text: str) -> tuple[str, str]:
    """What is before the first blank, and the rest from that blank on."""
    ends = [at for at in (text.find(" "), text.find("\t")) if at >= 0]
    end = min(ends) if ends else len(text)
    return text[:end], text[end:]


def _name_end(text: str, allowed: frozenset[str]) -> int:
    """How long the name is that `text` begins with; 0 where it begins with none."""
    if text[:1].isdigit():
        return 0
    for at, character in enumerate(text):
        if character not in allowed:
            return at
    return len(text)


def go_number(text: str) -> float:
    """A number as Go reads it (strconv.ParseFloat without hexadecimal and underscores). Raises Malformed."""
    lowered = text.lower()
    if _NUMBER.issuperset(text) or lowered == "nan" or lowered in _INFINITIES:
        try:
            value = float(text)
        except ValueError:
            raise Malformed("not a number", text) from None
        if value - value == 0 or lowered[-1] in "nfy":  # one beyond the largest is infinite only to Python
            return value
    raise Malformed("not a number", text)


def _count(value: float) -> int:
    if not 0 <= value < LARGEST_COUNT:
        raise Malformed("not a count", repr(value))
    return int(value)
