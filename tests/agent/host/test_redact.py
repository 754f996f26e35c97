"""Pseudonyms: nothing that identifies a machine is left, the same stays the same, and the rest is as it was."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.host.redact import Redactor


def redactor(**files: str) -> Redactor:
    made = Redactor(b"key")
    for path, text in files.items():
        made.learn(path, text)
    return made


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("4c4c4544-0051-3510-8052-c4c04f4e4d32", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        (
            "E:ID_FS_UUID=4C4C4544-0051-3510-8052-C4C04F4E4D32",
            r"E:ID_FS_UUID=[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}",
        ),
        ("aa:bb:cc:01:02:03\n", r"02(:[0-9a-f]{2}){5}\n"),
        ("80:00:02:08:fe:80:00:00:00:00:00:00:e4:1d:2d:03:00:1b:c7:91", r"02(:[0-9a-f]{2}){19}"),
        ("enxaabbcc010203", r"enx02[0-9a-f]{10}"),
        ("fileserver at 10.20.30.40:/export", r"fileserver at 198\.1[89]\.\d+\.\d+:/export"),
        ("[fe80::a8bb:ccff:fe01:203]:2049", r"\[2001:db8::[0-9a-f:]+\]:2049"),
    ],
)
def test_what_identifies_is_replaced_in_its_shape(text: str, shape: str) -> None:
    replaced = redactor().text(text)
    assert (re.fullmatch(shape, replaced) is not None, replaced != text) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        "ff:ff:ff:ff:ff:ff 00:00:00:00:00:00",
        "127.0.0.1 0.0.0.0 255.255.255.0 ::1 ::",
        "cpu  1 2 3 4\nintr 12:34:56 0000:00:1f.2 5.10.0-18",
        "model name : Intel(R) Xeon(R) CPU @ 2.60GHz",
        "  sl  local_address rem_address\n   0: 0100007F:1538 00000000:0000 0A 00000000:00000000",
    ],
)
def test_what_is_everybodys_stays(text: str) -> None:
    assert redactor().text(text, "proc/net/tcp") == text


def test_addresses_of_sockets_are_replaced() -> None:
    replaced = redactor().text("0: 0A14281E:1538 0100007F:0050 0A", "proc/net/tcp")
    assert re.fullmatch(r"0: (?!0A14281E)[0-9A-F]{8}:1538 0100007F:0050 0A", replaced)


def test_a_serial_is_replaced_wherever_it_stands() -> None:
    made = redactor(**{"sys/class/dmi/id/product_serial": "CZC1234X9K\n"})
    own = made.text("CZC1234X9K\n", "sys/class/dmi/id/product_serial")
    assert (re.fullmatch(r"[A-Z]{3}\d{4}[A-Z]\d[A-Z]\n", own) is not None, made.text("disk_CZC1234X9K_1")) == (
        True,
        f"disk_{own.strip()}_1",
    )


def test_a_short_serial_is_replaced_in_its_own_file_only() -> None:
    made = redactor(**{"sys/class/dmi/id/board_serial": "1207\n"})
    own = made.text("1207\n", "sys/class/dmi/id/board_serial")
    assert (own == "1207\n", made.text("ctxt 1207\n", "proc/stat")) == (False, "ctxt 1207\n")


@pytest.mark.parametrize("kind", ["LVM-", "mpath-", "CRYPT-LUKS2-", "part1-mpath-"])
def test_a_mapped_device_stays_what_it_is(kind: str) -> None:
    made = redactor(**{"udev/data/b254:0": f"E:DM_UUID={kind}360050a1b2c\n"})
    replaced = [made.text(f"{kind}360050a1b2c\n", path) for path in ("sys/block/dm-0/dm/uuid", "run/udev/data/b254:0")]
    assert [(text.startswith(kind), text == f"{kind}360050a1b2c\n") for text in replaced] == [(True, False)] * 2


def test_a_placeholder_is_no_serial() -> None:
    made = redactor(**{"sys/class/dmi/id/product_serial": "To Be Filled By O.E.M.\n"})
    text = "To Be Filled By O.E.M.\n"
    assert made.text(text, "sys/class/dmi/id/product_serial") == text


def test_serials_of_disks_are_learnt_from_udev() -> None:
    udev = "E:ID_SERIAL=Samsung_SSD_860_S3Z2NB0K1234\nE:ID_SERIAL_SHORT=S3Z2NB0K1234\nE:ID_WWN=0x5002538e40a1b2c3\n"
    made = redactor(**{"udev/data/b8:0": udev})
    replaced = made.text(udev, "udev/data/b8:0")
    assert [word for word in ("S3Z2NB0K1234", "5002538e40a1b2c3") if word in replaced] == []


def test_host_names_are_replaced_where_names_stand_only() -> None:
    made = redactor(**{"proc/sys/kernel/hostname": "cpu0.example.org\n"})
    mounts = "36 35 98:0 / / rw - ext4 /dev/mapper/cpu0-root rw\n"
    assert (
        made.text("cpu0 1 2 3\n", "proc/stat"),
        "cpu0" in made.text(mounts, "proc/1/mountinfo"),
        "cpu0" in made.text("cpu0.example.org\n", "proc/sys/kernel/hostname"),
    ) == ("cpu0 1 2 3\n", False, False)


def test_servers_of_mounts_are_hosts() -> None:
    mounts = "40 35 0:50 / /mnt rw - nfs4 files.example.org:/export rw\n41 35 254:0 / / rw - ext4 /dev/vda rw\n"
    replaced = redactor(**{"proc/1/mountinfo": mounts}).text(mounts, "proc/1/mountinfo")
    assert re.fullmatch(r"40 .* nfs4 host-[0-9a-f]{8}:/export rw\n41 .* ext4 /dev/vda rw\n", replaced)


def test_the_same_key_gives_the_same_pseudonyms() -> None:
    texts = [Redactor(key).text("aa:bb:cc:01:02:03") for key in (b"1", b"1", b"2")]
    assert (texts[0] == texts[1], texts[0] == texts[2]) == (True, False)


def test_what_was_replaced_is_counted_by_kind() -> None:
    made = redactor()
    made.text("10.0.0.1 10.0.0.2 10.0.0.1 aa:bb:cc:01:02:03")
    assert made.replaced == {"IP addresses": 2, "hardware addresses": 1}


@given(numbers=st.lists(st.integers(0, 2**64), max_size=20))
def test_counters_stay(numbers: list[int]) -> None:
    line = " ".join(map(str, numbers)) + "\n"
    assert redactor(**{"proc/sys/kernel/hostname": "srv-01\n"}).text(line, "proc/stat") == line


@given(text=st.text(alphabet="0123456789abcdefABCDEF:.-/ \n", max_size=80))
def test_no_text_is_too_odd(text: str) -> None:
    assert isinstance(redactor(**{"udev/data/b8:0": f"E:ID_SERIAL={text}"}).text(text, "proc/net/tcp6"), str)
