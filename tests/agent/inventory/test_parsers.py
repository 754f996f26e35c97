"""The parsers of the inventory: what is particular to each, and that none is upset by anything."""

import struct
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.inventory import cpuinfo, edid, ids, lspci
from keskidee_agent.inventory.gather import found_sources, gathered, read
from keskidee_agent.inventory.sources import battery, network, usb
from keskidee_agent.recorded import RecordedMachine
from keskidee_report.items import Value
from keskidee_report.model import DENIED, FAILED, Malformed
from tests.agent.anything import contents
from tests.agent.inventory.tables import TABLE
from tests.agent.recordings import FIXTURES, as_nobody, write_files

PCI_IDS = b"""\
# comment
1af4  Red Hat, Inc.
\t1041  Virtio 1.0 network device
\t\t1af4 1100  QEMU
8086  Intel Corporation
\t1916  Skylake GT2 [HD Graphics 520]
C 03  Display controller
\t00  VGA compatible controller
"""
LSPCI = """\
00:02.0 VGA compatible controller [0300]: Intel Corporation Skylake GT2 [HD Graphics 520] [8086:1916] (rev 07)
\tSubsystem: Dell Skylake GT2 [HD Graphics 520] [1028:0704]
\tMemory at db000000 (64-bit, non-prefetchable) [size=16M]
\tMemory at 90000000 (64-bit, prefetchable) [size=256M]
\tKernel driver in use: i915
"""
RECORDS = """\
Slot:\t00:02.0
Class:\tVGA compatible controller [0300]
Vendor:\tIntel Corporation [8086]
Device:\tSkylake GT2 [HD Graphics 520] [1916]
SVendor:\tDell [1028]
SDevice:\tDevice [0704]
Rev:\t07
Driver:\ti915
Module:\ti915

Device:\t0001:01:00.0
Class:\tNon-Volatile memory controller
Vendor:\tSamsung Electronics Co Ltd
Device:\tDevice a80c
"""
CPUINFO = "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 94\nmodel name\t: A   B @ 2.60GHz\n\n"
IP = """\
2: eth0: <BROADCAST,UP> mtu 1500 qdisc mq state UP group default
    link/ether 00:1a:6b:0d:78:03 brd ff:ff:ff:ff:ff:ff
    inet 192.168.1.11/24 brd 192.168.1.255 scope global eth0:0
    inet 10.0.0.1 peer 10.0.0.2/32 scope global eth0
"""
UPOWER = "  native-path: BAT0\n  vendor: A\n  power supply: yes\n  battery\n    energy-full: 7,5 Wh\n"


def block(text: bytes = b"SERIAL-1", number: int = 0, maker: int = 0x10AC) -> bytes:
    """Block 0 of an EDID with a name and a serial number, and the right checksum."""
    head = (
        edid.MAGIC + struct.pack(">H", maker) + struct.pack("<HI", 0xD0DA, number) + bytes((35, 29, 1, 3, 0x80, 53, 30))
    )
    timing = bytes.fromhex("023a801871382d40582c45000f282100001e")
    texts = [
        b"\0\0\0" + bytes((tag,)) + b"\0" + body[:13].ljust(13)
        for tag, body in ((0xFC, b"P24\n"), (0xFF, text + b"\n"))
    ]
    body = head.ljust(54, b"\0") + timing + b"".join(texts) + bytes(18)
    body = body.ljust(127, b"\0")
    return body + bytes(((-sum(body)) % 256,))


def test_an_edid_says_what_a_monitor_is() -> None:
    told = edid.parse(block())
    assert (told.maker, told.name, told.serial.text, told.week, told.year) == ("DEL", "P24", "SERIAL-1", 35, 2019)
    assert (told.width, told.height, told.native, told.digital) == (527, 296, "1920x1080", True)


@pytest.mark.parametrize(
    ("maker", "text", "number", "serial"),
    [
        ("DEL", "C064652L3KTL", 0, ("C064652L3KTL", edid.DESCRIPTOR, edid.HIGH, "")),
        ("ACR", "LXMEE0204222", 0x80905D6C, ("LXMEE02080905d6c4222", edid.COMPOSED, edid.MEDIUM, "LXMEE0204222")),
        ("GSM", "", 0x00052AF4, ("9Y676", edid.COMPOSED, edid.MEDIUM, "00052af4")),
        ("BNQ", "V5J00208019", 0x5445, ("ETV5J00208019", edid.COMPOSED, edid.MEDIUM, "V5J00208019")),
        ("TOS", "", 4, ("00000004", edid.NUMBER, edid.LOW, "")),
        ("IVM", "", 0x01010101, ("", "", "", "")),
        ("IVM", "0000000000000", 0, ("", "", "", "")),
    ],
)
def test_where_a_serial_number_comes_from(maker: str, text: str, number: int, serial: tuple[str, ...]) -> None:
    found = edid.serial_of(maker, text, number)
    assert (found.text, found.source, found.confidence, found.other) == serial


