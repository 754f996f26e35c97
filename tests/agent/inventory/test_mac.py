"""Macs: system_profiler's tree, the items in it, and ifconfig in each of its forms."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.inventory.profiler import parse
from keskidee_agent.inventory.sources import ifconfig
from keskidee_report.items import Item
from keskidee_report.model import ABSENT, FAILED, OK, Malformed
from tests.agent.inventory.reading import found_in, items_in

PROFILE = """Hardware:

    Hardware Overview:

      Model Name: iMac
      Model Identifier: iMac7,1
      Processor Name: Intel Core 2 Duo
      Processor Speed: 2,4 GHz
      Number Of Processors: 1
      Total Number Of Cores: 2
      Serial Number (system): W8805BRDX89

Memory:

    Memory Slots:

      ECC: Disabled

        BANK 0/DIMM0:

          Size: 1 GB
          Type: DDR2 SDRAM
          Speed: 667 MHz
          Status: OK
          Manufacturer: 0x2C00000000000000
          Part Number: 0x3848544631323836344844592D3636374531
          Serial Number: 0x00000000

        BANK 1/DIMM1:

          Size: Empty
          Type: Empty
          Status: Empty

Serial-ATA:

    Intel ICH8-M AHCI:

      Vendor: Intel

        WDC WD3200:

          Capacity: 320,07 GB (320\u00a0072\u00a0933\u00a0376 bytes)
          Model: WDC WD3200
          Serial Number: WD-1
          BSD Name: disk0
          Medium Type: Rotational
          Volumes:
            osx:
              Capacity: 1 GB
              BSD Name: disk0s2

Applications:

    Exposé: the app:

      Version: 1.1
      Last Modified: 2/20/11 3:34 PM
      Location: /Applications/Utilities/Expose.app
      Get Info String: 1.1, Copyright
Apple: all rights
      Signed by: Software Signing, Apple Code Signing, Apple Root CA

    Remote Assistance:

      Location: /Users/x/Applications/{62224c9e-25f7-4c47-bbb7-70acf05cd357} Applications.localized/Remote.app
"""
MACOS = """en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tether 3c:36:00:60:88:11
\tinet6 fe80::8844:fade:b431:a%en0 prefixlen 64 secured scopeid 0x6
\tinet 10.71.127.11 netmask 0xffffe000 broadcast 10.71.127.255
\tmedia: autoselect (1000baseT <full-duplex,flow-control>)
\tstatus: active
"""
LINUX = """eth0      Link encap:Ethernet  HWaddr 00:1B:2C:3D:4E:5F
          inet addr:192.168.0.5  Bcast:192.168.0.255  Mask:255.255.255.0
          inet6 addr: fe80::21b:2cff:fe3d:4e5f/64 Scope:Link
          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1
