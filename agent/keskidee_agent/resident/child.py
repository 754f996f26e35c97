"""Processes that the agent starts of its own command line, and how they end: on Windows by handles, elsewhere by ids.

The resident agent imports this file: nothing heavy.
"""

from __future__ import annotations

import os
import sys
import time

TERMINATE, KILL = 15, 9
STEP_SECONDS, STEPS = 0.05, 60
"""How long a process may take over its end."""

if sys.platform == "win32":
    import _winapi


def begin(words: list[str]) -> int:
    """Starts a process, `words[0]` being the program; what `status_of` and `end` know it by. Raises OSError."""
    if sys.platform == "win32":
        return os.spawnv(os.P_NOWAIT, words[0], [quoted(word) for word in words])  # noqa: S606  # our own command line
    return os.posix_spawn(words[0], words, os.environ)  # a fork copies tables of memory: 4 ms


def run(words: list[str]) -> int:
    """Runs a process to its end: its exit status."""
    passed = [quoted(word) for word in words] if sys.platform == "win32" else words
    return os.spawnv(os.P_WAIT, words[0], passed)  # noqa: S606  # our own command line


def status_of(process: int) -> int | None:
    """How a process that was begun has ended, as waitpid(2) gives it: 0 if well; None while it goes on.

    To be asked no more once it has been told.
    """
    if sys.platform == "win32":
        if _winapi.WaitForSingleObject(process, 0) == _winapi.WAIT_TIMEOUT:
            return None
        status = _winapi.GetExitCodeProcess(process)
        _winapi.CloseHandle(process)
        return status << 8
    try:
        ended, status = os.waitpid(process, os.WNOHANG)
    except ChildProcessError:
        return 0
    return status if ended else None


def end(process: int) -> None:
    """Ends a process that was begun, and waits for that. On Windows nobody can ask it to, and it is killed at once."""
    if sys.platform == "win32":
        if status_of(process) is None:
            _winapi.TerminateProcess(process, TERMINATE)
            _winapi.WaitForSingleObject(process, int(STEPS * STEP_SECONDS * 1000))
            _winapi.CloseHandle(process)
        return
    try:
        os.kill(process, TERMINATE)
        for _ in range(STEPS):
            if status_of(process) is not None:
                break
            time.sleep(STEP_SECONDS)
        else:
            os.kill(process, KILL)
            os.waitpid(process, 0)
    except (ProcessLookupError, ChildProcessError):
        return


def quoted(word: str) -> str:
    r"""A word as it has to stand in a command line of Windows, whose programs take that apart by themselves.

    Microsoft's rule: quotation marks around blanks; a backslash before a mark is doubled, and so is one before the last
    ("Parsing C command-line arguments" of the C runtime).
    """
    *parts, last = word.split('"')
    text = "".join([f'{_doubled(part)}\\"' for part in parts])
    is_one = word and " " not in word and "\t" not in word
    return text + last if is_one else f'"{text}{_doubled(last)}"'


def _doubled(part: str) -> str:
    """The same with the backslashes at its end twice."""
    return part + "\\" * (len(part) - len(part.rstrip("\\")))
