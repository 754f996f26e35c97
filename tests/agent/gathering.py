"""Sources made up for a test, and rounds of them."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

from keskidee_agent.gather.gather import Gatherer, Source
from keskidee_agent.host.machine import Machine
from keskidee_report.model import Family, Reading, Sample

LOAD = Family("node_load1", "gauge", "Load")


def source(name: str, *, raises: Exception | None = None, before: int = 1, **constants: object) -> Source:
    """A source that yields `before` samples and then raises."""

    def read_samples(_: Machine) -> Iterator[Sample]:
        for number in range(before):
            yield LOAD(number, source=name)
        if raises is not None:
            raise raises

    return Source(name, SimpleNamespace(read=read_samples, **constants))


def gatherer(*sources: Source, disabled: tuple[str, ...] = (), warn: Callable[[str], None] | None = None) -> Gatherer:
    return Gatherer(Machine(), sources=sources, disabled=disabled, warn=warn or (lambda line: None))


def outcomes(readings: list[Reading]) -> dict[str, str]:
    return {reading.source: reading.outcome for reading in readings}


class Mounted(Machine):
    """A machine whose /proc has these mounts over it."""

    def __init__(self, *mounts: str, platform: str = "linux") -> None:
        super().__init__(platform=platform)
        self._mountinfo = "".join([f"{mount}\n" for mount in mounts]).encode()

    def content(self, path: str) -> bytes:
        return self._mountinfo if path == "proc/self/mountinfo" else super().content(path)


PROC = "22 27 0:21 / /proc rw,nosuid shared:14 - proc proc rw"