def closed(body: bytes) -> bytes:
    """A block of 128 bytes with the right checksum."""
    body = body.ljust(127, b"\0")
    return body + bytes(((-sum(body)) % 256,))


DISPLAY_ID = closed(bytes((0x70, 0x12, 20, 0, 0, 0x00, 0, 12)) + b"DEL" + struct.pack("<HI", 0xD0DA, 0x12345678))
CTA = closed(bytes((0x02, 3, 4, 0)) + b"\0\0\0\xff\0" + b"CN-0X1\n".ljust(13))


@pytest.mark.parametrize(
    ("extensions", "serial"),
    [
        (DISPLAY_ID, ("12345678", edid.NUMBER)),
        (CTA, ("CN-0X1", edid.DESCRIPTOR)),
        (CTA + DISPLAY_ID, ("CN-0X1", edid.DESCRIPTOR)),
        (DISPLAY_ID[:-1] + b"\0", ("", "")),
        (DISPLAY_ID[:100], ("", "")),
        (closed(bytes((0x70, 0x20, 20, 0, 0, 0x00, 0, 12))), ("", "")),
        (closed(b"\x70\x12\xff\0\0\x01\0\xff"), ("", "")),
        (closed(b"\x02\x03\x7f\0"), ("", "")),
    ],
)
def test_a_serial_number_that_only_an_extension_has(extensions: bytes, serial: tuple[str, str]) -> None:
    told = edid.parse(block(text=b"") + extensions).serial
    assert (told.text, told.source) == serial
    assert edid.parse(block() + extensions).serial.text == "SERIAL-1"


@pytest.mark.parametrize(("packed", "maker"), [(0x367F, "MS_"), (0, ""), (0x10A0, "")])
def test_a_maker_that_is_no_three_letters_costs_no_monitor(packed: int, maker: str) -> None:
    told = edid.parse(block(maker=packed))
    assert (told.maker, told.serial.text) == (maker, "SERIAL-1")


@pytest.mark.parametrize("raw", [b"", block()[:127], block()[:-1] + b"\0", b"\0" * 128, block(maker=0x90AC)])
def test_a_broken_edid_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        edid.parse(raw)


def test_a_monitor_with_a_broken_edid_is_told_with_the_fault(tmp_path: Path) -> None:
    write_files(tmp_path, {"sys/class/drm/card0-DP-1/edid": block()[:-1] + b"\0", "sys/class/drm/card0/dev": "226:0"})
    [monitor] = items(tmp_path, "monitor")
    assert (str(monitor["fault"])[:28], "serial" in monitor) == ("EDID with a wrong checksum: ", False)


def items(root: Path, source: str) -> list[dict[str, Value]]:
    [found] = [read(each, RecordedMachine(str(root))) for each in found_sources() if each.name == source]
    return [dict(item.fields) for item in found.items]


def test_names_of_ids_are_those_of_the_vendors_asked_for() -> None:
    names = ids.parse(PCI_IDS, {"1af4": ()})
    assert (names.device("1af4", "1041", "1af4", "1100"), names.device("8086"), names.kind("03", "00")) == (
        *("QEMU", ""),
        "VGA compatible controller",
    )


def test_pci_devices_of_the_kernel_have_the_names_of_pci_ids(tmp_path: Path) -> None:
    folder = "sys/bus/pci/devices/0000:00:02.0/"
    files = {"vendor": "0x8086\n", "device": "0x1916\n", "class": "0x030000\n", "revision": "0x07\n"}
    resource = "0x90000000 0x9fffffff 0x000000000014220c\n0xf000 0xf03f 0x40101\n"
    compressor = zlib.compressobj(wbits=31)
    packed = compressor.compress(PCI_IDS) + compressor.flush()
    write_files(tmp_path, {folder + name: text for name, text in files.items()})
    write_files(tmp_path, {folder + "resource": resource, "usr/share/misc/pci.ids.gz": packed})
    _, graphics = items(tmp_path, "pci")
    assert (graphics["maker"], graphics["model"], graphics["chip"], graphics["memory_bytes"]) == (
        *("Intel Corporation", "HD Graphics 520", "Skylake GT2"),
        256 << 20,
    )


