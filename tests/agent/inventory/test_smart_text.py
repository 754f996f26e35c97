"""The text that smartctl wrote before it knew JSON: the same fields as of its JSON, or an outcome."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.inventory.smart import dump_of, fields_of_text
from keskidee_report.model import Denied, Malformed

ATA_TEXT = b"""smartctl 6.6 2016-05-31 r4324 [x86_64-linux-4.15.0] (local build)
=== START OF INFORMATION SECTION ===
Model Family:     Maker's SSDs
Device Model:     FAST 512G
Serial Number:    A1B2C3D4
LU WWN Device Id: 5 000c50 00abcdef1
Firmware Version: 1.0
User Capacity:    512,110,190,592 bytes [512 GB]
Sector Sizes:     512 bytes logical, 4096 bytes physical
Rotation Rate:    Solid State Device
SATA Version is:  SATA 3.1, 6.0 Gb/s (current: 3.0 Gb/s)
=== START OF READ SMART DATA SECTION ===
SMART overall-health self-assessment test result: FAILED!
Vendor Specific SMART Attributes with Thresholds:
ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED RAW_VALUE
  5 Reallocated_Sector_Ct   0x0033   100   100   010    Pre-fail  Always       -       8
  9 Power_On_Hours          0x0032   099   099   000    Old_age   Always       -       2376h+41m+07.650s
 12 Power_Cycle_Count       0x0032   100   100   000    Old_age   Always       -       1000
194 Temperature_Celsius     0x0022   068   052   000    Old_age   Always       -       32 (Min/Max 20/48)
233 Media_Wearout_Indicator 0x0032   088   088   000    Old_age   Always       -       0
SMART Error Log Version: 1
ATA Error Count: 3 (device log contains only the most recent 5 errors)
"""
NVME_TEXT = b"""smartctl 6.6 2016-05-31 r4324 [x86_64-linux-4.15.0] (local build)
Model Number:                       SWIFT 1TB
Serial Number:                      N1
Firmware Version:                   2.0
Namespace 1 Size/Capacity:          1\xc2\xa0000\xc2\xa0204\xc2\xa0886\xc2\xa0016 [1,00 TB]
Namespace 1 Formatted LBA Size:     512
SMART overall-health self-assessment test result: PASSED
Critical Warning:                   0x04
Temperature:                        54 Celsius
Available Spare:                    97%
Percentage Used:                    3%
Data Units Written:                 4,952,637 [2.53 TB]
Power On Hours:                     5,809
Media and Data Integrity Errors:    1
"""
SAS_TEXT = b"""Vendor:               MAKER
Product:              SAS 900
Logical block size:   512 bytes
Logical Unit id:      0x5000c50012345678
Temperature Warning:  Enabled
Current Drive Temperature:     36 C
  number of hours powered up = 14491.38
Elements in grown defect list: 2
Percentage used endurance indicator: 7%
Error counter log:
read:    2144        3         0      2147       2147      62012.480           1
write:      0        0         0         0          0       9154.212           0
"""


TEXTS = (ATA_TEXT, NVME_TEXT, SAS_TEXT)


def test_the_text_tells_of_health_as_the_json_does() -> None:
    ata, nvme, sas = ({k: v for k, v in fields_of_text(text).items() if v not in (None, "")} for text in TEXTS)
    assert ata == {
        "family": "Maker's SSDs",
        "model": "FAST 512G",
        "serial": "A1B2C3D4",
        "wwn": "0x5000c5000abcdef1",
        "firmware": "1.0",
        "size_bytes": 512110190592,
        "logical_block_bytes": 512,
        "physical_block_bytes": 4096,
        "protocol": "ATA",
        "transport": "SATA",
        "medium": "ssd",
        "rotation_rpm": 0,
        "interface_version": "SATA 3.1",
        "interface_speed_bits_per_second": 3_000_000_000,
        "smart_passed": False,
        "reallocated_sectors": 8,
        "power_on_hours": 2376,
        "power_cycles": 1000,
        "temperature_celsius": 32,
        "wear_ratio": 0.12,
        "error_log_count": 3,
    }
    assert nvme == {
        "model": "SWIFT 1TB",
        "serial": "N1",
        "firmware": "2.0",
        "size_bytes": 1000204886016,
        "logical_block_bytes": 512,
        "protocol": "NVMe",
        "transport": "NVMe",
        "medium": "ssd",
        "smart_passed": True,
        "critical_warning": 4,
        "temperature_celsius": 54,
        "available_spare_ratio": 0.97,
        "wear_ratio": 0.03,
        "written_bytes": 4952637 * 512_000,
        "power_on_hours": 5809,
        "media_errors": 1,
    }
    assert sas == {
        "maker": "MAKER",
        "model": "SAS 900",
        "protocol": "SCSI",
        "logical_block_bytes": 512,
        "wwn": "0x5000c50012345678",
        "temperature_celsius": 36,
        "power_on_hours": 14491,
        "grown_defects": 2,
        "wear_ratio": 0.07,
        "uncorrected_errors": 1,
    }


def test_text_of_no_disk_is_refused() -> None:
    with pytest.raises(Malformed):
        fields_of_text(b"smartctl: command line wrong")
    with pytest.raises(Denied):
        fields_of_text(b"Smartctl open device: /dev/sda failed: Permission denied\n")
    with pytest.raises(Malformed):
        dump_of(b'{"device": {"name"')


@given(st.binary(max_size=300) | st.sampled_from([ATA_TEXT[:cut] for cut in range(0, len(ATA_TEXT), 7)]))
def test_any_text_is_fields_or_an_outcome(content: bytes) -> None:
    with suppress(Malformed, Denied):
        assert isinstance(fields_of_text(content), dict)
