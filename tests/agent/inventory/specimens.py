"""What machines tell of themselves, as several tests read it: tables, what commands print, a certificate, an EDID."""

import struct

from keskidee_agent.inventory import edid

MOUNTS = """\
23 1 254:0 / / rw,relatime - ext4 /dev/mapper/vg0-root rw
24 23 0:22 / /proc rw - proc proc rw
25 23 254:0 /srv /home/srv rw - ext4 /dev/mapper/vg0-root rw
26 23 8:1 / /boot ro - vfat /dev/sda1 ro
27 23 0:40 / /tmp/x rw - tmpfs tmpfs rw
"""
LAYERS = {
    "sys/block/dm-0/dm/name": "vg0-root\n",
    "sys/block/dm-0/dm/uuid": "LVM-abc\n",
    "sys/block/dm-0/size": "2048\n",
    "sys/block/dm-0/slaves/dm-1/dev": "254:1\n",
    "sys/block/dm-1/dm/name": "sda2_crypt\n",
    "sys/block/dm-1/dm/uuid": "CRYPT-LUKS2-0123-sda2_crypt\n",
    "sys/block/dm-1/slaves/sda2/dev": "8:2\n",
    "sys/block/sda/dev": "8:0\n",
}
ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth1\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth2\t00000000\todd
"""
REG_OF_STATE = r"""Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control]
"PEFirmwareType"=dword:00000002
"""
STATVFS = {"/": {"f_frsize": 4096, "f_blocks": 100, "f_bfree": 50, "f_bavail": 40, "f_files": 9, "f_ffree": 5}}
MDSTAT = """\
Personalities : [raid1]
md0 : active raid1 sdb1[1](F) sda1[0]
      1953382464 blocks super 1.2 [2/1] [U_]

unused devices: <none>
"""
# a certificate made for this test: CN keskidee.test, self-signed, a key of 256 bits that nobody kept
PEM = b"""-----BEGIN CERTIFICATE-----
MIIBhzCCAS2gAwIBAgIUF1+WaSWa1O8kupRHe8Rv7Fj06x8wCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNa2Vza2lkZWUudGVzdDAgFw0yNjExMjYxMzMyMTFaGA8yMTI2
MTEwMjEzMzIxMVowGDEWMBQGA1UEAwwNa2Vza2lkZWUudGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABPmhulahuTzt+jNAJkvmmCOE8DKWULBTbl9L/VNmoJXN
HyTk0eqxm5sCJstXIxNlJ+lO6/WbWAkHgySsZJrz1B2jUzBRMB0GA1UdDgQWBBTp
JAUpgjKErUXbEiYSC0qp32wYEzAfBgNVHSMEGDAWgBTpJAUpgjKErUXbEiYSC0qp
32wYEzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIC5jhtKhm5UC
inLoz30S4KakTjeXjYe7XLJTWMpVYZp3AiEAhYhrOFcVtXhPv3F/XGSUI9Q2oR5S
bUYDcuDfXMMTLDw=
-----END CERTIFICATE-----
"""
UNITS = b"""Id=a.service
Type=simple
ActiveState=inactive
UnitFileState=enabled
Result=success
ConditionResult=yes
Description=Alpha

Id=once.service
Type=oneshot
ActiveState=inactive
UnitFileState=enabled

Id=unmet.service
Type=simple
ActiveState=inactive
UnitFileState=enabled
ConditionResult=no

Id=broken.service
Type=oneshot
ActiveState=failed
UnitFileState=static
Result=exit-code
"""
PASSWD = "root:x:0:0::/root:/bin/sh\nmary:x:1000:1000::/home/mary:/bin/bash\nbot:x:1001:1::/:/usr/sbin/nologin\n"
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
BASH = """Package: bash
Status: install ok installed
Section: shells
Installed-Size: 7164
Maintainer: Matthias Klose <doko@debian.org>
Architecture: amd64
Version: 5.2.15-2+b8
Description: GNU Bourne Again SHell
 Bash is an sh-compatible command language interpreter.
Homepage: http://tiswww.case.edu/php/chet/bash/bashtop.html

"""
LOG = "2024-09-10 12:00:01 status installed bash:amd64 5.2.15-2+b8\n2024-09-11 12:00:01 status half-installed x:all 1\n"
STATUS = "var/lib/dpkg/status"


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
