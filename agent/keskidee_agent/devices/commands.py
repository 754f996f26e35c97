"""`keskidee device HOST`: identifies and reads one device, by SNMP, or a server board (https://HOST) by Redfish, and
prints it as JSON, Prometheus text or for GLPI.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING

from keskidee_agent.devices import board_command
from keskidee_agent.devices.document import as_document
from keskidee_agent.devices.engine import Address, Credential, Engine, Garbled, NoAnswer, Refused
from keskidee_agent.devices.metrics import samples
from keskidee_agent.devices.read import read_device
from keskidee_agent.devices.redfish.board import PASSWORD, is_board
from keskidee_agent.devices.secrets import COMMUNITY, WrongSecret, credential_of
from keskidee_agent.devices.written import failed, write
from keskidee_agent.gather.output import NOTHING_READ, READ, USAGE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from keskidee_agent.devices.read import DeviceReading

PORT, TIMEOUT_SECONDS = 161, 2.0
ENGINES = {
    "gufo": ("keskidee_agent.devices.gufo_engine", "GufoEngine"),
    "pysnmp": ("keskidee_agent.devices.pysnmp_engine", "PysnmpEngine"),
}
EPILOG = f"""\
A community may also stand in the environment, as {COMMUNITY}; keys of version 3 stand in files, on the first line.
So does a server board's password, or it comes from {PASSWORD} or standard input (--password-file -).

examples
  keskidee device 192.0.2.1 --community public
  keskidee device ups.example.org --user monitor --auth SHA:auth.key --priv AES:priv.key --format prometheus
  keskidee device https://idrac-7.example.org --user monitor --password-file board.password --fingerprint 3B:9C:..."""


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `device` to the command line."""
    from argparse import RawDescriptionHelpFormatter

    parser = subparsers.add_parser(
        "device",
        help="read one device, by SNMP or Redfish",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("host", metavar="HOST", help="name or address of the device; https://HOST of a server board")
    parser.add_argument("--port", type=int, help="default: 161; of a server board 443")
    parser.add_argument("--community", help="default: public")
    parser.add_argument("--v1", action="store_true", help="speak version 1, for devices that know no other")
    parser.add_argument("--user", help="speak version 3, as this user; of a server board the user who signs in")
    parser.add_argument("--auth", metavar="SHA:FILE", help="authentication and the file with its passphrase")
    parser.add_argument("--priv", metavar="AES:FILE", help="encryption and the file with its passphrase")
    board_command.add_options(parser)
    parser.add_argument(
        "--timeout",
        type=float,
        metavar="SECONDS",
        help="for one question; default: 2, and three are asked; of a server board 30",
    )
    parser.add_argument("--engine", choices=sorted(ENGINES), help="default: gufo where it is installed")
    parser.add_argument("--format", choices=("json", "prometheus", "glpi"), default="json", help="default: json")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the device, and on stderr what could not be read. Status: 0 something was read, 1 nothing, 2 usage."""
    port = args.port if args.port is not None else PORT
    timeout_seconds = args.timeout if args.timeout is not None else TIMEOUT_SECONDS
    if not 0 < port < 1 << 16 or not timeout_seconds > 0:
        return failed("--port is 1 to 65535, and --timeout more than 0", USAGE)
    if is_board(args.host):
        return board_command.run(args)
    try:
        board_command.refuse_options(args)
        credential = credential_of(args)
        address = Address(host=args.host, port=port, timeout_seconds=timeout_seconds)
        reading = asyncio.run(_read(args.engine, address, credential))
    except WrongSecret as error:
        return failed(str(error), USAGE)
    except NoAnswer as error:
        hint = "" if credential.user else " (unreachable, no SNMP, or another community)"
        return failed(f"{args.host}: {error}{hint}", NOTHING_READ)
    except (Refused, Garbled) as error:
        return failed(f"{args.host}: {error}", NOTHING_READ)
    except OSError as error:
        return failed(f"{args.host}: {error.strerror or error}", NOTHING_READ)
    write(reading, args.format, as_document, samples)
    for trouble in reading.troubles:
        failed(f"{args.host}: {trouble}", READ)
    return READ


async def _read(engine_name: str | None, address: Address, credential: Credential) -> DeviceReading:
    engine = open_engine(engine_name, address, credential)
    try:
        return await read_device(engine)
    finally:
        engine.close()


def open_engine(name: str | None, address: Address, credential: Credential) -> Engine:
    """A session of the engine of that name. Raises WrongSecret where it is not installed."""
    return engine_class(name)(address, credential)


def engine_class(name: str | None) -> Callable[[Address, Credential], Engine]:
    """The engine of that name; without one the quick one, or pysnmp where it is not installed. Raises WrongSecret."""
    for candidate in [name] if name else ["gufo", "pysnmp"]:
        module, class_ = ENGINES[candidate]
        try:
            engine: Callable[[Address, Credential], Engine] = getattr(importlib.import_module(module), class_)
        except ModuleNotFoundError:
            continue
        return engine
    raise WrongSecret(f"{name or 'gufo-snmp or pysnmp'} is not installed: pip install 'keskidee[snmp]'")