"""


def test_the_tree_keeps_headings_with_colons_and_passes_over_second_lines() -> None:
    *_, applications = parse(PROFILE.encode()).nodes
    assert [node.name for node in applications.nodes] == ["Exposé: the app", "Remote Assistance"]
    assert list(applications.nodes[0].values) == [
        *("Version", "Last Modified", "Location", "Get Info String", "Signed by")
    ]


def test_a_macs_hardware_and_applications(tmp_path: Path) -> None:
    found = found_in(tmp_path, "mac", {"commands/system_profiler": PROFILE})
    memory: dict[str, str | int] = {"slot": "BANK 0/DIMM0", "type": "DDR2 SDRAM", "size_bytes": 1 << 30}
    memory |= {"speed_transfers_per_second": 667_000_000, "maker": "Micron", "maker_code": "0x2C00000000000000"}
    app = {"name": "Exposé: the app", "version": "1.1", "format": "application", "maker": "Software Signing"}
    assert (found.outcome, list(found.items)) == (
        OK,
        [
            Item("system", "system", {"maker": "Apple", "model": "iMac7,1", "family": "iMac", "serial": "W8805BRDX89"}),
            Item("platform", "platform", {"virtual": False}),
            Item(
                "processor",
                "socket 1",
                {"maker": "Intel", "model": "Intel Core 2 Duo", "cores": 2, "speed_hertz": 2_400_000_000},
            ),
            Item("memory", "BANK 0/DIMM0", {**memory, "part": "8HTF12864HDY-667E1", "status": "OK"}),
            Item("memory_slot", "BANK 1/DIMM1", {"slot": "BANK 1/DIMM1"}),
            Item(
                "software",
                "Exposé: the app",
                {
                    **app,
                    "comment": "1.1, Copyright",
                    "folder": "/Applications/Utilities/Expose.app",
                    "modified_on": "2011-02-20",
                },
            ),
        ],
    )


def test_a_macs_disks_without_their_partitions(tmp_path: Path) -> None:
    disk: dict[str, str | int] = {
        "transport": "SATA",
        "model": "WDC WD3200",
        "serial": "WD-1",
        "size_bytes": 320072933376,
        "medium": "hdd",
    }
    assert items_in(tmp_path, "mac_disk", {"commands/system_profiler": PROFILE}) == [Item("disk", "disk0", disk)]


XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><array><dict>
<key>_dataType</key><string>SPApplicationsDataType</string>
<key>_items</key><array><dict>
<key>_name</key><string>Safari</string><key>version</key><string>17.5</string>
<key>path</key><string>/Applications/Safari.app</string><key>lastModified</key><date>2024-05-01T10:00:00Z</date>
<key>signed_by</key><array><string>Software Signing</string><string>Apple Root CA</string></array>
</dict></array></dict></array></plist>
"""
JSON = """{"SPHardwareDataType": [{"_name": "hardware_overview", "machine_model": "Mac14,2", "serial_number": "X1",
"chip_type": "Apple M2"}], "SPNVMeDataType": [{"_name": "controller", "_items": [{"_name": "SSD", "bsd_name": "disk0",
"device_model": "APPLE SSD", "size_in_bytes": 251000193024}]}]}
"""


def test_the_xml_of_an_application(tmp_path: Path) -> None:
    fields = {"name": "Safari", "version": "17.5", "format": "application", "maker": "Software Signing"}
    fields |= {"folder": "/Applications/Safari.app", "modified_on": "2024-05-01"}
    assert items_in(tmp_path, "mac", {"commands/system_profiler": XML}) == [Item("software", "Safari", fields)]


def test_the_json_of_hardware(tmp_path: Path) -> None:
    system, _, processor = items_in(tmp_path, "mac", {"commands/system_profiler": JSON})
    assert (system.fields["serial"], processor.fields) == ("X1", {"maker": "Apple", "model": "Apple M2"})
    [disk] = items_in(tmp_path, "mac_disk", {"commands/system_profiler": JSON})
    fields: dict[str, str | int] = {"model": "APPLE SSD", "size_bytes": 251000193024, "medium": "ssd"}
    fields |= {"transport": "NVMe"}
    assert disk == Item("disk", "disk0", fields)


DISPLAYS = """{"SPDisplaysDataType": [{"_name": "Apple M1", "sppci_model": "Apple M1", "spdisplays_ndrvs": [
  {"_name": "DELL U2720Q", "_spdisplays_display-product-id": "41f1", "_spdisplays_display-serial-number": "30424c53",
   "_spdisplays_display-vendor-id": "10ac", "_spdisplays_display-week": "12", "_spdisplays_display-year": "2021",
   "_spdisplays_pixels": "5120 x 2880", "_spdisplays_resolution": "2560 x 1440 @ 60.00Hz",
   "spdisplays_display-serial-number": "ABC1234", "spdisplays_online": "spdisplays_yes",
   "spdisplays_pixelresolution": "3840 x 2160 (2160p/4K UHD 1)"},
  {"_name": "Color LCD", "_spdisplays_display-vendor-id": "8610", "_spdisplays_pixels": "2880 x 1800",
   "spdisplays_pixelresolution": "spdisplays_2560x1600Retina"}]}]}"""
