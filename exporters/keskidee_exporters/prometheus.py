"""Pages for Prometheus: the fleet, one machine, and the collector itself, in both text formats.

Source: Prometheus text format 0.0.4 and OpenMetrics 1.0. Sample lines are alike in both and come rendered; only the
lines above them differ. No sample carries a timestamp: a series that is gone must go stale at once.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING

from prometheus_client import exposition
from prometheus_client.openmetrics import exposition as openmetrics

from keskidee_collector.view import MACHINE_STATES, SITE_STATES, Definition, escaped, labels_text
from keskidee_exporters import register_metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keskidee_collector.view import MachineView, SiteView, View

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
UNITS = ("seconds", "bytes", "celsius", "volts", "amperes", "watts", "joules", "hertz", "ratio", "meters", "grams")
PIECE_BYTES = 48 * 1024
CHUNKS_AT_ONCE = 500
"""A page leaves in pieces that fit a processor's cache, and that the C library keeps for the next one (memory.py)."""


def negotiate(accept: str) -> str:
    """The content type to answer with: OpenMetrics 1.0 where it is asked for at least as much as plain text."""
    best: dict[str, float] = {}
    for entry in accept.split(","):
        kind, *parameters = [piece.strip().lower() for piece in entry.split(";")]
        pairs = dict(parameter.partition("=")[::2] for parameter in parameters)
        if kind == "application/openmetrics-text" and pairs.get("version", "1.0.0") not in ("1.0.0", "0.0.1"):
            continue
        try:
            quality = float(pairs.get("q", "1"))
        except ValueError:
            continue
        best[kind] = max(best.get(kind, 0.0), quality)
    asked = best.get("application/openmetrics-text", 0.0)
    return OPENMETRICS if asked > 0 and asked >= best.get("text/plain", 0.0) else TEXT


def fleet_page(view: View, content_type: str) -> Iterator[bytes]:
    """Every machine that is on, and the collector itself, family by family."""
    for definition, chunks in view.fleet_families():
        yield from in_pieces(chain((_head(definition, content_type),), chunks))
    yield from self_page(view, content_type)


def in_pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks, joined into pieces of about PIECE_BYTES; those of a family are about as long as each other."""
    for first in chunks:
        second = next(chunks, b"")
        some = islice(chunks, min(PIECE_BYTES // (max(len(first), len(second)) + 1), CHUNKS_AT_ONCE))
        yield b"".join((first, second, *some))


def machine_page(view: View, machine_id: str, content_type: str) -> bytes:
    """One machine's families; empty where it says nothing now."""
    families = view.machine_families(machine_id)
    if not families:
        return b""
    out = [piece for definition, chunk in families for piece in (_head(definition, content_type), chunk)]
    return b"".join(out) + _end(content_type)


def self_page(view: View, content_type: str) -> Iterator[bytes]:
    """Presence of every machine and site, the register in numbers, and the collector's own metrics."""
    sites, machines = view.sites(), view.machines()
    assets = register_metrics.families(view.standing, machines)
    for definition, lines in (*_presence(machines), *_sites(sites), *_links(sites), *assets):
        if lines:
            yield _head(definition, content_type) + "".join(lines).encode()
    if content_type == OPENMETRICS:
        yield openmetrics.generate_latest(view.registry)  # type: ignore[no-untyped-call]  # it carries no types
    else:
        yield exposition.generate_latest(view.registry)


def gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces as one gzip stream (RFC 1952), at the fastest level."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def _presence(machines: list[MachineView]) -> Iterator[tuple[Definition, list[str]]]:
    named = [(m, f'instance="{escaped(m.instance)}"') for m in machines]
    yield (
        _gauge("keskidee_machine_info", "What a machine is: one series each, value 1"),
        [f"keskidee_machine_info{{{instance}{_what_it_is(m)}}} 1\n" for m, instance in named],
    )
    yield (
        _gauge("keskidee_machine_up", "Whether a machine is on and reports"),
        [f"keskidee_machine_up{{{instance}}} {int(m.state == 'on')}\n" for m, instance in named],
    )
    yield (
        _gauge("keskidee_machine_state", "1 for the state a machine is in, 0 for the others"),
        [
            f'keskidee_machine_state{{{instance},state="{s}"}} {int(m.state == s)}\n'
            for m, instance in named
            for s in MACHINE_STATES
        ],
    )
    yield (
        _gauge("keskidee_machine_last_report_timestamp_seconds", "When a machine was last heard"),
        [
            f"keskidee_machine_last_report_timestamp_seconds{{{instance}}} {m.last_report_at:.3f}\n"
            for m, instance in named
            if m.last_report_at is not None
        ],
    )
    yield (
        _gauge("keskidee_machine_clock_offset_seconds", "A machine's clock minus the collector's, at its last report"),
        [
            f"keskidee_machine_clock_offset_seconds{{{instance}}} {m.clock_offset_seconds:.3f}\n"
            for m, instance in named
            if m.clock_offset_seconds is not None
        ],
    )
    yield (
        _gauge("keskidee_machine_refused_families", "Families of a machine that were refused; its page names them"),
        [f"keskidee_machine_refused_families{{{instance}}} {len(m.refused_families)}\n" for m, instance in named],
    )
    yield (
        Definition(
            name="keskidee_machine_refused_reports_total",
            kind="counter",
            help="Reports of a machine, with its credential, that this collector refused; the collector's log says why",
        ),
        [f"keskidee_machine_refused_reports_total{{{instance}}} {m.refused_posts}\n" for m, instance in named],
    )