def test_lspci_says_the_same() -> None:
    [device] = lspci.parse(LSPCI)
    assert (device.maker, device.model, device.board_maker, device.memory_bytes, device.driver) == (
        *("Intel Corporation", "Skylake GT2 [HD Graphics 520]", "Dell"),
        *(256 << 20, "i915"),
    )


def test_lspci_says_the_same_in_its_form_for_programs() -> None:
    graphics, disk = lspci.parse(RECORDS)
    assert graphics == lspci.Device(
        address="0000:00:02.0",
        class_code="0300",
        class_name="VGA compatible controller",
        vendor="8086",
        device="1916",
        maker="Intel Corporation",
        board_maker="Dell",
        model="Skylake GT2 [HD Graphics 520]",
        subsystem_vendor="1028",
        subsystem_device="0704",
        revision="07",
        driver="i915",
    )
    assert (disk.address, disk.class_name, disk.model) == (
        "0001:01:00.0",
        "Non-Volatile memory controller",
        "Device a80c",
    )


def test_graphics_are_found_in_a_list_without_numbers_too(tmp_path: Path) -> None:
    write_files(
        tmp_path, {"commands/lspci": "01:00.0 VGA compatible controller: NVIDIA Corporation NV43GL [Quadro FX 550]\n"}
    )
    _, graphics = items(tmp_path, "pci")
    assert (graphics["maker"], graphics["model"], graphics["chip"]) == ("NVIDIA Corporation", "Quadro FX 550", "NV43GL")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CPUINFO, [("Intel", "A B @ 2.60GHz", 2_600_000_000)]),
        ("cpu\t\t: POWER8\nclock\t\t: 3690.000000MHz\n", [("", "POWER8", 3_690_000_000)]),
        ("system type : SGI\nprocessor : 0\ncpu model : R4400SC V5.0\n", [("", "R4400SC V5.0", None)]),
        (
            "processor : 0\nCPU implementer : 0x41\nCPU architecture: 8\nCPU part : 0xd08\n",
            [("ARM", "Cortex-A72", None)],
        ),
        (
            "processor : 0\nCPU implementer : 0xc0\nCPU architecture: 8\nCPU part : 0xac3\n",
            [("Ampere", "AmpereOne", None)],
        ),
        ("processor : 0\nhart : 1\nisa : rv64imafdc\nuarch : sifive,u74-mc\n", [("", "sifive,u74-mc", None)]),
        (
            "cpu\t: Alpha\ncpu model\t: EV6\ncycle frequency [Hz] : 462413493 est.\ncpus active\t: 2\n",
            [("", "EV6", 462_413_493)] * 2,
        ),
        (
            "vendor_id : IBM/S390\n# processors : 4\nprocessor 0: version = FF, machine = 2964\n",
            [("IBM", "machine 2964", None)],
        ),
        ("", []),
        ("nonsense\n", []),
    ],
)
def test_processors_of_many_architectures(text: str, expected: list[tuple[str, str, int | None]]) -> None:
    assert [(chip.maker, chip.model, chip.speed_hertz) for chip in cpuinfo.packages(text)] == expected


def test_addresses_of_ip_are_those_of_their_interface_or_alias() -> None:
    mac = {"up": True, "mac": "00:1a:6b:0d:78:03"}
    assert network.parse(IP) == {
        "eth0": {**mac, "addresses": ("10.0.0.1/32",)},
        "eth0:0": {**mac, "type": "alias", "addresses": ("192.168.1.11/24",)},
    }


def test_a_battery_tells_its_wear(tmp_path: Path) -> None:
    folder = "sys/class/power_supply/BAT0/"
    charge = {"charge_full": "3000000", "charge_full_design": "4000000", "voltage_min_design": "11100000"}
    write_files(tmp_path, {folder + name: text + "\n" for name, text in {**charge, "type": "Battery"}.items()})
    write_files(
        tmp_path, {"sys/class/power_supply/hid/type": "Battery\n", "sys/class/power_supply/hid/scope": "Device\n"}
    )
    assert items(tmp_path, "battery") == [
        {
            "design_milliwatt_hours": 44400,
            "full_milliwatt_hours": 33300,
            "design_millivolts": 11100,
            "health_ratio": 0.75,
        }
    ]


