"""Block devices: transfers from /proc/diskstats (Documentation/admin-guide/iostats.rst), names from udev's database.

No privilege; psutil elsewhere. A device whose line did not change costs next to nothing.
"""

from __future__ import annotations

from keskidee_agent.host.lines import complete_lines, numbers
from keskidee_report.model import Columns, Denied, Family, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Sample, Samples

PROMPT = True

EXCLUDE = r"^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$"
SECTORS = -9  # digits of a number of sectors: 512 bytes in /proc/diskstats, whatever the device's own are
MILLISECOND = 0.001
REREAD_ROUNDS = 20
"""What a device is is read again when udev says so; now and then also without, for what changes in /sys alone."""


def _counter(name: str, what: str, digits: int = 0) -> Family:
    return Family(f"node_disk_{name}_total", "counter", what, digits=digits)


READS = _counter("reads_completed", "Reads that succeeded")
READ_SECONDS = _counter("read_time_seconds", "Seconds spent by all reads together", 3)
WRITES = _counter("writes_completed", "Writes that succeeded")
WRITE_SECONDS = _counter("write_time_seconds", "Seconds spent by all writes together", 3)

# the columns behind the device's name, each in the unit of its family; older kernels have fewer
COLUMNS = (
    READS,
    _counter("reads_merged", "Reads joined to a neighbouring one"),
    _counter("read_bytes", "Bytes read", SECTORS),
    READ_SECONDS,
    WRITES,
    _counter("writes_merged", "Writes joined to a neighbouring one"),
    _counter("written_bytes", "Bytes written", SECTORS),
    WRITE_SECONDS,
    Family("node_disk_io_now", "gauge", "Requests under way now", digits=0),
    _counter("io_time_seconds", "Seconds in which the device had anything to do", 3),
    _counter("io_time_weighted_seconds", "Those seconds, times the requests under way", 3),
    _counter("discards_completed", "Discards that succeeded"),
    _counter("discards_merged", "Discards joined to a neighbouring one"),
    _counter("discarded_sectors", "Sectors of 512 bytes discarded"),
    _counter("discard_time_seconds", "Seconds spent by all discards together", 3),
    _counter("flush_requests", "Flushes that succeeded"),
    _counter("flush_requests_time_seconds", "Seconds spent by all flushes together", 3),
)
# elsewhere bytes are counted, and not by the sector
READ_BYTES = _counter("read_bytes", "Bytes read")
WRITTEN_BYTES = _counter("written_bytes", "Bytes written")
FEWEST_COLUMNS = 11
MOST_DIGITS = 9

INFO = Family("node_disk_info", "gauge", "1, labelled with what udev says of the device", digits=0)
FILESYSTEM = Family("node_disk_filesystem_info", "gauge", "1, labelled with the file system on the device", digits=0)
MAPPED = Family("node_disk_device_mapper_info", "gauge", "1, labelled with the device mapper's names", digits=0)
BACKING = Family("node_disk_device_mapper_backing_device_info", "gauge", "1 for each device beneath one", digits=0)
ATA = (
    ("ID_ATA_WRITE_CACHE", Family("node_disk_ata_write_cache", "gauge", "Whether it has a write cache", digits=0)),
    (
        "ID_ATA_WRITE_CACHE_ENABLED",
        Family("node_disk_ata_write_cache_enabled", "gauge", "Whether its write cache is on", digits=0),
    ),
    (
        "ID_ATA_ROTATION_RATE_RPM",
        Family("node_disk_ata_rotation_rate_rpm", "gauge", "Turns a minute, 0 for one that does not turn", digits=0),
    ),
)


def read(machine: Machine) -> Iterable[Sample]:
    """Counts since boot labelled `device`, and info samples with model, serial, file system and mapping.

    Partitions, RAM disks and loop devices are left out unless asked for.
    """
    if machine.platform == "linux":
        return _linux(machine)
    return _portable(machine)


