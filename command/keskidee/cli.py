"""The `keskidee` command: finds what the first word means, loads that package and no other, and runs it.

Each package gives its commands in a module `commands` with `add_commands(subparsers)`; see COMMANDS. What a person
typed wrong, here or in a settings file, is one line on stderr and exit status 2.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from keskidee import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

COMMANDS = {
    "up": "keskidee.up",
    "agent": "keskidee_agent.commands.commands",
    "device": "keskidee_agent.devices.commands",
    "collector": "keskidee_collector.commands.commands",
    "register": "keskidee_collector.commands.commands",
    "alert": "keskidee.alert",
    "maintenance": "keskidee.maintenance",
}
OURS = ("keskidee", "keskidee_")
FAILED, USAGE, INTERRUPTED, PIPE_CLOSED = (
    1,
    2,
    130,
    141,
)  # the last two: 128 + signal, as a shell says

HELP = """\
Watches computers: health for Prometheus, an asset register for procurement.

usage: keskidee COMMAND ...          keskidee COMMAND --help tells more

start here
  up           a collector and this machine's agent, ready in seconds

on every machine
  agent        report this machine: once, inventory, run, enrol, doctor

on the network
  device       read one switch, UPS, printer (SNMP) or server board (Redfish)

on the machine that listens
  collector    the server: serve, its tokens and machines, backup and restore
  register     assets: purchases in; parts, history and days out (CSV, Excel)

on alerts
  alert        test: send one through the whole chain; did it arrive?
  maintenance  silence the alerts of a site or an asset for a while

examples
  keskidee up                  watch this machine: http://127.0.0.1:5375/
  keskidee up --simulate 50    with fifty pretend machines to look around
  keskidee agent once          print one reading as Prometheus text

  --version    print the version
  -h, --help   print this

Settings are in /etc/keskidee: agent.yml and collector.yml, both optional; the
source's config/*.example.yml explain each. Every folder there has a README.md.
"""


class Help(argparse.RawDescriptionHelpFormatter):
    """Examples stay as they were written, and a description that is one line is broken to the terminal's width."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return super()._fill_text(text, width, indent)
        return argparse.HelpFormatter._fill_text(self, text, width, indent)


class Subcommands(argparse._SubParsersAction):  # type: ignore[type-arg]  # generic for type checkers alone
    """A command without a description says in its help what the list of commands says of it.

    One that is its module's docstring loses the command's name in front, which stands in the line of usage.
    """

    def add_parser(self, name: str, **options: Any) -> Any:
        said = options.get("description") or f"{options.get('help', '')}."
        said = said.partition("`: ")[2] if said.startswith("`keskidee ") else said
        options["description"] = f"{said[:1].upper()}{said[1:]}"
        return super().add_parser(name, **options)


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line with the nearest valid name. Its subparsers are of this class too."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("allow_abbrev", False)  # an abbreviation in a script breaks when an option is added
        options.setdefault("formatter_class", Help)
        super().__init__(*args, **options)
        self.register("action", "parsers", Subcommands)

    def error(self, message: str) -> NoReturn:
        plain = message.replace("invalid int value:", "not a whole number:").replace(
            "invalid float value:", "not a number:"
        )
        self.refuse(f"{plain} ({self.prog} --help tells more)")

    def refuse(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            word = unknown[0].partition("=")[0]
            if word.startswith("-"):
                self.refuse(f"unknown option {word}{advice(word, self._option_string_actions)}")
            self.refuse(f"one word too many: {word}")
        return known, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        # argparse lists all choices and suggests none before Python 3.14
        if action.choices is not None and value not in action.choices:
            option = f"argument {action.option_strings[0]}: " if action.option_strings else ""
            what = f"unknown {'command' if isinstance(action, argparse._SubParsersAction) else 'value'} {value!r}"
            self.refuse(option + what + advice(str(value), [str(choice) for choice in action.choices]))


def advice(word: str, known: Any) -> str:
    """The end of a message about an unknown word: the nearest known one, or else all."""
    import difflib

    near = difflib.get_close_matches(word, known, n=1)
    return f", did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line. Gives its exit status: 0 something was done, 1 it failed, 2 usage or settings."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _finish(_run(words))
    except SystemExit:  # argparse has printed help or what is wrong
        _finish(0)
        raise
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read stdout has seen enough (`| head`)
        _discard_stdout()
        return PIPE_CLOSED


def _run(words: list[str]) -> int:
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    if not words:
        sys.stderr.write(HELP)
        return USAGE
    if words[0] in ("-h", "--help"):
        sys.stdout.write(HELP)
        return 0
    if words[0] in ("-V", "--version"):
        sys.stdout.write(f"keskidee {__version__}\n")
        return 0
    if words[0] not in COMMANDS:
        kind, known = ("option", ["--help", "--version"]) if words[0].startswith("-") else ("command", list(COMMANDS))
        sys.stderr.write(f"keskidee: unknown {kind} {words[0]!r}{advice(words[0], known)}\n")
        return USAGE
    return _run_command(words)


def _run_command(words: list[str]) -> int:
    """Runs `agent once ...`, and turns what a person can mend into one line."""
    try:
        args = _parser(words).parse_args(words)
        return int(args.run(args))
    except (KeyboardInterrupt, BrokenPipeError):
        raise
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        if missing.startswith(OURS):
            raise
        sys.stderr.write(f"keskidee {words[0]}: {missing} is not installed: pip install 'keskidee[collector]'\n")
        return USAGE
    except OSError as error:  # no such host, disk full, not allowed: nothing that a traceback would explain
        place = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"keskidee {words[0]}: {place}{error.strerror or error}\n")
        return FAILED
    except Exception as error:
        from keskidee_config import ConfigError  # here, because `agent once` without settings needs no YAML

        if not isinstance(error, ConfigError):
            raise
        sys.stderr.write(f"keskidee: {error}\n")
        return USAGE


def _parser(words: list[str]) -> Parser:
    """A parser that knows the commands of one package; of the agent, whose commands run often, the one named."""
    parser = Parser(prog="keskidee", add_help=False)
    named = words[1:2] if words[0] == "agent" else []
    module = importlib.import_module(COMMANDS[words[0]])
    module.add_commands(parser.add_subparsers(prog="keskidee", required=True, metavar="COMMAND"), *named)
    return parser


def _finish(status: int) -> int:
    """Writes out what stdout still holds: a full disk or a closed pipe must not look like success."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        if not status:  # otherwise the reason stands there already
            sys.stderr.write(f"keskidee: cannot write to stdout: {error.strerror}\n")
        _discard_stdout()
        return FAILED
    return status


def _discard_stdout() -> None:
    """Keeps the interpreter from writing the rest at exit, and from complaining about it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
