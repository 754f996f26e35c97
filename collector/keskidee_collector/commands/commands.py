"""`keskidee collector ...` and `keskidee register ...`. Imports what costs memory or time only when it runs."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keskidee_collector.commands.ca_commands import add_ca
from keskidee_collector.commands.keeping import add_backup, add_restore
from keskidee_collector.commands.machines import add_machines
from keskidee_collector.commands.register import add_register
from keskidee_collector.commands.running import collector_directory, fail
from keskidee_collector.commands.shown import add_data
from keskidee_collector.commands.tokens import add_token

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator

    from keskidee_config import CollectorSettings

EXAMPLES = """\
examples
  keskidee collector serve --config /etc/keskidee/collector.yml
  keskidee collector token create --site apia --role desktop --days 2    the desktops of one office may join
  keskidee collector token create --scope metrics                        Prometheus may read
  keskidee collector machines list
  keskidee collector machines retire pc-01                               it is gone for good
  keskidee collector backup /backup/keskidee.tar.gz"""


def add_commands(subparsers: Any) -> None:
    """Adds `collector` and `register` to the command line."""
    _add_collector(subparsers)
    add_register(subparsers)


def _add_collector(subparsers: Any) -> None:
    collector = subparsers.add_parser(
        "collector", help="the server that hears agents",
        description="Runs the server that hears agents, and tells a running one what to do.", epilog=EXAMPLES,
    )  # fmt: skip
    commands = collector.add_subparsers(title="commands", metavar="COMMAND", required=True)
    serve = commands.add_parser("serve", help="run the collector", description="Runs the collector until Ctrl-C.")
    serve.add_argument("--config", metavar="FILE", type=Path, help="settings (see collector.example.yml)")
    serve.add_argument(
        "--data", metavar="DIR", type=Path, help="data directory, made if it is not there (default: as in the settings)"
    )
    serve.add_argument("--listen", metavar="HOST:PORT", help="default 127.0.0.1:5375; other than loopback means TLS")
    serve.set_defaults(run=run_serve)
    add_token(commands)
    add_machines(commands)
    add_ca(commands, add_data)
    add_backup(commands, add_data)
    add_restore(commands)


def run_serve(args: argparse.Namespace) -> int:
    """Runs the collector."""
    from keskidee_collector.serving import loop
    from keskidee_collector.serving.serve import CannotStart, Running, serve, setup_logging
    from keskidee_config import data_directory

    settings = collector_settings(args.config, args.listen)
    data = args.data or (Path(settings.data_directory) if settings.data_directory else data_directory() / "collector")
    setup_logging()

    @asynccontextmanager
    async def ready(running: Running) -> AsyncIterator[None]:
        print(f"ready {running.url}/", flush=True)
        yield

    try:
        loop.run(serve(settings, collector_directory(data), ready))
    except CannotStart as error:
        return fail(str(error))
    return 0


def collector_settings(config: Path | None, listen: str | None) -> CollectorSettings:
    """The settings of a file, or the defaults, with the address from the command line. Raises ConfigError."""
    from dataclasses import replace

    from keskidee_config import CollectorSettings, ConfigError, host_and_port, load

    settings = load(CollectorSettings, config) if config else CollectorSettings()
    if listen is None:
        return settings
    try:
        host_and_port(listen)
    except ValueError as error:
        raise ConfigError(f"--listen: {error}") from None
    return replace(settings, listen=listen)
