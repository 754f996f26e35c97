"""Why the agent is told to stop: because the machine goes down, or only the agent does."""

from __future__ import annotations

import os
import time

from keskidee_agent.transport.waiting import ready_of

SYSTEMD = "/run/systemd/system"
"""There when systemd is in charge (sd_booted(3))."""
EVIDENCE = ("/run/nologin", "/run/systemd/shutdown/scheduled")
"""Made by systemd on its way down (pam_nologin(8)) and by a scheduled shutdown (shutdown(8))."""
SYSTEMCTL = ("/usr/bin/systemctl", "/bin/systemctl")
ANSWER_SECONDS = 0.5


def machine_goes_down() -> bool:
    """Whether the system is shutting down, as far as it can be told. Costs a process under systemd."""
    if not os.path.isdir(SYSTEMD):
        return os.path.exists(EVIDENCE[0])
    return any(map(os.path.exists, EVIDENCE)) or _system_state() == b"stopping"


def _system_state() -> bytes:
    """What `systemctl is-system-running` says: running, degraded, stopping ...; empty where it says nothing in time."""
    command = next(filter(os.path.exists, SYSTEMCTL), "")
    if not command:
        return b""
    reader, writer = os.pipe()
    try:
        child = os.posix_spawn(
            command,
            [command, "is-system-running"],
            {"LC_ALL": "C"},
            file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)],
        )
        os.close(writer)
        answer = _read_until(reader, time.monotonic() + ANSWER_SECONDS)
        if answer is None:
            os.kill(child, 9)
        os.waitpid(child, 0)
        return (answer or b"").strip()
    except OSError:
        return b""
    finally:
        os.close(reader)


def _read_until(reader: int, deadline: float) -> bytes | None:
    content = b""
    while (left := deadline - time.monotonic()) > 0 and ready_of([reader], [], left):
        more = os.read(reader, 256)
        if not more:
            return content
        content += more
    return None