def is_excluded(device: str) -> bool:
    """What EXCLUDE matches."""
    stem = device.rstrip("0123456789")
    if stem == device:
        return False
    if stem in ("ram", "loop", "fd"):
        return True
    if stem[-2:-1] == "d" and "a" <= stem[-1] <= "z":
        return stem[:-2] in ("h", "s", "v", "xv")
    controller, separator, namespace = stem.removeprefix("nvme").removesuffix("p").partition("n")
    whole = stem == f"nvme{controller}{separator}{namespace}p"
    return whole and _is_number(controller) and _is_number(namespace)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


class Device:
    """A device as it was found: its name, and the names and values of what it is."""

    __slots__ = ("info", "name", "names")

    def __init__(self, name: bytes, columns: int, info: list[Sample]) -> None:
        self.name = name
        labels = {"device": name.decode("utf-8", "replace")}
        self.names = [*[(family, labels) for family in COLUMNS[:columns]], *[sample[:2] for sample in info]]
        self.info = [round(value) for _, _, value in info]


class Layout:
    """What the last round read, and where each line's counts stand in its columns."""

    __slots__ = ("columns", "content", "places")

    def __init__(self, machine: Machine, content: bytes) -> None:
        self.content = b""  # until all is known
        names: list[tuple[Family, dict[str, str]]] = []
        counts: list[int] = []
        self.places: list[tuple[Device | None, int]] = []
        for line in complete_lines(content):
            device, found = _found(machine, line)
            self.places.append((device, len(counts)))
            if device is not None:
                names += device.names
                counts += found
        self.columns = Columns(tuple(names), counts)
        self.content = content

    def moved(self, content: bytes) -> bool:
        """Takes the counts of another content; False where it tells of other devices. Raises Malformed."""
        lines, last = complete_lines(content), self.content.split(b"\n")  # one after the other in memory, once more
        if len(lines) != len(self.places):
            return False
        counts = self.columns.counts.copy()
        for at, (line, before) in enumerate(zip(lines, last, strict=False)):
            if line != before and not self._take(at, line, counts):
                return False
        self.columns = Columns(self.columns.names, counts)
        self.content = content
        return True

    def _take(self, at: int, line: bytes, counts: list[int]) -> bool:
        device, start = self.places[at]
        if device is None:  # most are loop devices; another one in its place is another name
            return line.split(None, 3)[2:3] == self.content.split(b"\n")[at].split(None, 3)[2:3]
        fields = line.split(None, 3)
        if len(fields) < 4 or fields[2] != device.name:
            return False
        found = parse_counts(fields[3])
        if len(found) + len(device.info) != len(device.names):
            return False
        counts[start : start + len(found)] = found
        return True


def _linux(machine: Machine) -> Samples:
    memory = machine.memory("diskstats")
    content = machine.content("proc/diskstats")
    layout: Layout | None = memory.get("layout")
    if _described_anew(machine) or layout is None or not layout.moved(content):
        layout = memory["layout"] = Layout(machine, content)
    return layout.columns


def _found(machine: Machine, line: bytes) -> tuple[Device | None, list[int]]:
    """The device of a line, unless it is unwanted, and the values of all that is told of it. Raises Malformed."""
    fields = line.split(None, 3)
    if len(fields) < 4:
        raise Malformed("not a line of /proc/diskstats", line)
    major, minor, name, rest = fields
    text = name.decode("utf-8", "replace")
    if machine.excluded("diskstats.device_exclude", EXCLUDE, is_excluded)(text):
        return None, []
    counts = parse_counts(rest)
    device = Device(name, len(counts), _info(machine, text, major.decode(), minor.decode()))
    return device, counts + device.info


def _described_anew(machine: Machine) -> bool:
    """Whether udev has written into its database, as it does when a device or mapping changes; now and then True."""
    remembered = machine.memory("diskstats udev")
    rounds = remembered["rounds"] = remembered.get("rounds", -1) + 1
    last, now = remembered.get("signature"), machine.signature("run/udev/data")
    remembered["signature"] = now
    return last != now or rounds % REREAD_ROUNDS == 0


