"""The parsers of the inventory: what is particular to each, and that none is upset by anything."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given

from keskidee_agent.host.recorded import RecordedMachine
from keskidee_agent.inventory import cpuinfo, lspci
from keskidee_agent.inventory.gather import found_sources, gathered, read
from keskidee_agent.inventory.sources import battery, network, usb
from keskidee_report.items import Value
from keskidee_report.model import DENIED, FAILED
from tests.agent.anything import contents
from tests.agent.inventory.reading import items
from tests.agent.inventory.specimens import CPUINFO, IP, LSPCI, RECORDS, UPOWER
from tests.agent.inventory.tables import TABLE
from tests.agent.recordings import FIXTURES, as_nobody, write_files


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


@pytest.mark.parametrize("parse", [lspci.parse, cpuinfo.packages, network.parse, battery.upower, usb.lsusb])
@given(
    content=contents(
        "0123456789abcdef:[] ()\t\nprocessor", [text.encode() for text in (LSPCI, RECORDS, CPUINFO, IP, UPOWER)]
    )
)
def test_no_text_upsets_a_parser(parse: Callable[[str], Iterable[object]], content: bytes) -> None:
    assert None not in list(parse(content.decode("utf-8", "replace")))


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
