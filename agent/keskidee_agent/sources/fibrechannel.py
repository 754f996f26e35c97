"""Fibre Channel adapters, from /sys/class/fc_host (drivers/scsi/scsi_transport_fc.c). No privilege."""

from __future__ import annotations

from keskidee_agent.host.sysfs import attribute, integer, label, words
from keskidee_report.model import Family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample

PLATFORMS = ("linux",)
NEEDS = ("sys/class/fc_host/*",)
FOLDER = "sys/class/fc_host"
NOT_COUNTED = (1 << 64) - 1

INFO = Family("node_fibrechannel_info", "gauge", "1, labelled with what the adapter and its fabric are", digits=0)
TEXTS = (
    "speed",
    "port_state",
    "port_type",
    "port_id",
    "port_name",
    "fabric_name",
    "symbolic_name",
    "supported_classes",
    "supported_speeds",
    "dev_loss_tmo",
)
HEXADECIMAL = ("port_id", "port_name", "fabric_name")


def _counter(name: str, what: str) -> Family:
    return Family(f"node_fibrechannel_{name}_total", "counter", what, digits=0)


COUNTERS = (
    ("dumped_frames", _counter("dumped_frames", "Frames dumped")),
    ("error_frames", _counter("error_frames", "Frames received with an error")),
    ("invalid_crc_count", _counter("invalid_crc", "Frames received with a wrong checksum")),
    ("rx_frames", _counter("rx_frames", "Frames received")),
    ("rx_words", _counter("rx_words", "Words of four bytes received")),
    ("tx_frames", _counter("tx_frames", "Frames sent")),
    ("tx_words", _counter("tx_words", "Words of four bytes sent")),
    ("seconds_since_last_reset", _counter("seconds_since_last_reset", "Seconds since the adapter was reset")),
    ("invalid_tx_word_count", _counter("invalid_tx_words", "Invalid words on the link")),
    ("link_failure_count", _counter("link_failure", "Times the link failed")),
    ("loss_of_sync_count", _counter("loss_of_sync", "Times the link lost its rhythm")),
    ("loss_of_signal_count", _counter("loss_of_signal", "Times the link lost its signal")),
    ("nos_count", _counter("nos", "Times the other end said that it does not operate")),
    ("fcp_packet_aborts", _counter("fcp_packet_aborts", "SCSI commands aborted")),
)


def read(machine: Machine) -> Iterator[Sample]:
    """An info sample an adapter and its counters, labelled `fc_host`.

    Counters that its firmware does not keep are left out.
    """
    known: dict[str, dict[str, str]] = machine.memory("fibrechannel")
    for host in machine.names(FOLDER):
        labels = known.setdefault(host, {"fc_host": label(host)})
        folder = f"{FOLDER}/{host}/"
        texts = {name: words(attribute(machine, folder + name)) for name in TEXTS}
        for name in HEXADECIMAL:
            texts[name] = texts[name].removeprefix("0x")
        yield INFO(1, **labels, **texts)
        for name, family in COUNTERS:
            content = attribute(machine, f"{folder}statistics/{name}")
            if content is not None:
                count = integer(content)
                if count != NOT_COUNTED:
                    yield (family, labels, count)