def _sites(sites: list[SiteView]) -> Iterator[tuple[Definition, list[str]]]:
    yield (
        _gauge("keskidee_site_up", "Whether a site's machines can be heard; none where nobody is on to tell"),
        [
            f"keskidee_site_up{labels_text({'site': s.name})} {int(s.state == 'up')}\n"
            for s in sites
            if s.state != "unknown"
        ],
    )
    yield (
        _gauge("keskidee_site_state", "1 for the state a site is in (its link may be down), 0 for the others"),
        [
            f"keskidee_site_state{labels_text({'site': s.name, 'state': state})} {int(s.state == state)}\n"
            for s in sites
            for state in SITE_STATES
        ],
    )
    yield (
        _gauge("keskidee_site_machines", "Machines of a site by their state"),
        [
            f"keskidee_site_machines{labels_text({'site': s.name, 'state': state})} {count}\n"
            for s in sites
            for state, count in s.machines.items()
        ],
    )
    yield (
        _gauge("keskidee_site_last_report_timestamp_seconds", "When any machine of a site was last heard"),
        [
            f"keskidee_site_last_report_timestamp_seconds{labels_text({'site': s.name})} {s.last_report_at:.3f}\n"
            for s in sites
            if s.last_report_at is not None
        ],
    )


def _links(sites: list[SiteView]) -> Iterator[tuple[Definition, list[str]]]:
    """What the agents of a site on a thin link are asked for: what is thinned is told."""
    asked = [(labels_text({"site": s.name}), s.wishes) for s in sites if s.wishes is not None]
    yield (
        _gauge("keskidee_site_interval_seconds", "Time from one report to the next that a site's agents are asked for"),
        [f"keskidee_site_interval_seconds{labels} {wishes.interval_seconds}\n" for labels, wishes in asked],
    )
    yield (
        _gauge("keskidee_site_batch_reports", "Reports that a site's agents are asked to send at once"),
        [f"keskidee_site_batch_reports{labels} {wishes.batch}\n" for labels, wishes in asked],
    )
    yield (
        _gauge("keskidee_site_budget_bytes_per_hour", "What the machines of a site may put on its link in an hour"),
        [
            f"keskidee_site_budget_bytes_per_hour{labels_text({'site': s.name})} {s.budget_bytes_per_hour}\n"
            for s in sites
            if s.budget_bytes_per_hour
        ],
    )


def _what_it_is(machine: MachineView) -> str:
    """The labels of a machine beside its instance, each after a comma; those that are alike for many are made once."""
    simulated = "true" if machine.simulated else ""
    own = f',id="{machine.id}"' + (f',asset_tag="{escaped(machine.asset_tag)}"' if machine.asset_tag else "")
    return own + _alike(machine.site, machine.role, machine.os, machine.model, simulated, machine.fund)


@lru_cache(1000)
def _alike(*values: str) -> str:
    labels = dict(zip(("site", "role", "os", "model", "simulated", "fund"), values, strict=True))
    return "".join([f',{name}="{escaped(value)}"' for name, value in labels.items() if value])


def _gauge(name: str, help: str) -> Definition:
    return Definition(name=name, kind="gauge", help=help)


def _head(definition: Definition, content_type: str) -> bytes:
    help = definition.help.replace("\\", "\\\\").replace("\n", "\\n")
    name, kind = definition.name, definition.kind
    if content_type != OPENMETRICS:
        return f"# HELP {name} {help}\n# TYPE {name} {kind}\n".encode()
    if kind == "untyped" or (kind == "counter" and not name.endswith("_total")):
        kind = "unknown"
    if kind == "counter":
        name = name.removesuffix("_total")
    unit = name.rpartition("_")[2]
    unit_line = f"# UNIT {name} {unit}\n" if unit in UNITS and name != unit else ""
    help = help.replace('"', '\\"')
    return f"# TYPE {name} {kind}\n{unit_line}# HELP {name} {help}\n".encode()


def _end(content_type: str) -> bytes:
    return b"# EOF\n" if content_type == OPENMETRICS else b""
