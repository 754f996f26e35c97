"""A source as found in the sources folder: how it is read, and what its module says of it in constants.

A module that is not wanted, or whose subject this machine has not got, is not kept in memory: sixty of them are
1.2 MiB. Its subject is looked for in each round by its name alone. The resident imports this module: nothing heavy.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from keskidee_agent import sources as packaged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import Any, Protocol

    from keskidee_agent.host.machine import Machine
    from keskidee_report.model import Reading, Sample, Samples

    class SourceModule(Protocol):
        """What a module in the sources folder gives."""

        def read(self, machine: Machine, /) -> Iterable[Sample]: ...

        def unchanged(self, machine: Machine, /) -> bool:
            """Whether what was read last still holds; few modules have it."""


DEADLINE_SECONDS = 5.0
"""How long a source may take before it is given up; a module may say otherwise in DEADLINE_SECONDS."""


class Source:
    """A source as found: its name, how to read it, on which platforms, how often, and which right it needs.

    `needs` are names of which one must be there for the source not to be absent (files.py, `present`); none: unknown.
    """

    __slots__ = (
        "absent",
        "asked",
        "bug",
        "deadline_seconds",
        "every_seconds",
        "grant",
        "last",
        "last_at",
        "module",
        "name",
        "needs",
        "opt_in",
        "path",
        "platforms",
        "prompt",
        "right",
        "samples",
    )

    def __init__(
        self, name: str, module: SourceModule, *, path: str = "", deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self.name = name
        self.module: SourceModule | None = module
        self.path = path  # from where the module can be imported again; empty where it is not ours to unload
        self.platforms: tuple[str, ...] = getattr(module, "PLATFORMS", ())
        self.opt_in: bool = getattr(module, "OPT_IN", False)
        self.prompt: bool = getattr(module, "PROMPT", False)  # on Linux it asks the kernel alone, and never waits
        self.every_seconds: float = getattr(module, "EVERY_SECONDS", 0)
        self.deadline_seconds: float = getattr(module, "DEADLINE_SECONDS", deadline_seconds)
        self.needs: tuple[str, ...] = getattr(module, "NEEDS", ())
        self.right: str = getattr(module, "RIGHT", "")  # what it needs beyond any user's rights, and how to give it
        self.grant: str = getattr(module, "GRANT", "")
        self.asked: bool = hasattr(module, "unchanged")  # before each reading, whether it is needed
        self.last: Reading | None = None
        self.last_at = 0.0
        self.absent: Reading | None = None  # what holds until one of its needs is there
        self.samples: Samples = []  # of the reading before
        self.bug = ""

    def read(self, machine: Machine) -> Iterable[Sample]:
        """What the module's `read` gives."""
        if self.module is None:
            self.module = import_module(self.path)
        return self.module.read(machine)

    def stands(self, machine: Machine) -> bool:
        """Whether the module says that its last reading still holds."""
        if not self.asked or self.module is None:
            return False
        try:
            return self.module.unchanged(machine)
        except Exception:  # noqa: BLE001 - it is read, which says what is wrong
            return False

    def unload(self) -> None:
        """Gives the module's memory back until it is read again."""
        if self.path:
            self.module = None
            _forget(self.path)


class _Unfit:
    """Stands in for a module that cannot be imported: a bug in one source must not cost the others."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, _: Machine, /) -> Iterable[Sample]:
        raise self._error


def found_sources(
    *, disabled: Iterable[str] = (), enabled: Iterable[str] | None = None, deadline_seconds: float = DEADLINE_SECONDS
) -> list[Source]:
    """Every wanted module of the sources package, by name. No list is kept: a new file is a new source.

    `disabled` are not even imported; of those that are read only on request (OPT_IN) the `enabled` ones, None: all.
    """
    unwanted, on_request = set(disabled), None if enabled is None else set(enabled)
    found = []
    for name in _names():
        if name not in unwanted:
            source = _found(name, deadline_seconds)
            if source.opt_in and on_request is not None and name not in on_request:
                source.unload()  # now, so that the next one takes its place in memory
            else:
                found.append(source)
    return found


def _found(name: str, deadline_seconds: float) -> Source:
    path = f"{packaged.__name__}.{name}"
    ours = path not in sys.modules
    module: Any
    try:
        module = import_module(path)
    except Exception as error:  # noqa: BLE001 - a bug in one source must not cost the others
        module, ours = _Unfit(error), False
    return Source(name, module, path=path if ours else "", deadline_seconds=deadline_seconds)


def _names() -> list[str]:
    # what people write into text files comes last: a family of that name is then still the source's that it belongs to
    return sorted(names_in(packaged), key=lambda name: (name == "textfile", name))


def names_in(package: ModuleType) -> set[str]:
    """The names of a package's modules, without loading any."""
    names = set()
    for folder in package.__path__:
        try:
            files = os.listdir(folder)
        except OSError:  # packed into a zip file
            import pkgutil  # 2.5 MiB, so not otherwise

            files = [module.name + ".py" for module in pkgutil.iter_modules([folder])]
        names |= {file.partition(".")[0] for file in files if file.endswith((".py", ".pyc")) and file[0] not in "_."}
    return names


def _forget(path: str) -> None:
    module = sys.modules.pop(path, None)
    if module is not None:
        delattr(packaged, path.rpartition(".")[2])
