"""Pseudonyms in place of what identifies a machine: serials, UUIDs, hardware and network addresses, host names.

The same text gets the same pseudonym everywhere in a recording, and in the next one of the same machine, because they
are made with a key: its machine id, which the recording does not hold. Shapes stay, so parsers find what they know.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from hashlib import sha256
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from keskidee_agent.host.placeholders import said

if TYPE_CHECKING:
    from collections.abc import Callable

_SERIAL_FILES = frozenset(
    {
        *("product_serial", "board_serial", "chassis_serial", "product_uuid", "chassis_asset_tag", "board_asset_tag"),
        *("serial", "serial_number", "serial-number", "unique_id", "wwid", "wwn", "nguid", "eui", "uuid"),
        *("port_name", "node_name", "fabric_name", "node_guid", "sys_image_guid", "machine-id", "boot_id"),
    }
)
OWN_NAMES = ("hostname", "domainname")
"""Files that hold the machine's own name and nothing else."""
NO_DOMAIN = "(none)"
_PROCESSOR_SERIAL = re.compile(r"^Serial\s*: *(\w+)$", re.MULTILINE)
_SERIAL_KEY = re.compile(r"^(?:E:)?\w*(?:SERIAL|WWN|UUID)\w*=(.+)$", re.MULTILINE)
_MAPPER_KIND = re.compile(r"(?:part\d+-)?(?:LVM|mpath|DMRAID|CRYPT-[A-Z]+\d?)-")
"""How the UUID of a mapped device begins: with what the device is."""
_SERVER = re.compile(r" - (?:nfs4?|ceph|cifs|smb3|glusterfs) (?://)?([\w.-]+):?/|^device ([\w.-]+):/", re.MULTILINE)
_HOST_FILES = ("mount", "hostname", "/dm/", "udev/", "commands/", "uevent", ".prom", "calls.json")
"""Where the host name may stand. Elsewhere a machine called `cpu0` would spoil what is no name."""
_SHORTEST_SERIAL = 6
"""A shorter one is replaced in its own file only: `0001` stands for other things elsewhere."""

_HEX = r"[0-9A-Fa-f]"
_UUID = re.compile(rf"(?<!{_HEX}){_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}(?!{_HEX})")
_HARDWARE = re.compile(rf"(?<![0-9A-Za-z:]){_HEX}{{2}}(?::{_HEX}{{2}}){{5,19}}(?![0-9A-Za-z:])")
_NAMED_BY_HARDWARE = re.compile(r"(?<![0-9A-Za-z])((?:en|wl|ww)x)([0-9a-f]{12})(?![0-9A-Za-z])")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)")
_IPV6 = re.compile(rf"(?<![\w:.])(?:{_HEX}{{0,4}}:){{2,7}}{_HEX}{{0,4}}(?![\w:.])")
_SOCKET = re.compile(r"(?<![0-9A-Za-z:])([0-9A-F]{32}|[0-9A-F]{8})(?=:[0-9A-F]{4}(?![0-9A-Za-z:]))")
_NOBODY = re.compile(r"0*|0100007F|7F000001|0{24}01000000|0{31}1|F{8}")
"""Addresses of nobody in hexadecimal: any, loopback, broadcast."""


def own(text: str) -> str:
    """What is the machine's own in a text that is a serial."""
    value = text.strip("\0\n ")
    kind = _MAPPER_KIND.match(value)
    return value[kind.end() :] if kind else value


