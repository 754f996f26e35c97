"""What documents and pages print: commands are taken as printed, links lead to files, runbooks name panels we have."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keskidee import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[1]
PATTERNS = ("*.md", "*/*.md", "deploy/*/*.md", "collector/keskidee_collector/web/templates/*.html")
DOCUMENTS = sorted(path for pattern in PATTERNS for path in CHECKOUT.glob(pattern) if path.name != "CHANGELOG.md")
SPAN = re.compile(r"(?:`|<code>)keskidee ([^`<{|]+)|^ +keskidee ([^#|\n]+)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
PLACE = re.compile(r'\b(dashboard|panel|row)s? "([^"]+)"', re.IGNORECASE)
MENTIONED = "arguments are required"  # `keskidee device` in a sentence is a name and no command line


def commands() -> list[tuple[str, str]]:
    """Each command line that begins with `keskidee`, as (document, the words behind it)."""
    found = set()
    for path in DOCUMENTS:
        for span in SPAN.finditer(path.read_text(encoding="utf-8").replace("\\\n", " ")):
            found.add((str(path.relative_to(CHECKOUT)), " ".join((span[1] or span[2]).split())))
    for name in cli.COMMANDS:
        for span in SPAN.finditer("".join(epilogs(cli._parser([name])))):
            found.add((f"keskidee {name} --help", " ".join(re.split("  +", span[2])[0].split())))
    return sorted(found)


def epilogs(parser: argparse.ArgumentParser) -> Iterator[str]:
    """What stands below the help of a command and of those below it."""
    yield f"{parser.epilog or ''}\n"
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from epilogs(below)


@pytest.mark.parametrize(("document", "words"), commands())
def test_a_command_is_taken_as_it_is_printed(document: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    first, *others = shlex.split(words)
    if first.startswith("--"):
        assert cli.main([first]) == 0
        return
    try:
        cli._parser([first, *others]).parse_args([first, *others])  # to parse and not to run
    except SystemExit:
        said = capsys.readouterr().err
        assert MENTIONED in said, f"{document}: {said}"
        options = [word for word in others if word.startswith("--")]
        assert options == [], f"{document}: an example that lacks something"


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.suffix == ".md"], ids=str)
def test_links_lead_to_files_of_the_checkout(path: Path) -> None:
    links = LINK.findall(path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


BLOCK = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)


def copied() -> list[tuple[str, str]]:
    """What blocks of commands take from the checkout, as (document, path below the checkout)."""
    found = []
    for path in DOCUMENTS:
        for block in BLOCK.findall(path.read_text(encoding="utf-8")):
            folder = Path()
            for line in block.splitlines():
                command, *words = line.partition("#")[0].split() or [""]
                if command == "cd":
                    folder = Path(words[0])
                elif command in ("install", "cp") and "-d" not in words:
                    sources = [word for word in words[:-1] if not re.match(r"[-/]|0\d+$", word)]
                    found += [(str(path.relative_to(CHECKOUT)), str(folder / source)) for source in sources]
    return found


@pytest.mark.parametrize(("document", "source"), copied())
def test_what_is_copied_is_in_the_checkout(document: str, source: str) -> None:
    assert list(CHECKOUT.glob(source)), document


def shown(word: str) -> set[str]:
    """The titles of all dashboards, or of their panels or rows."""
    boards = [json.loads(path.read_text()) for path in (CHECKOUT / "deploy/grafana/dashboards").glob("*.json")]
    if word == "dashboard":
        titles = {board["title"].casefold() for board in boards}
        return titles | {title.removeprefix("keskidee: ") for title in titles}
    return {panel["title"].casefold() for board in boards for panel in board["panels"]}


def test_runbooks_name_dashboards_and_panels_that_are_there() -> None:
    named = {
        (path.name, word.casefold(), title)
        for path in (CHECKOUT / "deploy/runbooks").glob("*.md")
        for word, title in PLACE.findall(path.read_text(encoding="utf-8"))
    }
    assert named
    assert sorted(each for each in named if each[2].casefold() not in shown(each[1])) == []