def test_a_battery_of_no_told_voltage_tells_its_wear(tmp_path: Path) -> None:
    folder = "sys/class/power_supply/BAT0/"
    charge = {"charge_full": "3000000", "charge_full_design": "4000000", "type": "Battery"}
    write_files(tmp_path, {folder + name: text + "\n" for name, text in charge.items()})
    assert items(tmp_path, "battery") == [{"health_ratio": 0.75}]


def test_upower_speaks_the_users_language() -> None:
    assert list(battery.upower(UPOWER)) == [("BAT0", {"maker": "A", "full_milliwatt_hours": 7500})]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder into which others than its owner may look, as they may not into pytest's."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_what_root_alone_may_read_is_denied_and_the_rest_told(open_folder: Path) -> None:
    dmi = "sys/class/dmi/id/"
    write_files(
        open_folder, {dmi + "sys_vendor": "Dell Inc.\n", dmi + "product_serial": "S-1\n", dmi + "chassis_type": "10\n"}
    )
    (open_folder / dmi / "product_serial").chmod(0)
    [source] = [each for each in found_sources() if each.name == "system"]
    with as_nobody():
        found = read(source, RecordedMachine(str(open_folder)))
    assert (found.outcome, found.reason) == (DENIED, "product_serial in /sys/class/dmi/id: only root may read them")
    assert [(each.kind, dict(each.fields)) for each in found.items] == [
        ("system", {"maker": "Dell Inc."}),
        ("chassis", {"type": "Notebook"}),
    ]


def test_secure_boot_and_tpm(tmp_path: Path) -> None:
    variable = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    write_files(tmp_path, {variable: b"\x06\0\0\0\1", "sys/class/tpm/tpm0/tpm_version_major": "2\n"})
    assert items(tmp_path, "platform") == [{"firmware": "uefi", "secure_boot": True}, {"version": "2.0"}]


class Firmware(RecordedMachine):
    """A recorded machine whose firmware gives this table."""

    def __init__(self, table: bytes) -> None:
        super().__init__(str(FIXTURES / "inventory" / "old_board"))
        self.table = table

    def smbios(self) -> bytes:
        return self.table


@given(contents("\0\1\2\4\x11\x7f", [TABLE]))
def test_no_table_upsets_a_source(table: bytes) -> None:
    results = gathered(Firmware(table))
    failed = [found.reason for found in results if found.outcome == FAILED]
    assert [reason for reason in failed if not reason.startswith("malformed: ")] == []


@given(
    st.one_of(
        st.binary(max_size=140), st.binary(min_size=118, max_size=118).map(lambda b: edid.MAGIC + b"\x10\xac" + b)
    )
)
def test_any_edid_is_read_or_malformed(raw: bytes) -> None:
    closed = raw[:127] + bytes(((-sum(raw[:127])) % 256,)) if len(raw) == 128 else raw
    with suppress(Malformed):
        assert len(edid.parse(closed).maker) == 3


@pytest.mark.parametrize("parse", [lspci.parse, cpuinfo.packages, network.parse, battery.upower, usb.lsusb])
@given(
    content=contents(
        "0123456789abcdef:[] ()\t\nprocessor", [text.encode() for text in (LSPCI, RECORDS, CPUINFO, IP, UPOWER)]
    )
)
def test_no_text_upsets_a_parser(parse: Callable[[str], Iterable[object]], content: bytes) -> None:
    assert None not in list(parse(content.decode("utf-8", "replace")))


@given(contents("0123456789abcdef \t\nC#", [PCI_IDS]))
def test_names_of_ids_are_texts(content: bytes) -> None:
    names = ids.parse(content, {"8086": (), "1af4": ("1000",)})
    assert {type(name) for name in (*names.devices.values(), *names.classes.values())} <= {str}


@pytest.mark.parametrize(
    ("maker", "product", "platform"),
    [
        ("Amazon EC2", "m5.metal", {"virtual": False}),
        ("Amazon EC2", "t3.large", {"virtual": True, "hypervisor": "amazon"}),
        ("Alibaba Cloud", "Alibaba Cloud ECS", {"virtual": True, "hypervisor": "kvm"}),
    ],
)
def test_a_whole_machine_of_a_cloud_is_not_virtual(
    tmp_path: Path, maker: str, product: str, platform: dict[str, Value]
) -> None:
    text = f"Handle 0x0001, DMI type 1, 27 bytes\nSystem\n\tManufacturer: {maker}\n\tProduct Name: {product}\n"
    assert items(write_files(tmp_path, {"commands/dmidecode": text}), "platform") == [platform]
