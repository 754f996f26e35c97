"""An inventory as families of metrics, written to a file from which the resident reports them (sources/inventoried.py).

Disks' health has the names, labels, units and kinds of smartctl_exporter (prometheus-community, metrics.go), where an
item says as much. What is ours counts items and says what alerts are made of. However much a machine has, there are
no more than SERIES_AT_MOST: programs are counted, never listed.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from keskidee_report.inventory import PEOPLE
from keskidee_report.model import ABSENT, COUNTER, GAUGE, OK, Family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from keskidee_agent.inventory.gather import Found
    from keskidee_report.items import Item, Value
    from keskidee_report.model import Sample

SERIES_AT_MOST = 1500
DISKS_AT_MOST = 64
BATTERIES_AT_MOST = 8
KINDS_AT_MOST = 64
HOUR_SECONDS = 3600
LABELS = {
    "protocol": "protocol",
    "model_family": "family",
    "model_name": "model",
    "serial_number": "serial",
    "firmware_version": "firmware",
    "sata_version": "interface_version",
    "form_factor": "form_factor",
}
"""Of smartctl_device, by our fields."""
DEVICE = Family("smartctl_device", GAUGE, "Device info", digits=0)
TEMPERATURE = Family("smartctl_device_temperature", GAUGE, "Device temperature celsius", digits=0)
ERROR_LOG = Family("smartctl_device_error_log_count", GAUGE, "Device SMART error log count", digits=0)
GROWN_DEFECTS = Family("smartctl_scsi_grown_defect_list", COUNTER, "Device SCSI grown defect list counter", digits=0)
ATTRIBUTE = Family("smartctl_device_attribute", GAUGE, "Device attributes", digits=0)
ATTRIBUTES = {
    "reallocated_sectors": ("5", "Reallocated_Sector_Ct"),
    "pending_sectors": ("197", "Current_Pending_Sector"),
    "offline_uncorrectable": ("198", "Offline_Uncorrectable"),
    "crc_errors": ("199", "UDMA_CRC_Error_Count"),
}
FIELDS = {
    "smart_passed": (Family("smartctl_device_smart_status", GAUGE, "General smart status", digits=0), 1),
    "smart_exit_status": (
        Family("smartctl_device_smartctl_exit_status", GAUGE, "Exit status of smartctl on device", digits=0),
        1,
    ),
    "size_bytes": (Family("smartctl_device_capacity_bytes", GAUGE, "Device capacity in bytes", digits=0), 1),
    "rotation_rpm": (Family("smartctl_device_rotation_rate", GAUGE, "Device rotation rate", digits=0), 1),
    "power_on_hours": (
        Family("smartctl_device_power_on_seconds", COUNTER, "Device power on seconds", digits=0),
        HOUR_SECONDS,
    ),
    "power_cycles": (Family("smartctl_device_power_cycle_count", COUNTER, "Device power cycle count", digits=0), 1),
    "wear_ratio": (Family("smartctl_device_percentage_used", COUNTER, "Device write percentage used", digits=0), 100),
    "available_spare_ratio": (
        Family("smartctl_device_available_spare", COUNTER, "Percentage of the spare capacity that is left", digits=0),
        100,
    ),
    "critical_warning": (
        Family("smartctl_device_critical_warning", COUNTER, "Critical warnings of the controller, as bits", digits=0),
        1,
    ),
    "media_errors": (
        Family("smartctl_device_media_errors", COUNTER, "Unrecovered data integrity errors", digits=0),
        1,
    ),
    "read_bytes": (Family("smartctl_device_bytes_read", COUNTER, "Bytes read from the device", digits=0), 1),
    "written_bytes": (Family("smartctl_device_bytes_written", COUNTER, "Bytes written to the device", digits=0), 1),
}
"""Of a disk's fields: the family, and by what ours is multiplied to be in its unit."""

