"""The files in which a system says its name and version: os-release(5), and SystemVersion.plist of macOS."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

QUOTES = ("'", '"')


def os_release(text: str) -> dict[str, str]:
    """The assignments of an os-release file. Lines that are none are passed over, as os-release(5) asks for."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = unquoted(value.strip())
    return found


def unquoted(value: str) -> str:
    """A value as a shell would take it: single quotes keep all, in double quotes backslash escapes \\ " $ and `."""
    if len(value) < 2 or value[0] not in QUOTES or value[-1] != value[0]:
        return value.replace("\\", "") if "\\" in value else value
    inside = value[1:-1]
    return inside if value[0] == "'" or "\\" not in inside else "".join(_unescaped(inside))


def _unescaped(text: str) -> Iterator[str]:
    characters = iter(text)
    for character in characters:
        if character == "\\":
            following = next(characters, "")
            yield following if following in '\\"$`' else character + following
        else:
            yield character


def system_version(text: str) -> dict[str, str]:
    """The keys and strings of a property list in XML such as SystemVersion.plist; empty where it is none."""
    import xml.etree.ElementTree as ElementTree

    if not text:
        return {}
    try:
        entries = [element.text or "" for element in ElementTree.fromstring(text).iterfind("dict/*")]  # noqa: S314
    except ElementTree.ParseError:
        return {}
    return dict(zip(entries[::2], entries[1::2], strict=False))
