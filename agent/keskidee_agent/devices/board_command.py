"""`keskidee device https://HOST`: what is typed for a server board, and its reading in the form that is wanted."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from keskidee_agent.devices.engine import Garbled, NoAnswer, Refused
from keskidee_agent.devices.redfish.board import PASSWORD, board_of
from keskidee_agent.devices.secrets import WrongSecret, first_line
from keskidee_agent.devices.written import failed, write
from keskidee_agent.gather.output import NOTHING_READ, READ, USAGE

if TYPE_CHECKING:
    import argparse

    from keskidee_agent.devices.redfish.board import Board

OURS = {"password_file": "--password-file", "ca_file": "--ca-file", "fingerprint": "--fingerprint"}
OF_SNMP = {"community": "--community", "v1": "--v1", "auth": "--auth", "priv": "--priv", "engine": "--engine"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of boards."""
    parser.add_argument("--password-file", metavar="FILE", help="file with that user's password; - for standard input")
    parser.add_argument("--fingerprint", metavar="SHA256", help="of the board's own certificate, which then is trusted")
    parser.add_argument(
        "--ca-file", metavar="FILE", help="authorities of the board's certificate; default: the system's"
    )


def refuse_options(args: argparse.Namespace) -> None:
    """Raises WrongSecret for options of boards where something else is asked."""
    if odd := [option for name, option in OURS.items() if getattr(args, name)]:
        raise WrongSecret(f"{odd[0]} is for a server board: https://{args.host}")


def run(args: argparse.Namespace) -> int:
    """Prints the board, and on stderr what could not be read. Status: 0 something was read, 1 nothing, 2 usage."""
    from keskidee_agent.devices.document import as_board_document
    from keskidee_agent.devices.redfish.metrics import samples
    from keskidee_agent.devices.redfish.read import Reader
    from keskidee_agent.devices.redfish.service import Service

    try:
        reader = Reader(Service(_board(args)))
    except WrongSecret as error:
        return failed(str(error), USAGE)
    try:
        reading = reader.read()
    except (NoAnswer, Refused, Garbled, OSError) as error:
        return failed(f"{args.host}: {error}", NOTHING_READ)
    finally:
        reader.close()
    write(reading, args.format, as_board_document, samples)
    for trouble in reading.troubles:
        failed(f"{args.host}: {trouble}", READ)
    return READ


def _board(args: argparse.Namespace) -> Board:
    """What was typed. Raises WrongSecret."""
    if odd := [option for name, option in OF_SNMP.items() if getattr(args, name)]:
        raise WrongSecret(f"{odd[0]} is for SNMP: a server board has --user and --password-file")
    return board_of(
        args.host,
        port=args.port,
        user=args.user,
        password=_password(args),
        ca_file=args.ca_file,
        fingerprint=args.fingerprint,
        timeout_seconds=args.timeout,
    )


def _password(args: argparse.Namespace) -> str | None:
    """From a file, from the environment, or where a user is named from standard input."""
    if args.password_file not in (None, "-"):
        return first_line("--password-file", args.password_file).decode("utf-8", "replace")
    if args.password_file is None and (told := os.environ.get(PASSWORD)):
        return told if args.user else None
    if args.password_file is None and args.user is None:
        return None
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass("password: ")
    return sys.stdin.readline().rstrip("\r\n")