INFO = Family("keskidee_inventory_info", GAUGE, "1, labelled with what this machine is", digits=0)
ITEMS = Family("keskidee_inventory_items", GAUGE, "Items in this machine's inventory, by kind", digits=0)
SOURCES = Family("keskidee_inventory_sources", GAUGE, "Sources of the inventory, by what became of them", digits=0)
TAKEN = Family("keskidee_inventory_taken_timestamp_seconds", GAUGE, "When the inventory was taken", digits=0)
SUPPORT = Family("keskidee_inventory_support_end_timestamp_seconds", GAUGE, "When the system's support ends", digits=0)
CERTIFICATE = Family(
    "keskidee_inventory_certificate_end_timestamp_seconds", GAUGE, "When the first certificate expires", digits=0
)
RESTART = Family("keskidee_inventory_restart_due", GAUGE, "Whether something waits for a restart", digits=0)
UPDATES = Family("keskidee_inventory_security_updates", GAUGE, "Security updates that wait", digits=0)
WAITING = Family(
    "keskidee_inventory_pending_updates", GAUGE, "Updates that wait, those for security among them", digits=0
)
UPDATED = Family(
    "keskidee_inventory_last_update_timestamp_seconds", GAUGE, "Day of the newest update of Windows", digits=0
)
ENCRYPTED = Family("keskidee_inventory_encrypted", GAUGE, "Whether the system's disk is encrypted", digits=0)
BATTERY_FULL, BATTERY_DESIGN = (
    Family("keskidee_inventory_battery_full_joules", GAUGE, "What a full charge holds now", digits=0),
    Family("keskidee_inventory_battery_design_joules", GAUGE, "What a full charge held when it was new", digits=0),
)
ROOT = "/"
SYSTEM_VOLUMES = ("C:", "FileVault")
"""Keys of encryption where a file system does not tell of it itself: Windows' volume, and macOS' only one."""
JOULES = 3.6
"""In a milliwatt hour."""


def samples(results: Sequence[Found], taken_at: float) -> list[Sample]:
    """The samples of an inventory, those of one family together."""
    kinds: dict[str, list[Item]] = {}
    for each in (each for found in results for each in found.items if each.kind not in PEOPLE):
        kinds.setdefault(each.kind, []).append(each)
    found = [*_ours(kinds, results, taken_at), *_health(kinds.get("disk", [])[:DISKS_AT_MOST])]
    order = {name: number for number, name in enumerate(dict.fromkeys(family.name for family, _, _ in found))}
    return sorted(found, key=lambda sample: order[sample[0].name])[:SERIES_AT_MOST]


def _ours(kinds: Mapping[str, Sequence[Item]], results: Sequence[Found], taken_at: float) -> Iterator[Sample]:
    platform, boot, system, restart = (
        _first(kinds, kind) for kind in ("platform", "boot", "operating_system", "restart")
    )
    labels = {
        **{name: platform.get(name) for name in ("virtual", "hypervisor", "container")},
        **{name: boot.get(name) for name in ("firmware", "secure_boot")},
        **{name: system.get(name) for name in ("support_ends_on", "edition")},
    }
    yield (INFO, {name: _label(value) for name, value in labels.items()}, 1)
    yield TAKEN(int(taken_at))
    for kind in sorted(kinds)[:KINDS_AT_MOST]:
        yield ITEMS(len(kinds[kind]), kind=kind)
    for outcome in sorted({found.outcome for found in results if found.outcome != ABSENT} | {OK}):
        yield SOURCES(sum(found.outcome == outcome for found in results), outcome=outcome)
    yield from _days(SUPPORT, [system.get("support_ends_on")])
    yield from _days(CERTIFICATE, [each.fields.get("expires_on") for each in kinds.get("certificate", ())])
    if restart:
        yield RESTART(int(bool(restart.get("due"))))
    waiting = [each.fields.get("security") for each in kinds.get("pending_update", ())]
    if waiting:
        yield WAITING(len(waiting))
    if True in waiting or False in waiting:
        yield UPDATES(waiting.count(True))
    yield from _days(UPDATED, [_newest(kinds.get("software_update", ()))])
    is_encrypted = _is_encrypted(kinds)
    if is_encrypted is not None:
        yield ENCRYPTED(int(is_encrypted))
    yield from _batteries(kinds.get("battery", ()))