def parse_counts(columns: bytes) -> list[int]:
    """The counts behind a device's name, in the units of their families. Raises Malformed."""
    counts = numbers(columns)
    if len(counts) < FEWEST_COLUMNS:
        raise Malformed("too few columns in /proc/diskstats", columns)
    return counts[: len(COLUMNS)]


def _info(machine: Machine, name: str, major: str, minor: str) -> list[Sample]:
    try:
        properties = parse_udev(machine.content(f"run/udev/data/b{major}:{minor}"))
    except (NotHere, Denied):  # a container, or a system without udev
        properties = {}
    samples = describe(name, major, minor, _rotational(machine, name), properties)
    if properties.get("DM_NAME"):
        samples += [BACKING(1, device=name, backing_device=beneath) for beneath in _slaves(machine, name)]
    return samples


def _rotational(machine: Machine, name: str) -> str:
    try:
        content = machine.content(f"sys/block/{name.replace('/', '!')}/queue/rotational")
    except (NotHere, Denied):
        return "0"  # a partition has no queue of its own
    return "1" if content.strip() == b"1" else "0"


def _slaves(machine: Machine, name: str) -> list[str]:
    try:
        return machine.names(f"sys/block/{name}/slaves")
    except (NotHere, Denied):
        return []


def parse_udev(content: bytes) -> dict[str, str]:
    """The properties (`E:` lines) of a file in udev's database."""
    properties = {}
    for line in content.decode("utf-8", "replace").split("\n")[:-1]:  # a last line without its end may be cut short
        if line.startswith("E:"):
            name, equals, value = line[2:].partition("=")
            if equals:
                properties[name] = value
    return properties


def describe(name: str, major: str, minor: str, rotational: str, properties: dict[str, str]) -> list[Sample]:
    """The info samples of a device. A property that should be a number and is none is left out."""

    def text(*keys: str) -> str:
        return next(filter(None, map(properties.get, keys)), "") or ""

    info = INFO(
        1,
        device=name,
        major=major,
        minor=minor,
        path=text("ID_PATH"),
        wwn=text("ID_WWN"),
        model=text("ID_MODEL"),
        # what is printed on the disk comes first, what virtual disks have comes last
        serial=text("SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"),
        revision=text("ID_REVISION"),
        rotational=rotational,
    )
    samples = [info]
    if text("ID_FS_TYPE"):
        samples.append(
            FILESYSTEM(
                1,
                device=name,
                type=text("ID_FS_TYPE"),
                usage=text("ID_FS_USAGE"),
                uuid=text("ID_FS_UUID"),
                version=text("ID_FS_VERSION"),
            )
        )
    if text("DM_NAME"):
        samples.append(
            MAPPED(
                1,
                device=name,
                name=text("DM_NAME"),
                uuid=text("DM_UUID"),
                vg_name=text("DM_VG_NAME"),
                lv_name=text("DM_LV_NAME"),
                lv_layer=text("DM_LV_LAYER"),
            )
        )
    if text("ID_ATA"):
        for key, family in ATA:
            told = properties.get(key, "")
            if told.isascii() and told.isdigit() and len(told) <= MOST_DIGITS:
                samples.append(family(int(told), device=name))
    return samples


def _portable(machine: Machine) -> Iterable[Sample]:
    for device, counts in machine.ask("disk_io_counters", perdisk=True).items():
        yield READS(counts.read_count, device=device)
        yield READ_BYTES(counts.read_bytes, device=device)
        yield READ_SECONDS(counts.read_time * MILLISECOND, device=device)
        yield WRITES(counts.write_count, device=device)
        yield WRITTEN_BYTES(counts.write_bytes, device=device)
        yield WRITE_SECONDS(counts.write_time * MILLISECOND, device=device)
