"""Where our inventory differs from what another project expects of the same recording, and why ours is truer.

By file, case (`*`: every one) and field.
"""

REASONS: dict[tuple[str, str, str], str] = {
    ("dmidecode_battery", "linux-2.6", "MANUFACTURER"): "the maker as firmware writes it: Samsung SDI, not Samsung",
    ("dmidecode_battery", "linux-2.6", "SERIAL"): "0x7734 is 30516; in the other cases they convert it, too",
    ("dmidecode_hardware", "windows-hyperV", "UUID"): "35 digits are no UUID: the recording was altered",
    ("dmidecode_memory", "freebsd-8.1", "TYPE"): "firmware says <OUT OF SPEC>; DDR3 is guessed from elsewhere",
    ("dmidecode_memory", "windows-hyperV-2019", "DESCRIPTION"): "a name of theirs; the form factor is unknown",
    ("dmidecode_ports", "*", "CAPTION"): "a convention: the connector's name in place of a name that is not given",
    ("dmidecode_psu", "*", "MANUFACTURER"): "the maker as firmware writes it: HP",
    ("edid", "lcd.compaq-evo-n1020v", "DESCRIPTION"): "a year byte of zero was never filled in",
    ("edid", "lcd.lenovo-w500", "DESCRIPTION"): "week 0 says that no week is given (EDID 1.4, 3.4.3)",
    ("edid", "iiyama-PL2779A", "SERIAL"): "0x01010101 is a placeholder",
    ("ip_addr_show", "*", "MACADDR"): "a loopback interface has no hardware address; zeros stand for none",
    ("ip_addr_show", "*", "IPMASK6"): "::1/128 has a mask of 128 bits",
    ("ip_addr_show", "*", "IPSUBNET6"): "::1/128 is the network ::1",
    ("linux_cpu_arm", "linux-raspberry-pi-3-model-b-on-bookworm", "ARCH"): "four cores of one chip are one processor",
    ("linux_cpu_arm", "linux-raspberry-pi-3-model-b-on-bookworm", "NAME"): "a Cortex-A53, not 0, 1, 2 and 3",
    ("linux_cpu_i386", "*", "ARCH"): "the flag lm tells of 64 bits; i686 without it",
    ("linux_cpu_sparc", "*", "ARCH"): "sun4u is a 64-bit machine",
    (
        "linuxhw_dmi",
        "*",
        "psu.count",
    ): "power supplies of which nothing is filled in are a template of the board's maker",
    ("upower", "*", "VOLTAGE"): "the voltage of that moment, not the battery's",
}
