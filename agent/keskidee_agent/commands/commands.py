"""`keskidee agent ...`: the commands of the agent, each in a module of its own."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

DESCRIPTION = "Reads this machine and reports it. Each command explains itself: keskidee agent COMMAND --help"
EXAMPLES = """\
examples
  keskidee agent once                              print one reading of this machine
  keskidee agent inventory                         print what this machine is made of
  keskidee agent services                          read the services of agent.yml once
  keskidee agent enrol https://collector:5375 --token-file token
                                                   join a collector with the token it gave
  keskidee agent run                               report until stopped
  keskidee agent doctor                            what can be read here, and what is missing
  keskidee agent capture machine                   record this machine in a folder, without what identifies it"""


MODULES = {
    "once": "commands.once",
    "inventory": "inventory.command",
    "services": "services.command",
    "run": "commands.run",
    "enrol": "commands.enrol",
    "doctor": "commands.doctor",
    "capture": "commands.capture",
    "firmware": "commands.firmware",
    "disks": "commands.disks",
}


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser], word: str = "") -> None:
    """Adds `agent` with its commands to the command line; where `word` is one of them, that one alone.

    To load them all is half of what a whole inventory costs.
    """
    from argparse import RawDescriptionHelpFormatter

    parser = subparsers.add_parser(
        "agent",
        help="report this machine",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(prog="keskidee agent", required=True, metavar="COMMAND", title="commands")
    for name in [word] if word in MODULES else MODULES:
        import_module(f"keskidee_agent.{MODULES[name]}").add_parser(commands)