def _newest(updates: Iterable[Item]) -> str | None:
    """The last day (YYYY-MM-DD) on which any was installed."""
    return max((str(day) for each in updates if (day := each.fields.get("installed_on"))), default=None)


def _is_encrypted(kinds: Mapping[str, Sequence[Item]]) -> bool | None:
    """Of the file system that holds the system, else of the volume that does; None where neither is told of."""
    told = [each.fields.get("encrypted") for each in kinds.get("filesystem", ()) if each.key == ROOT]
    told += [each.fields.get("enabled") for each in kinds.get("encryption", ()) if each.key in SYSTEM_VOLUMES]
    return next((said for said in told if isinstance(said, bool)), None)


def _batteries(batteries: Sequence[Item]) -> Iterator[Sample]:
    for family, field in ((BATTERY_FULL, "full_milliwatt_hours"), (BATTERY_DESIGN, "design_milliwatt_hours")):
        for each in batteries[:BATTERIES_AT_MOST]:
            energy = each.fields.get(field)
            if isinstance(energy, int) and energy > 0:
                yield family(round(energy * JOULES), battery=each.key)


def _first(kinds: Mapping[str, Sequence[Item]], kind: str) -> Mapping[str, Value]:
    return next((each.fields for each in kinds.get(kind, ())), {})


def _label(value: Value | None) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _days(family: Family, days: Iterable[Value | None]) -> Iterator[Sample]:
    """The beginning of the first of these days; a text that is none, as another's file may hold, is passed over."""
    told = []
    for day in days:
        with suppress(ValueError):
            told.append(int(datetime.strptime(str(day), "%Y-%m-%d").replace(tzinfo=UTC).timestamp()))
    if told and min(told) >= 0:
        yield family(min(told))


def _health(disks: Sequence[Item]) -> Iterator[Sample]:
    for disk in disks:
        if "smart_exit_status" not in disk.fields:  # only the kernel was asked: smartctl_exporter would have nothing
            continue
        texts = {label: _label(disk.fields.get(field)) for label, field in LABELS.items()}
        yield (DEVICE, {"device": disk.key, **texts}, 1)
        for field, (family, factor) in FIELDS.items():
            value = disk.fields.get(field)
            if isinstance(value, int | float):
                yield family(round(value * factor), device=disk.key)
        for field, family, more in (
            ("temperature_celsius", TEMPERATURE, {"temperature_type": "current"}),
            ("error_log_count", ERROR_LOG, {"error_log_type": "summary"}),
            ("grown_defects", GROWN_DEFECTS, {name: texts[name] for name in ("model_name", "serial_number")}),
            *(
                (field, ATTRIBUTE, {"attribute_id": number, "attribute_name": name, "attribute_value_type": "raw"})
                for field, (number, name) in ATTRIBUTES.items()
            ),
        ):
            value = disk.fields.get(field)
            if isinstance(value, int):
                yield (family, {"device": disk.key, **more}, value)


def written(found: Sequence[Sample]) -> bytes:
    """The samples as lines for sources/inventoried.py: a family, and below it a line a sample. No text has a tab."""
    lines, last = [], None
    for family, labels, value in found:
        if family is not last:
            lines.append(f"{family.name}\t{family.kind}\t{family.help}")
            last = family
        lines.append("\t".join(["", str(int(value)), *(f"{name}={text}" for name, text in labels.items())]))
    return "".join(f"{line}\n" for line in [*lines, "end"]).encode()
