"""`keskidee agent run`: reads and checks the settings, then becomes the resident agent, which knows no YAML.

The resident starts in the same process by exec, with `-I -S`: no site-packages, no environment, only the folders that
hold our packages. Settings go through a pipe as `marshal` (the same interpreter reads them), which costs it nothing;
JSON would cost 1.2 MB. SIGHUP runs the whole command again.
"""

from __future__ import annotations

import marshal
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from keskidee_config import AgentSettings

RESIDENT = "keskidee_agent.resident.resident"
INTERVAL_SECONDS = 15
"""From one report to the next, until the collector has said."""
DEVICES_FILE = "devices/devices.json"
"""Below the state folder: whom the poller asks, as the collector said last."""
TRAPS_FILE = "devices/traps.metrics"
"""Likewise: what it hears."""
STDERR = 2
LOG_BYTES = 1 << 20
PIPE_BYTES = 16 << 10  # the smallest that a pipe takes without a reader (macOS)
CODE = "import sys; sys.path += {folders!r}; from keskidee_agent.resident.resident import main; main({descriptor})"

EXAMPLE = """\
example, reporting by the settings of /etc/keskidee/agent.yml each 15 seconds:
  keskidee agent run --config /etc/keskidee/agent.yml

SIGTERM stops it, SIGHUP reads the settings again, SIGUSR2 stops it for an upgrade. On Windows Ctrl-C stops it."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command `run`."""
    from argparse import SUPPRESS, RawDescriptionHelpFormatter

    parser = subparsers.add_parser(
        "run",
        help="report this machine to its collector until stopped",
        description="Reads this machine each interval and reports to the collector where it is enrolled.",
        epilog=EXAMPLE,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", metavar="FILE", type=Path, help="settings (default: agent.yml, where there is one)")
    parser.add_argument(
        "--state",
        metavar="DIR",
        type=Path,
        help="where credential and spool are kept (default: state_directory of agent.yml)",
    )
    parser.add_argument("--collector", metavar="URL", help="where to report, if no longer where it was enrolled")
    parser.add_argument(
        "--interval", metavar="SECONDS", type=int, help="from one report to the next (default: as the collector says)"
    )
    parser.add_argument("--log", metavar="FILE", type=Path, help="where its lines go, with the time (default: stderr)")
    parser.add_argument("--check", action="store_true", help="say whether it would start, and start nothing")
    parser.add_argument("--renew", metavar="SESSION", nargs="?", const="", help=SUPPRESS)
    parser.add_argument("--inventory", action="store_true", help=SUPPRESS)
    parser.add_argument("--devices", metavar="PID", nargs="?", type=int, const=0, help=SUPPRESS)
    parser.add_argument("--services", action="store_true", help=SUPPRESS)
    parser.add_argument("--exit-with-parent", action="store_true", help=SUPPRESS)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Becomes the resident agent. Status 2 where settings or enrolment are missing or wrong, in one line."""
    from keskidee_config import ConfigError

    try:
        if args.log is not None:
            divert(args.log)
        settings = handover(args)
    except (ConfigError, ValueError) as error:
        sys.stderr.write(f"keskidee: {error}\n")
        return 2
    if args.renew is not None:
        return renewed(args, settings)
    if args.inventory:
        return took_inventory(settings)
    if args.devices is not None:
        from keskidee_agent.devices.poller.process import polled

        return polled(args, settings)
    if args.services:
        return told_services(args, settings)
    if args.check:
        return 0
    if not settings["inventory_seconds"]:
        forget_inventory(Path(settings["identity_file"]).parent)
    if sys.platform == "win32":  # exec there starts another process and ends this one, which a service must not do
        from keskidee_agent.resident import resident

        return resident.run(settings, read_again=lambda: handover(args))
    return become_resident(settings, sys.argv[1:])


def divert(path: Path) -> None:
    """Makes a file standard error, also of processes begun from here: on Windows nobody keeps what a task says.

    Over LOG_BYTES it begins again. Raises ConfigError.
    """
    from keskidee_config import ConfigError

    try:
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
        if os.fstat(log).st_size > LOG_BYTES:
            os.ftruncate(log, 0)
        os.dup2(log, STDERR)
        os.close(log)
    except OSError as error:
        raise ConfigError(f"--log: {path}: {error.strerror}") from None
    sys.stderr = open(STDERR, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115


def renewed(args: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Renews the credential of the agent with these settings. Status 1, with one line, where that fails."""
    from keskidee_agent.commands.renewal import renew
    from keskidee_agent.transport.asking import CallFailed
    from keskidee_agent.transport.identity import settings_of
    from keskidee_agent.transport.origin import origin_of
    from keskidee_agent.transport.route import route_to

    route = route_to(origin_of(settings["collector"]), settings_of(args.config), os.environ)
    try:
        state = Path(settings["identity_file"]).parent
        renew(state, settings["collector"], ca_file=settings["ca_file"], route=route, session_id=args.renew)
    except (CallFailed, OSError) as error:
        sys.stderr.write(f"keskidee agent: renewal=failed reason={str(error)!r}\n")
        return 1
    return 0


def took_inventory(settings: dict[str, Any]) -> int:
    """Leaves on disk what is to be told of what this machine is made of. Status 1, with one line, where that fails."""
    from keskidee_agent.host.machine import Machine
    from keskidee_agent.inventory.delivery import take

    if not settings["inventory_seconds"]:
        sys.stderr.write("keskidee agent: inventory=off by inventory.enabled of the settings\n")
        return 2
    try:
        take(Path(settings["identity_file"]).parent, Machine())
    except OSError as error:
        sys.stderr.write(f"keskidee agent: inventory=failed reason={str(error)!r}\n")
        return 1
    return 0


def told_services(args: argparse.Namespace, settings: dict[str, Any]) -> int:
    """Reads the services that are due, for the resident agent. Status 1, with one line, where that fails."""
    from keskidee_agent.services.reading import read_due
    from keskidee_agent.transport.identity import settings_of

    folder = Path(settings["services"]["file"]).parent
    try:
        read_due(folder, settings_of(args.config).services, _warn, now=time.time())
    except OSError as error:
        sys.stderr.write(f"keskidee agent: services=failed reason={str(error)!r}\n")
        os._exit(1)
    sys.stderr.flush()
    os._exit(0)  # a thread that hangs in the system's resolver would be waited for


def _warn(line: str) -> None:
    sys.stderr.write(f"keskidee agent: {line}\n")


def forget_inventory(state: Path) -> None:
    """Takes away what is kept here of inventories, where the settings want none any more."""
    from keskidee_agent.delivery.stock import NEXT_FILE, STATE_FILE
    from keskidee_agent.delivery.stocktaking import BODY_FILE, METRICS_FILE

    for name in (STATE_FILE, NEXT_FILE, BODY_FILE, METRICS_FILE):
        (state / name).unlink(missing_ok=True)


def handover(args: argparse.Namespace) -> dict[str, Any]:
    """What the resident needs, as plain values. Raises ConfigError or ValueError with one line for a person."""
    from keskidee_agent.transport.identity import IDENTITY_FILE, read_identity, salt_of, settings_of, state_directory
    from keskidee_agent.transport.origin import origin_of
    from keskidee_agent.transport.route import route_to
    from keskidee_agent.transport.trust import authorities_of, told_of
    from keskidee_config import ConfigError
    from keskidee_report.rules import USER_NAMES

    settings = settings_of(args.config)
    state = args.state or state_directory(settings.state_directory)
    own = args.interval if args.interval is not None else settings.interval_seconds
    interval_seconds = INTERVAL_SECONDS if own is None else own
    if not 1 <= interval_seconds <= 3600:
        raise ConfigError(f"--interval: from 1 to 3600 seconds, not {interval_seconds}")
    identity = read_identity(state)
    collector = origin_of(args.collector or settings.collector or identity.collector)
    ca_file = authorities_of(settings.ca_file, state, identity) if collector.tls else ""
    return {
        "collector": collector.url,
        "machine_id": identity.machine_id,
        "identity_file": str((state / IDENTITY_FILE).absolute()),
        "credential": identity.credential,
        "ca_file": ca_file,
        "authorities": told_of(ca_file, settings.ca_file, identity),
        "proxy": route_to(collector, settings, os.environ).proxy,
        "interval_seconds": interval_seconds,
        "interval_own": own is not None,
        "deadline_seconds": settings.sources.deadline_seconds,
        # most machines read no services, and pay nothing for the source
        "disabled": [*settings.sources.disabled, *([] if settings.services else ["services"])],
        "enabled": list(settings.sources.enabled),
        "textfile_directory": os.path.abspath(settings.textfile_directory) if settings.textfile_directory else "",
        "excludes": _excludes_of(settings),
        "services": _services_of(settings, state),
        "inventory_seconds": settings.inventory.interval_seconds if settings.inventory.enabled else 0,
        "user_names": USER_NAMES.index(settings.privacy.user_names),
        "salt": salt_of(state),
        "spool": _spool_of(settings, state),
        "polls": bool(settings.devices) or (state / DEVICES_FILE).exists(),  # the collector is told of an end too
        "traps_file": str((state / TRAPS_FILE).absolute()),
        "parent": args.exit_with_parent,
        "timed": args.log is not None,
        "command": [sys.executable, *sys.orig_argv[1:]],
    }


def _excludes_of(settings: AgentSettings) -> dict[str, str]:
    return {
        "filesystem.mount_points_exclude": settings.filesystem.mount_points_exclude,
        "filesystem.types_exclude": settings.filesystem.types_exclude,
        "diskstats.device_exclude": settings.diskstats.device_exclude,
        "netdev.device_exclude": settings.netdev.device_exclude,
    }


def _services_of(settings: AgentSettings, state: Path) -> dict[str, Any]:
    return {
        "file": str((state / "services.prom").absolute()) if settings.services else "",
        "every_seconds": min((service.interval_seconds for service in settings.services), default=0),
        "timeout_seconds": max((service.timeout_seconds for service in settings.services), default=0),
    }


def _spool_of(settings: AgentSettings, state: Path) -> dict[str, Any]:
    return {
        "folder": str((state / "spool").absolute()),
        "max_bytes": settings.spool.max_bytes,
        "max_age_seconds": settings.spool.max_age_seconds,
        "full_rate_seconds": settings.spool.full_rate_seconds,
        "minute_rate_seconds": settings.spool.minute_rate_seconds,
    }


def become_resident(settings: dict[str, Any], words: Sequence[str]) -> NoReturn:
    """Execs the resident. `words` are what `ps` shows after its name: the command line without the program."""
    content = marshal.dumps(settings)
    if len(content) > PIPE_BYTES:
        raise ValueError(f"settings of {len(content)} bytes, where {PIPE_BYTES} are allowed")
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    os.set_inheritable(reader, True)
    code = CODE.format(folders=_folders(), descriptor=reader)
    os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", code, RESIDENT, *words])  # noqa: S606  # ourselves


def _folders() -> list[str]:
    """Where the resident finds our packages, and psutil on the systems where it is needed."""
    import importlib.util

    packages = ["keskidee_agent", "keskidee_report"] + ([] if sys.platform == "linux" else ["psutil"])
    found = [importlib.util.find_spec(package) for package in packages]
    return list(dict.fromkeys(os.path.dirname(os.path.dirname(spec.origin)) for spec in found if spec and spec.origin))
