"""Which assets have a program, and in an older version than which."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_collector.register.programs import is_older
from keskidee_report.items import Item
from tests.collector.inside import Inside
from tests.collector.register.telling import machine_at

if TYPE_CHECKING:
    pass

INSTALLED = {
    "pc-01": {"openssl": "3.0.11-1~deb12u2", "Mozilla Firefox (x64 en-US)": "128.0"},
    "pc-02": {"openssl": "1:3.0.14"},
    "pc-03": {"LibreSSL": "3.8"},
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("program=openssl", {"pc-01": [("openssl", "3.0.11-1~deb12u2")], "pc-02": [("openssl", "1:3.0.14")]}),
        ("program=OpenSSL&below=3.0.14", {"pc-01": [("openssl", "3.0.11-1~deb12u2")]}),
        ("program=firefox+x64", {"pc-01": [("Mozilla Firefox (x64 en-US)", "128.0")]}),
        ("program=ssl&q=pc-03", {"pc-03": [("LibreSSL", "3.8")]}),
        ("program=emacs", {}),
    ],
)
def test_a_list_names_the_machines_with_a_program(collector: Inside, query: str, found: dict[str, Any]) -> None:
    async def run() -> Any:
        for hostname, programs in INSTALLED.items():
            machine = await machine_at(collector, hostname)
            told = [Item("software", name, {"name": name, "version": each}) for name, each in programs.items()]
            await machine.tell(told, told=["software"])
        return (await collector.ask("GET", f"/v1/assets?{query}")).json

    page = asyncio.run(run())
    named = {asset["id"]: asset["name"] for asset in page["assets"]}
    told = {named[at]: [(each["name"], each["version"]) for each in has] for at, has in page["programs"].items()}
    assert (told, page["found"]) == (found, len(found))


def test_words_that_mean_hundreds_of_programs_are_refused_and_a_whole_name_in_quotes_is_not(collector: Inside) -> None:
    async def run() -> Any:
        other = await machine_at(collector, "pc-02")
        await other.tell([Item("software", "lib", {"version": "2"})], told=["software"])
        machine = await machine_at(collector)
        await machine.tell([Item("software", f"lib {n}", {"version": "1"}) for n in range(201)], told=["software"])
        vague = (await collector.ask("GET", "/v1/assets?program=lib")).json["detail"]
        return vague, list((await collector.ask("GET", "/v1/assets?program=%22Lib%22")).json["programs"].values())

    words = "program: 202 programs are called like that; more words mean fewer, and in quotes it is the whole name"
    assert asyncio.run(run()) == (f'{words}: "openssl"', [[{"name": "lib", "version": "2"}]])


@pytest.mark.parametrize("query", ["below=1.0", "below=1.0&program=+"])
def test_a_version_without_a_program_is_refused(collector: Inside, query: str) -> None:
    assert asyncio.run(collector.ask("GET", f"/v1/assets?{query}")).status == 422


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("9.9", "9.10"), ("1.0~rc1", "1.0"), ("1.0rc1", "1.0"), ("2.0-beta2", "2.0"), ("1.0", "1.0a"), ("1.0a", "1.0b"),
        ("1:1.0", "2:0.5"), ("2:9.0.1378-2", "9.1"), ("v1.2", "1.3"), ("9.0", "9.0-1"), ("128.0", "128.0.1"),
        ("10.0.19041", "10.0.22631.4317"), ("2.38.1-5+deb12u1", "2.38.1-5+deb12u3"), ("24.08", "24.8.1"),
    ],
)  # fmt: skip
def test_versions_are_compared_as_people_and_packages_do(older: str, newer: str) -> None:
    assert (is_older(older, newer), is_older(newer, older)) == (True, False)


@pytest.mark.parametrize("version", ["", "10.0.0", "1:2.3", "٣.٤", "x" * 300, "9" * 300])
def test_no_version_is_older_than_itself(version: str) -> None:
    assert not is_older(version, version)


def test_zeros_at_the_end_are_no_difference() -> None:
    assert not is_older("10.0", "10.0.0")


@given(st.text(max_size=30), st.text(max_size=30))
def test_of_any_two_texts_at_most_one_is_older(one: str, other: str) -> None:
    assert not (is_older(one, other) and is_older(other, one))
