"""The sections of a GLPI inventory that tell of disks, programs, the system and its state; glpi.py uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Fields = Mapping[str, Any]
    Columns = Mapping[str, tuple[str, Callable[[Any], Any]]]

MEGABYTE, MIB = 1_000_000, 1 << 20
ENABLED = "on"


def _same(value: Any) -> Any:
    return value


def _megabytes(value: int) -> int:
    return value // MEGABYTE


def _mib(value: int) -> int:
    return value // MIB


def _not(value: bool) -> bool:
    return not value


def _day(value: str) -> str:
    """Their inventories write days in ISO 8601, too."""
    return value


def _architecture(value: str) -> str:
    return "i586" if value == "x86" else value


# section: kind, and for each of their names the field of ours and what makes theirs of it
SECTIONS: dict[str, tuple[str, Columns]] = {
    "storages": (
        "disk",
        {
            "name": ("key", str),
            "model": ("model", str),
            "manufacturer": ("maker", str),
            "serial": ("serial", str),
            "firmware": ("firmware", str),
            "disksize": ("size_bytes", _megabytes),
            "interface": ("transport", str),
            "description": ("description", str),
            "type": ("media_type", str),
            "wwn": ("wwn", str),
            "scsi_coid": ("scsi_port", str),
            "scsi_unid": ("scsi_target", str),
            "scsi_lun": ("scsi_lun", str),
        },
    ),
    "drives": (
        "filesystem",
        {
            "letter": ("letter", str),
            "volumn": ("label", str),
            "label": ("label", str),
            "filesystem": ("type", str),
            "type": ("drive", str),
            "total": ("size_bytes", _mib),
            "free": ("free_bytes", _mib),
            "serial": ("serial", str),
            "systemdrive": ("system", _same),
            "encrypt_status": ("encrypted", lambda value: "Yes" if value else "No"),
            "description": ("description", str),
        },
    ),
    "softwares": (
        "software",
        {
            "name": ("name", str),
            "version": ("version", str),
            "publisher": ("maker", str),
            "arch": ("architecture", _architecture),
            "from": ("format", str),
            "guid": ("id", str),
            "install_date": ("installed_on", _day),
            "filesize": ("size_bytes", _same),
            "comments": ("comment", str),
            "folder": ("folder", str),
            "helplink": ("help_url", str),
            "url_info_about": ("url", str),
            "uninstall_string": ("uninstall_command", str),
            "no_remove": ("removable", _not),
            "release_type": ("kind", str),
            "system_category": ("section", str),
            "version_major": ("version_major", str),
            "version_minor": ("version_minor", str),
        },
    ),
    "printers": (
        "printer",
        {
            "name": ("key", str),
            "driver": ("driver", str),
            "port": ("port", str),
            "serial": ("serial", str),
            "shared": ("shared", _same),
            "network": ("network", _same),
            "servername": ("server", str),
            "description": ("model", str),
        },
    ),
    "antivirus": (
        "antivirus",
        {
            "name": ("name", str),
            "company": ("maker", str),
            "version": ("version", str),
            "enabled": ("enabled", _same),
            "uptodate": ("up_to_date", _same),
            "base_version": ("signatures_version", str),
            "guid": ("guid", str),
        },
    ),
    "firewalls": (
        "firewall",
        {
            "description": ("name", str),
            "profile": ("profile", str),
            "status": ("enabled", lambda value: ENABLED if value else "off"),
        },
    ),
}
UPDATES: Columns = {
    "name": ("key", str),
    "comments": ("description", str),
    "install_date": ("installed_on", _day),
    "release_type": ("kind", str),
    "arch": ("architecture", _architecture),
}
SYSTEM: Columns = {
    "name": ("name", str),
    "full_name": ("full_name", str),
    "version": ("version", str),
    "kernel_name": ("kernel", str),
    "kernel_version": ("kernel_version", str),
    "arch": ("architecture", str),
    "install_date": ("installed_on", _day),
    "service_pack": ("service_pack", str),
}


def system_sections(items: Mapping[str, list[Fields]]) -> dict[str, Any]:
    """The sections by name: lists of rows, and `operatingsystem`, which is one."""
    content: dict[str, Any] = {
        section: [_row(fields, columns) for fields in items.get(kind, ())]
        for section, (kind, columns) in SECTIONS.items()
    }
    content["drives"] = [_drive(fields) for fields in items.get("filesystem", ())]
    content["storages"] = [_storage(row) for row in content["storages"]]
    for fields, row in zip(items.get("software", ()), content["softwares"], strict=True):
        row.update(_program(fields))
    content["softwares"] += [_update(fields) for fields in items.get("software_update", ())]
    groups = {fields["key"]: fields.get("uuid", "") for fields in items.get("volume_group", ())}
    volumes = [fields for fields in items.get("logical_volume", ()) if fields.get("uuid") and fields.get("size_bytes")]
    content["logical_volumes"] = [_volume(fields, groups) for fields in volumes]
    content["users"] = [{"login": fields["name"]} for fields in items.get("last_user", ()) if "name" in fields]
    for fields in items.get("operating_system", ())[:1]:
        content["operatingsystem"] = _row(fields, SYSTEM)
    for fields in items.get("domain", ())[:1]:
        content.setdefault("operatingsystem", {})["dns_domain"] = fields["key"]
    return content


def _storage(row: dict[str, Any]) -> dict[str, Any]:
    if row["name"].startswith("PHYSICALDRIVE"):
        row["name"] = f"\\\\.\\{row['name']}"
    interface = {"description": row["interface"]} if "interface" in row else {}
    return {"type": "disk", **interface, **row}


def _program(fields: Fields) -> dict[str, str]:
    """What their forms say in words of their own: a category of Windows' programs, a flatpak's id and installation."""
    if fields.get("format") == "registry":
        kind = "SYSTEM_COMPONENT" if fields.get("system_component") else "APPLICATION"
        return {"system_category": f"CATEGORY_{kind}"}
    if fields.get("format") == "flatpak":
        return {"comments": f"AppID: {fields.get('id', '')}", "system_category": fields.get("installation", "")}
    return {}


def _update(fields: Fields) -> dict[str, Any]:
    security = "security" in str(fields.get("kind", "")).lower()
    category = {"system_category": "CATEGORY_SECURITY_UPDATE"} if security else {}
    return {**_row(fields, UPDATES), **category, "from": "WMI"}


def _drive(fields: Fields) -> dict[str, Any]:
    """A drive of Windows has a letter, or stands under its mount point or label; elsewhere the place is `type`."""
    row = _row(fields, SECTIONS["drives"][1])
    if "drive" in fields:
        return {"letter": fields["key"], **row}
    volume = {"volumn": fields["device"]} if "device" in fields else {}
    serial = {"serial": fields["uuid"]} if "uuid" in fields else {}
    return {**serial, **row, **volume, "type": fields.get("mount", fields["key"])}


def _volume(fields: Fields, groups: Mapping[str, str]) -> dict[str, Any]:
    """A logical volume, whose key is `group/volume`; the schema demands its id and size."""
    group, _, name = fields["key"].partition("/")
    row = {"lv_name": name, "vg_name": group, "lv_uuid": fields["uuid"], "size": _mib(fields["size_bytes"])}
    return row | ({"vg_uuid": groups[group]} if groups.get(group) else {})


def _row(fields: Fields, columns: Columns) -> dict[str, Any]:
    row = {theirs: convert(fields[ours]) for theirs, (ours, convert) in columns.items() if ours in fields}
    return {name: value for name, value in row.items() if value not in (None, "")}
