"""Where our inventory of Windows, macOS, disks and programs differs from what is expected, and why ours is truer.

By file, case (`*`: every one) and field.
"""

CONVENTIONS = frozenset({"NUMSLOTS"})  # a convention of that project's own, which is no fact of a machine
PORTS = "the names of macOS' hardware ports are in no recorded file"
DETAILS = "in the output of `flatpak info`, which is not recorded"
MARK = "a mark of an installer: a key with neither name, nor a way to uninstall, nor number is no program"
REASONS: dict[tuple[str, str, str], str] = {
    ("macos_memory", "*", "CAPTION"): "a convention: the status in place of the slot's name",
    ("macos_memory", "10.6-intel", "SERIALNUMBER"): "0x00000000 is a placeholder",
    ("macos_networks", "*", "DESCRIPTION"): PORTS,
    ("macos_networks", "*", "TYPE"): PORTS,
    ("macos_networks", "*", "VIRTUALDEV"): PORTS,
    ("macos_networks", "*", "STATUS"): "an interface that is up and running and says of no link is not down",
    ("os_release", "centos-7.9", "VERSION"): "the point release is in /etc/centos-release, which is not recorded",
    ("packages_flatpak", "*", "ARCH"): DETAILS,
    ("packages_flatpak", "*", "FILESIZE"): DETAILS,
    ("packages_flatpak", "*", "INSTALLDATE"): DETAILS,
    ("packages_flatpak", "*", "PUBLISHER"): DETAILS,
    ("packages_flatpak", "*", "VERSION"): DETAILS,
    ("smartctl_info_text", "sample2", "DESCRIPTION"): "smartctl says of no interface; SATA is a guess",
    ("smartctl_info_text", "sample7", "MANUFACTURER"): "the maker as the disk has it: HGST",
    ("win_cpu", "*", "NAME"): "the processor's own name, with (R) and (TM); of XP's, the registry's",
    ("win_cpu", "xp", "SPEED"): "no recorded file says 2534",
    ("win_drives", "*", "FILESYSTEM"): "Windows says which file system the server has; CIFS is a guess",
    ("win_memory", "*", "CAPTION"): "the same words for every module; ours is the slot's name",
    ("win_memory", "*", "DESCRIPTION"): "the same words for every module; ours is the form factor",
    ("win_networks", "xp", "PCI\\VEN_1022&DEV_2000&SUBSYS_20001022&REV_10\\4&47B7341&0&0088"): (
        "the recorded WMI is of another machine, without this adapter"
    ),
    ("win_printers", "xppro2", "USB004"): "the serial number is two steps up, at the device of several functions",
    ("win_softwares", "xp", "ARCH"): MARK,
    ("win_softwares", "xp", "FROM"): MARK,
    ("win_softwares", "xp", "GUID"): MARK,
    ("win_softwares", "xp", "NAME"): MARK,
    ("win_softwares", "xp", "SYSTEM_CATEGORY"): "another word of theirs for the same, where a program has no name",
    ("win_softwares", "xp", "UNINSTALL_STRING"): "their reading of an export ends at the first escaped quote",
    ("win_storages", "*", "MANUFACTURER"): "who made the driver, in the language of the installation, not the disk",
    ("win_usb", "*", "CAPTION"): "a name from usb.ids, which is not recorded",
    ("win_usb", "*", "MANUFACTURER"): "a name from usb.ids, which is not recorded",
    ("win_usb", "*", "NAME"): "a name from usb.ids, which is not recorded",
    ("win_users", "*", "*"): "who used a machine is told only where the institution says so",
}
