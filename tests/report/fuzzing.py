"""A fuzzer that is led by coverage: an input that takes a way nobody took before is kept, and changed further.

As AFL does it, in a page of Python: nothing to install, and it knows of frames, so that what it changes gets past the
envelope. An arc is a line after a line of the files that are watched (sys.settrace).
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from keskidee_report.model import Malformed
from keskidee_report.wire import frame, varint
from tests.report.reading_back import frames_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random
    from types import FrameType

    Arc = tuple[object, int, int]
    Change = Callable[[bytes, Random], bytes]

NUMBERS = tuple(varint(number) for number in (0, 1, 2, 63, 64, 127, 128, 255, 1 << 14, 1 << 31, 1 << 32, (1 << 64) - 1))
LONGEST = 4096


@dataclass(slots=True)
class Fuzzer:
    """`run` is given each input. What it raises that is none of `expected` is a finding, and ends the search.

    `head` bytes at the front of an input are followed by frames.
    """

    run: Callable[[bytes], object]
    folders: tuple[str, ...]
    expected: tuple[type[Exception], ...]
    random: Random
    head: int = 0
    corpus: list[bytes] = field(default_factory=list)
    arcs: set[Arc] = field(default_factory=set)
    executions: int = 0

    def search(
        self, seeds: Sequence[bytes], *, seconds: float = float("inf"), executions: float = float("inf")
    ) -> None:
        """Tries seeds, and then changes of what was worth keeping, for so long."""
        for seed in seeds:
            self.attempt(seed)
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.executions < executions:
            # the last finds are where the unknown begins
            at = max(self.random.randrange(len(self.corpus)), self.random.randrange(len(self.corpus)))
            self.attempt(self.changed(self.corpus[at]))

    def told(self) -> str:
        """What came of it, for who reads the output of a soak."""
        return f"{self.executions} inputs, {len(self.corpus)} kept for {len(self.arcs)} arcs"

    def attempt(self, data: bytes) -> None:
        """Runs it, and keeps it where it went a new way. Raises what is a finding, with the input."""
        taken: set[Arc] = set()
        self.executions += 1
        sys.settrace(self._tracer(taken))
        try:
            self.run(data)
        except self.expected:
            pass
        except Exception as error:
            error.add_note(f"input: {data.hex()}")
            raise
        finally:
            sys.settrace(None)
        if not taken <= self.arcs:
            self.arcs |= taken
            self.corpus.append(data)

    def changed(self, data: bytes) -> bytes:
        """One to four changes; half of them inside a frame, whose length is mended."""
        for _ in range(self.random.randint(1, 4)):
            change = self.random.choice(CHANGES)
            frames = self._frames(data) if self.random.random() < 0.5 else []
            if frames:
                at = self.random.randrange(len(frames))
                frames[at] = (frames[at][0], change(frames[at][1], self.random))
                if self.random.random() < 0.1:
                    frames.insert(self.random.randrange(len(frames)), self.random.choice(frames))
                data = data[: self.head] + b"".join([frame(kind, payload) for kind, payload in frames])
            elif self.random.random() < 0.1:
                other = self.random.choice(self.corpus)
                data = data[: self.random.randint(0, len(data))] + other[self.random.randint(0, len(other)) :]
            else:
                data = change(data, self.random)
        return data[:LONGEST]

    def _frames(self, data: bytes) -> list[tuple[int, bytes]]:
        try:
            return frames_of(data[self.head :])
        except Malformed:
            return []

    def _tracer(self, taken: set[Arc]) -> Any:
        def begun(called: FrameType, _event: str, _argument: object) -> Any:
            if not called.f_code.co_filename.startswith(self.folders):
                return None
            code, last = called.f_code, called.f_lineno

            def line(here: FrameType, event: str, _argument: object) -> Any:
                nonlocal last
                if event == "line":
                    taken.add((code, last, here.f_lineno))
                    last = here.f_lineno
                elif event == "exception":
                    taken.add((code, last, -1))
                return line

            taken.add((code, 0, last))
            return line

        return begun


def flip(data: bytes, random: Random) -> bytes:
    """A bit."""
    return put(data, random, lambda byte: bytes((byte ^ 1 << random.randrange(8),)))


def replace(data: bytes, random: Random) -> bytes:
    """A byte."""
    return put(data, random, lambda _: bytes((random.randrange(256),)))


def number(data: bytes, random: Random) -> bytes:
    """A number at the edge of what a varint holds."""
    return put(data, random, lambda _: random.choice(NUMBERS))


def put(data: bytes, random: Random, new: Callable[[int], bytes]) -> bytes:
    """Another piece in place of one byte."""
    if not data:
        return new(0)
    at = random.randrange(len(data))
    return data[:at] + new(data[at]) + data[at + 1 :]


def drop(data: bytes, random: Random) -> bytes:
    """Without a piece."""
    at = random.randint(0, len(data))
    return data[:at] + data[at + random.randint(1, 8) :]


def repeat(data: bytes, random: Random) -> bytes:
    """A piece twice."""
    at = random.randint(0, len(data))
    piece = data[at : at + random.randint(1, 64)]
    return data[:at] + piece + data[at:]


def cut(data: bytes, random: Random) -> bytes:
    """The end is missing."""
    return data[: random.randint(0, len(data))]


CHANGES: tuple[Change, ...] = (flip, replace, number, drop, repeat, cut)