class Redactor:
    """Learns first what the files of a machine call its own, and then replaces it in texts and in names of files.

    `replaced` counts the different originals by kind.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._serials: dict[str, str] = {}
        self._hosts: dict[str, str] = {}
        self._given: dict[tuple[str, str], str] = {}
        self._taken: set[str] = set()

    @property
    def replaced(self) -> Counter[str]:
        return Counter(kind for kind, _ in self._given)

    def learn(self, path: str, text: str) -> None:
        """Takes note of the serials and host names that a file of this path holds."""
        name = path.rpartition("/")[2]
        found = [own(text)] if name in _SERIAL_FILES else []
        if "udev/" in path or name == "uevent":
            found += map(own, _SERIAL_KEY.findall(text))
        if name == "cpuinfo":  # boards with ARM processors
            found += _PROCESSOR_SERIAL.findall(text)
        for serial in found:
            if len(serial) >= _SHORTEST_SERIAL and said(serial) and "\n" not in serial and not _UUID.fullmatch(serial):
                self._serials[serial] = ""
        if name == "hostname":
            self.learn_host(text.strip())
        if "mount" in name:
            for servers in _SERVER.findall(text):
                self.learn_host("".join(servers))

    def learn_host(self, name: str) -> None:
        """Takes note of a host's name; an address is none."""
        for part in (name, name.partition(".")[0]):
            if len(part) > 2 and part != "localhost" and not _IPV4.fullmatch(name):
                self._hosts[part] = ""

    def text(self, text: str, path: str = "calls.json") -> str:
        """`text`, which is what the file `path` holds, with pseudonyms."""
        name, value = path.rpartition("/")[2], own(text)
        if name in _SERIAL_FILES and said(value) and not _UUID.search(value):
            text = text.replace(value, self._serial(value))
        if name in OWN_NAMES and value and value != NO_DOMAIN:
            return text.replace(value, self.host(value))
        if any(piece in path for piece in _HOST_FILES):
            for host in sorted(self._hosts, key=len, reverse=True):
                if host in text:
                    text = _whole_word(host).sub(lambda match: self.host(match[0]), text)
        return self._addresses(self.name(text), path)

    def name(self, text: str) -> str:
        """A path, or a text that names no host, with pseudonyms."""
        for serial in sorted(self._serials, key=len, reverse=True):
            if serial in text:
                text = _whole_word(serial).sub(lambda match: self._serial(match[0]), text)
        text = _UUID.sub(lambda match: self._shaped("UUIDs", match[0]), text)
        text = _HARDWARE.sub(lambda match: self._hardware(match[0]), text)
        text = _NAMED_BY_HARDWARE.sub(lambda match: match[1] + self._hardware(match[2]), text)
        text = _IPV4.sub(lambda match: self._ipv4(match[0]), text)
        return _IPV6.sub(lambda match: self._ipv6(match[0]), text)

    def _addresses(self, text: str, path: str) -> str:
        if "proc/net/" in path or path.endswith(("/net/tcp", "/net/tcp6", "/net/udp", "/net/udp6", "ip_vs")):
            text = _SOCKET.sub(lambda match: self._socket(match[0]), text)
        return text

    def _serial(self, original: str) -> str:
        return self._shaped("serials", original)

    def host(self, original: str) -> str:
        """The pseudonym of a host's name."""
        return self._once("host names", original, lambda digest: "host-" + digest.hex()[:8])

    def _hardware(self, original: str) -> str:
        digits = original.replace(":", "").lower()
        if set(digits) <= {"0"} or set(digits) <= {"f"}:
            return original
        # 02: locally administered, so it is nobody's
        alias = self._once("hardware addresses", digits, lambda digest: "02" + (digest * 2).hex()[: len(digits) - 2])
        return ":".join([alias[at : at + 2] for at in range(0, len(alias), 2)]) if ":" in original else alias

    def _ipv4(self, original: str) -> str:
        try:
            address = IPv4Address(original)
        except AddressValueError:
            return original
        if address.is_loopback or address.is_unspecified or address.is_multicast or address.packed[0] == 255:
            return original
        # 198.18.0.0/15 is set apart for benchmarks (RFC 2544)
        return self._once("IP addresses", original, lambda d: f"198.{18 + d[0] % 2}.{d[1]}.{d[2]}")

    def _ipv6(self, original: str) -> str:
        try:
            address = IPv6Address(original)
        except AddressValueError:
            return original
        if address.is_loopback or address.is_unspecified or address.is_multicast:
            return original
        # 2001:db8::/32 is set apart for documentation (RFC 3849)
        return self._once("IP addresses", str(address), lambda d: f"2001:db8::{d.hex()[:4]}:{d.hex()[4:8]}")

    def _socket(self, original: str) -> str:
        return original if _NOBODY.fullmatch(original) else self._shaped("IP addresses", original)

    def _shaped(self, kind: str, original: str) -> str:
        """Digits for digits, letters for letters of the same case, hexadecimal where the original is."""
        is_hex = all(character in "0123456789abcdefABCDEF-:" for character in original.removeprefix("0x"))
        letters = "abcdef" if is_hex else "abcdefghijklmnopqrstuvwxyz"

        def shaped(digest: bytes) -> str:
            stream = digest * (len(original) // len(digest) + 1)
            out = []
            for character, byte in zip(original, stream, strict=False):
                if character.isdigit():
                    out.append(str(byte % 10))
                elif character.isascii() and character.isalpha():
                    letter = letters[byte % len(letters)]
                    out.append(letter.upper() if character.isupper() else letter)
                else:
                    out.append(character)
            text = "".join(out)
            return "0x" + text[2:] if original.startswith("0x") else text

        return self._once(kind, original, shaped)

    def _once(self, kind: str, original: str, made: Callable[[bytes], str]) -> str:
        """The pseudonym of an original; another one where the first is taken already, or is the original itself."""
        alias = self._given.get((kind, original))
        attempt = 0
        while alias is None:
            digest = hmac.digest(self._key, f"{kind} {original} {attempt}".encode("utf-8", "replace"), sha256)
            alias = made(digest)
            attempt += 1
            if attempt < 100 and (alias == original or alias in self._taken):
                alias = None
        self._given[kind, original] = alias
        self._taken.add(alias)
        return alias


def _whole_word(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![0-9A-Za-z]){re.escape(text)}(?![0-9A-Za-z])")
