"""A list of purchases as people have it: CSV, a line an asset, columns named like the fields that people set.

A line is of the asset that has its id (a list that was exported), else its tag, else its serial number, and else of a
new one. What a cell says is set by hand where the asset says otherwise now; an empty cell leaves it. Nothing is written
where a line is wrong.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select

from keskidee_collector.register.asset import STATES, TAG, TEXTS, THINGS
from keskidee_collector.register.hand import ByHand
from keskidee_collector.register.purchase import BadField
from keskidee_collector.store.tables import assets, machines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

FIELDS = ByHand.__struct_fields__
PASSED_OVER = frozenset({"instance", "hostname", "id", "role", "system", "first_seen", "last_seen", "inventory_at"})
"""Columns of our own export that are not set: a list may be exported, filled in and brought back."""
ID = "asset_id"
RETIRED = "retired"
LINES_AT_MOST = 5_000
COLUMNS_AT_MOST = 100
FAULTS_AT_MOST = 50
_DELIMITERS = ",;\t"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_IN_SHORT = re.compile(r"\d+[.,]?\d*E\+\d+")
"""What a spreadsheet makes of a long number: 5.1E+10."""
_NUMBERS = frozenset({TAG, "serial", "order_number"})
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


class BadLines(Exception):
    """What is wrong with a list, a line each."""

    def __init__(self, faults: list[str]) -> None:
        more = [f"and {len(faults) - FAULTS_AT_MOST} more"] if len(faults) > FAULTS_AT_MOST else []
        super().__init__("\n".join([*faults[:FAULTS_AT_MOST], *more]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a line says, without its empty cells; `number` is where it begins in the file, `asset_id` may be empty."""

    number: int
    asset_id: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is to be done for a line: `fields` of an asset that is there, or of a new one (`asset_id` is None), which is
    called `presumed_name` until its machine says otherwise, or a person.
    """

    line: Line
    asset_id: str | None
    fields: dict[str, str | None]
    presumed_name: str = ""


def text_of(content: bytes) -> str:
    """A list as text. Raises BadLines."""
    if content.startswith(_WORKBOOKS):
        raise BadLines(["this is a workbook: save the list as CSV UTF-8 and bring that"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise BadLines([f"line {number}: not UTF-8: save the list as CSV UTF-8, not as plain CSV"]) from None


def read(text: str) -> list[Line]:
    """The lines of a list. Raises BadLines with all that is wrong with them."""
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    faults: list[str] = []
    lines: list[Line] = []
    try:
        names = _header(next(rows, []))
        begins = rows.line_num + 1
        for cells in rows:
            if any(cell.strip() for cell in cells):
                lines.append(_line(begins, names, cells, faults))
            if len(lines) > LINES_AT_MOST:  # whatever a person took for a list, reading it must end soon
                raise BadLines([f"more than {LINES_AT_MOST} lines: bring them in several lists"])
            begins = rows.line_num + 1
    except csv.Error as error:
        faults.append(f"line {rows.line_num}: {error}")
    if faults := [*faults, *_twice(lines)]:
        raise BadLines(faults)
    return lines


def steps(connection: Connection, lines: Iterable[Line]) -> list[Step]:
    """What the lines mean for the register as it is. Raises BadLines."""
    columns = [*[assets.c[name] for name in ("id", TAG, *TEXTS)], machines.c.poller_id]
    both = assets.outerjoin(machines, machines.c.id == assets.c.machine_id)
    rows = [dict(row) for row in connection.execute(select(*columns).select_from(both).where(THINGS)).mappings()]
    ids = {row["id"]: row for row in rows}
    tags = {row[TAG]: row for row in rows if row[TAG]}
    serials: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        serials.setdefault(row["serial"].casefold(), []).append(row)
    found: list[Step] = []
    faults: list[str] = []
    for line in lines:
        try:
            found.append(_step(line, _named(line, ids, tags) or _alike(line, tags, serials)))
        except BadField as error:
            faults.append(f"line {line.number}: {error}")
    if faults:
        raise BadLines(faults)
    return found


def _named(line: Line, ids: dict[str, dict[str, Any]], tags: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The asset with the id of a line, if it is of this register."""
    row, tag = ids.get(line.asset_id), line.fields.get(TAG, "")
    if row is not None and tags.get(tag, row) is not row:
        raise BadField(f"asset_tag: {tag} is of another asset than {line.asset_id}")
    return row


def _alike(
    line: Line, tags: dict[str, dict[str, Any]], serials: dict[str, list[dict[str, Any]]]
) -> dict[str, Any] | None:
    """The asset with the tag of a line, or else with its serial number."""
    tag, serial, maker = (line.fields.get(name, "") for name in (TAG, "serial", "maker"))
    row = tags.get(tag)
    if row is not None and serial and row["serial"] and row["serial"].casefold() != serial.casefold():
        raise BadField(f"asset_tag: {tag} is of an asset with the serial number {row['serial'][:80]}")
    if row is None and serial:
        alike = [each for each in serials.get(serial.casefold(), []) if _is_of(each["maker"], maker)]
        if len(alike) > 1:  # a server and its board: it is the server that was bought
            alike = [each for each in alike if each["poller_id"] is None] or alike
        if len(alike) > 1:
            raise BadField(f"serial: {len(alike)} assets have the serial number {serial[:80]}; name the asset_tag")
        row = alike[0] if alike else None
        if row is not None and tag and row[TAG]:
            raise BadField(f"asset_tag: the asset with the serial number {serial[:80]} has the tag {row[TAG][:80]}")
    return row


