"""`keskidee agent ...`: the commands of the agent, each in a module of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `agent` with its commands to the command line."""
    from argparse import RawDescriptionHelpFormatter

    from keskidee_agent import capture, doctor, enrol, firmware, once, run
    from keskidee_agent.inventory import command as inventory
    from keskidee_agent.services import command as services

    parser = subparsers.add_parser(
        "agent",
        help="report this machine",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for module in (once, inventory, services, run, enrol, doctor, capture, firmware):
        module.add_parser(commands)