WORDS = """Graphics/Displays:

    ATI Radeon:

      Chipset Model: ATI
      Displays:
        HP L1950:
          Resolution: 1280 x 1024
          Display Serial Number: CNK1234567
          Online: Yes
        Display Connector:
          Status: No Display Connected
"""


def test_monitors_of_a_mac_have_the_numbers_of_their_edid(tmp_path: Path) -> None:
    dell, panel = items_in(tmp_path, "mac_monitor", {"commands/system_profiler": DISPLAYS})
    assert (dell.key, dell.fields) == (
        "DELL U2720Q",
        {
            "maker": "Dell Inc.",
            "maker_code": "DEL",
            "model": "DELL U2720Q",
            "product_code": 0x41F1,
            "serial": "ABC1234",
            "serial_source": "descriptor",
            "serial_confidence": "high",
            "serial_other": "30424c53",
            "year": 2021,
            "week": 12,
            "native": "3840x2160",
        },
    )
    assert (panel.key, panel.fields) == ("Color LCD", {"model": "Color LCD", "native": "2560x1600"})


def test_monitors_in_words_and_no_connector_without_one(tmp_path: Path) -> None:
    [monitor] = items_in(tmp_path, "mac_monitor", {"commands/system_profiler": WORDS})
    assert (monitor.key, monitor.fields["serial"], monitor.fields["native"]) == ("HP L1950", "CNK1234567", "1280x1024")


@pytest.mark.parametrize("content", [XML[: len(XML) // 2], JSON[:40].encode(), b"<plist/>", b"[1]", b"{}"])
def test_a_form_that_is_cut_short_is_an_outcome(tmp_path: Path, content: bytes) -> None:
    found = found_in(tmp_path, "mac", {"commands/system_profiler": content})
    assert (found.outcome in (ABSENT, FAILED), found.items) == (True, ())


def test_ifconfig_of_macos_with_the_names_of_its_ports(tmp_path: Path) -> None:
    ports = "Hardware Port: Wi-Fi\nDevice: en0\nEthernet Address: 3c:36:00:60:88:11\n"
    files: dict[str, str | bytes] = {
        "commands/ifconfig": MACOS,
        "commands/networksetup": ports,
        "commands/system_profiler": "",
    }
    assert items_in(tmp_path, "ifconfig", files) == [
        Item(
            "network",
            "en0",
            {
                "up": True,
                "mtu_bytes": 1500,
                "mac": "3c:36:00:60:88:11",
                "addresses": ("fe80::8844:fade:b431:a/64", "10.71.127.11/19"),
                "speed_bits_per_second": 1_000_000_000,
                "name": "Wi-Fi",
                "type": "wifi",
                "virtual": False,
                "device": "en0",
            },
        )
    ]


def test_ifconfig_of_an_old_linux(tmp_path: Path) -> None:
    [each] = items_in(tmp_path, "ifconfig", {"commands/ifconfig": LINUX})
    assert each.fields == {
        "type": "ethernet",
        "up": True,
        "mac": "00:1b:2c:3d:4e:5f",
        "addresses": ("192.168.0.5/24", "fe80::21b:2cff:fe3d:4e5f/64"),
        "mtu_bytes": 1500,
        "name": "eth0",
        "device": "eth0",
    }


def test_the_kernel_goes_before_ifconfig(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"commands/ifconfig": LINUX, "sys/class/net/eth0/address": "x\n"}
    assert found_in(tmp_path, "ifconfig", files).outcome == ABSENT


@given(st.text(max_size=300) | st.integers(0, len(PROFILE)).map(lambda cut: PROFILE[:cut]))
def test_any_text_is_a_tree(text: str) -> None:
    with suppress(Malformed):
        nodes = list(parse(text.encode("utf-8", "replace")).all())
        assert len(nodes) <= text.count(":")


@given(st.text(max_size=200) | st.integers(0, len(MACOS)).map(lambda cut: MACOS[:cut]))
def test_any_text_is_interfaces_of_known_fields(text: str) -> None:
    known = {"up", "mtu_bytes", "mac", "addresses", "speed_bits_per_second", "type"}
    assert all(set(fields) <= known for fields in ifconfig.parse(text).values())