def _step(line: Line, row: dict[str, Any] | None) -> Step:
    if row is None:
        return _new(line)
    return Step(
        line=line,
        asset_id=row["id"],
        fields={name: text for name, text in line.fields.items() if not _is_same(name, text, row[name] or "")},
    )


def _is_same(name: str, said: str, known: str) -> bool:
    """Whether a cell says what is known; a spreadsheet writes 1249.50 as 1249.5."""
    return said == known or (name == "price" and known != "" and Decimal(said) == Decimal(known))


def _is_of(maker: str, asked: str) -> bool:
    return not maker or not asked or maker.casefold() == asked.casefold()


def _new(line: Line) -> Step:
    fields = line.fields
    if not (fields.get(TAG) or fields.get("serial")):
        raise BadField("an asset_tag or a serial, or the same line would be another asset the next time")
    presumed = f"{fields.get('maker', '')} {fields.get('model', '')}".strip()
    for name, known in (("name", fields.get("name") or presumed), ("kind", fields.get("kind"))):
        if not known:
            raise BadField(f"{name}: the register has no such asset, and a new one needs it")
    return Step(line=line, asset_id=None, fields=dict(fields), presumed_name=presumed)


def _header(cells: list[str]) -> list[str]:
    names = ["_".join(cell.lower().split()) for cell in cells]
    known = {ID, *FIELDS, *PASSED_OVER}
    if len(names) > COLUMNS_AT_MOST:
        raise BadLines([f"line 1: {len(names)} columns, where a list has {len(known)} at most"])
    while names and not names[-1]:  # a spreadsheet's empty columns
        names.pop()
    if known.isdisjoint(names):
        raise BadLines([f"line 1: the names of the columns are missing; there are {', '.join(FIELDS)}"])
    unknown = [name for name in names if name not in known]
    near = {name: nearest(name) for name in unknown}
    faults = [f"line 1: {name[:80]!r} is no column{near[name] and f', did you mean {near[name]}?'}" for name in unknown]
    if not all(near.values()):
        faults.append(f"line 1: columns are {', '.join(FIELDS)}")
    faults += [f"line 1: the column {name} is there twice" for name in sorted(known) if names.count(name) > 1]
    if faults:
        raise BadLines(faults)
    return names


def nearest(name: str) -> str:
    """The column that somebody meant: one with the same words in it, or spelt alike; else empty."""
    import difflib  # for who needs the hint

    words = set(name.split("_"))
    alike = [each for each in FIELDS if (own := set(each.split("_"))) <= words or words <= own]
    return next(iter(alike or difflib.get_close_matches(name, FIELDS, n=1)), "")


def _line(number: int, names: list[str], cells: list[str], faults: list[str]) -> Line:
    while len(cells) > len(names) and not cells[-1].strip():
        cells.pop()
    if len(cells) != len(names):
        faults.append(f"line {number}: {len(cells)} cells below {len(names)} columns")
    fields: dict[str, str] = {}
    said = dict(zip(names, map(_plain, cells), strict=False))
    for name, cell in said.items():
        if cell and name in FIELDS and (name, cell) != ("state", RETIRED):
            try:
                fields[name] = _field(name, cell)
            except BadField as error:
                faults.append(f"line {number}: {error}")
    return Line(number=number, asset_id=said.get(ID, ""), fields=fields)


def _plain(cell: str) -> str:
    """A cell without what a spreadsheet or our export put around it."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:].lstrip().startswith(_FORMULA_STARTS) else cell


def _field(name: str, cell: str) -> str:
    if name == "state" and cell not in STATES:
        raise BadField(f"state: one of {', '.join(STATES)}, not {cell[:80]!r}")
    if name in _NUMBERS and _IN_SHORT.fullmatch(cell):
        raise BadField(f"{name}: {cell[:80]!r} is a spreadsheet's short form of a number: make the column text")
    try:
        said = msgspec.convert({name: cell}, ByHand).fields()[name]
    except msgspec.ValidationError as error:
        raise BadField(f"{name}: {error}") from None
    return said or ""


def _twice(lines: Iterable[Line]) -> Iterator[str]:
    """Lines that are of the same asset as one before."""
    first: dict[tuple[str, ...], int] = {}
    for line in lines:
        tag, serial = line.fields.get(TAG), line.fields.get("serial")
        keys = [(name, text) for name, text in ((ID, line.asset_id), (TAG, tag)) if text]
        if serial and not line.asset_id:
            keys.append(("serial", line.fields.get("maker", "").casefold() + "\n" + serial.casefold()))
        for key in keys:
            if (before := first.setdefault(key, line.number)) != line.number:
                yield f"line {line.number}: its {key[0]} is that of line {before} too"
