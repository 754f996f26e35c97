"""Whatever bytes a file of the hardware holds, its parser gives plain finite values, or raises Malformed."""

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.host import sensors, sysfs
from keskidee_agent.sources import (
    cpu_vulnerabilities,
    cpufreq,
    cpuinfo,
    edac,
    nvme,
    pcidevice,
    rapl,
    tapestats,
    watchdog,
)
from keskidee_report.model import Sample
from keskidee_report.rules import is_name
from tests.agent.anything import odd_values

NUMBER = cpufreq.NOW["scaling_cur_freq"]


def sensor(content: bytes) -> list[Sample]:
    value = sensors.parse(content)
    return [] if value is None else [NUMBER(value)]


def processors(content: bytes) -> list[Sample]:
    return [NUMBER(len(fields)) for fields in cpuinfo.parse(content)]


PARSERS: dict[str, Callable[[bytes], Iterable[Sample]]] = {
    "cpu_vulnerabilities": lambda content: [NUMBER(1, state=cpu_vulnerabilities.parse(sysfs.words(content))[0])],
    "cpuinfo": processors,
    "governors": lambda content: cpufreq.governors(sysfs.words(content), ["powersave"], "0"),
    "link": lambda content: [NUMBER(pcidevice.parse_speed(sysfs.words(content)))],
    "sensor": sensor,
    "tape": lambda content: tapestats.describe({}, dict.fromkeys(tapestats.FAMILIES, content)),
    "watchdog": lambda content: watchdog.describe("watchdog0", dict.fromkeys(watchdog.NUMBERS, content)),
}
CONTENTS = st.one_of(
    st.binary(max_size=100),
    st.integers(-(2**70), 2**70).map(lambda number: f"{number}\n".encode()),
    st.text(alphabet="0123456789abcdefprocessorMHz \n:-_+.x\t\x00é", max_size=100).map(str.encode),
)
NAMES = st.one_of(st.text(max_size=40), st.from_regex(r"(temp|fan|in|power|freq|pwm|vrm)\d{0,3}(_\w{0,12})?"))


@pytest.mark.parametrize("parser", PARSERS)
@given(content=CONTENTS)
def test_anything_is_read_or_refused(parser: str, content: bytes) -> None:
    assert odd_values(PARSERS[parser], content, lambda value: abs(value) < 2.0**90) == []


@given(number=st.integers(-(2**63), 2**63))
def test_what_a_sensor_measures_is_read_as_written(number: int) -> None:
    assert sensors.parse(f"{number}\n".encode()) == number


@given(file=NAMES, beside_bare=st.booleans())
def test_any_file_of_a_chip_makes_a_family_or_none(file: str, beside_bare: bool) -> None:
    parts = sensors.split(file)
    if parts is None:
        return
    kind, number, element = parts
    family = sensors.family_of(kind, element, {}, beside_bare=beside_bare)
    assert (kind in sensors.KINDS, number >= 0, family is None or is_name(family.name)) == (True, True, True)


@given(content=st.binary(max_size=60))
def test_any_text_has_no_two_replacements_in_a_row_but_its_own(content: bytes) -> None:
    assert "\ufffd\ufffd" not in sysfs.text(content.replace("\ufffd".encode(), b""))


@given(text=st.text(max_size=30))
def test_names_that_are_made_of_any_text_never_fail(text: str) -> None:
    assert is_name(rapl.family_name(rapl.kind_and_index(text, {})[0]))
    assert set(sensors.clean(text)) <= sensors.KEPT
    assert "#" not in edac.dimm_label(text)
    assert nvme.namespace(text) == "" or nvme.namespace(text).isdigit()
