"""What a file may hold in tests of parsers: real recordings, recordings with a piece replaced, and plain noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from keskidee_report.model import Malformed
from tests.agent.recordings import FIXTURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keskidee_report.model import Sample

NOT_READ = ("expected.prom", "ORIGIN")


def recorded_files(*sources: str) -> list[bytes]:
    """The content of every file in the recorded machines of these sources."""
    files = [file for source in sources for file in (FIXTURES / source).glob("*/**/*")]
    return sorted(file.read_bytes() for file in files if file.is_file() and file.name not in NOT_READ)


@st.composite
def spoiled(draw: st.DrawFn, real: list[bytes]) -> bytes:
    """A real file with a piece replaced."""
    content = draw(st.sampled_from(real))
    at = draw(st.integers(0, len(content)))
    gone = draw(st.integers(0, 12))
    return content[:at] + draw(st.binary(max_size=12)) + content[at + gone :]


def contents(alphabet: str, real: list[bytes]) -> st.SearchStrategy[bytes]:
    """Bytes, texts of the characters that such files are made of, and spoiled real files."""
    texts = st.text(alphabet=alphabet, max_size=300).map(str.encode)
    return st.one_of(st.binary(max_size=300), texts, spoiled(real))


def odd_values(
    parse: Callable[[bytes], Iterable[Sample]], content: bytes, is_plain: Callable[[float], bool]
) -> list[float]:
    """The values a parser gives that are not finite or not plain; none where it refuses the content."""
    try:
        samples = list(parse(content))
    except Malformed:
        return []
    return [value for _, _, value in samples if not (math.isfinite(value) and is_plain(value))]
