"""What machines tell of themselves, as several tests read it: tables, what commands print, a certificate, an EDID."""

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
