"""Whatever bytes a file holds, a parser gives samples with plain finite values, or raises Malformed."""

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.host import release, smbios
from keskidee_agent.sources import cpu, diskstats, dmi, filesystem, loadavg, meminfo, netdev, stat, time
from keskidee_report.model import Malformed, Sample
from tests.agent.anything import contents, odd_values
from tests.agent.recordings import FIXTURES

PARSERS: dict[str, Callable[[bytes], Iterable[Sample]]] = {
    "cpu": lambda content: [cpu.SECONDS(ticks / 100) for ticks in cpu.parse(content, {})[0]],
    "stat": lambda content: stat.parse(content, {}),
    "loadavg": lambda content: [(loadavg.FAMILIES[0], {}, value) for value in loadavg.parse(content)],
    "meminfo": lambda content: meminfo.parse(content, {}),
    "diskstats": lambda content: [diskstats.READS(count) for count in diskstats.parse_counts(content)],
    "udev": lambda content: diskstats.describe("sda", "8", "0", "0", diskstats.parse_udev(content)),
    "filesystem": lambda content: [filesystem.MOUNT(1, **mount.numbers) for mount in filesystem.parse(content)],
    "netdev": lambda content: [netdev.NO_HANDLER(count) for count in netdev.parse_counts(b"eth0", content)],
    "time": lambda content: [time.CURRENT(1, clocksource=name) for name in time.names(content)],
    "cpu list": lambda content: [cpu.ISOLATED(1, cpu=str(number)) for number in cpu.cpu_list(content)],
    "dmi": lambda content: [dmi.INFO(1, text=dmi.text_of(content))],
    "os-release": lambda content: [dmi.INFO(1, **release.os_release(content.decode("utf-8", "replace")))],
    "plist": lambda content: [dmi.INFO(1, **release.macos_release(content.decode("utf-8", "replace")))],
    "smbios": lambda content: [dmi.INFO(1, **smbios.system_texts(content))],
}
REAL = sorted(
    file.read_bytes() for file in FIXTURES.glob("*/*/**/*") if file.is_file() and file.name != "expected.prom"
)


CONTENTS = contents("0123456789 \n:-_+.eE|xkB\\/\t,()\x00é", REAL)


@pytest.mark.parametrize("parser", PARSERS)
@given(content=CONTENTS)
def test_anything_is_read_or_refused(parser: str, content: bytes) -> None:
    assert odd_values(PARSERS[parser], content, lambda value: 0 <= value < 2.0**75) == []


@given(value=st.text(max_size=40))
def test_an_unquoted_value_holds_no_more_than_was_written(value: str) -> None:
    try:
        assert len(release.unquoted(value)) <= len(value)
    except Malformed:
        assert value[0] in "'\""
