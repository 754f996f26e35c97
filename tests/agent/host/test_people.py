"""What may be told of a user's name: nothing unless the site wants it, and no more than the machine allows."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keskidee_agent.host.machine import Machine
from keskidee_agent.host.people import CLEAR, HASHED, OFF, user_name
from keskidee_agent.transport.identity import SALT_FILE, salt_of
from keskidee_agent.transport.transport import wishes_of
from keskidee_config import AgentSettings, CollectorSettings, ConfigError, PrivacySettings, SiteSettings, load
from keskidee_config.check import USER_NAMES as WORDS
from keskidee_report.rules import USER_NAMES
from tests.agent.collecting import Collector
from tests.agent.listening import Listener
from tests.agent.resident.test_resident import enrol
from tests.collector.inside import Inside

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SALT = bytes(range(16))


def test_numbers_and_words_are_the_same_everywhere() -> None:
    assert (USER_NAMES, USER_NAMES.index("off"), USER_NAMES.index("hashed"), USER_NAMES.index("clear")) == (
        WORDS.words, OFF, HASHED, CLEAR,
    )  # fmt: skip


def test_a_machine_tells_nothing_of_users_until_it_is_asked() -> None:
    assert Machine().user_name("alice") is None


@given(st.text(), st.binary(max_size=20), st.integers(-5, 5).filter(lambda choice: choice not in (HASHED, CLEAR)))
def test_off_and_what_is_not_known_tell_nothing(name: str, salt: bytes, choice: int) -> None:
    assert user_name(name, salt, choice) is None


@given(st.text(min_size=4))
def test_a_hash_holds_nothing_of_the_name_and_differs_by_machine(name: str) -> None:
    told = user_name(name, SALT, HASHED)
    assert told is not None
    assert (len(told), told.strip("0123456789abcdef")) == (16, "")
    assert told != user_name(name, SALT[::-1], HASHED)
    assert told == user_name(f" {name.strip().lower()}\t", SALT, HASHED)


@pytest.mark.parametrize("salt", [b"", b"short", bytes(17)])
def test_without_its_salt_a_machine_tells_no_hash(salt: bytes) -> None:
    assert user_name("alice", salt, HASHED) is None


def test_clear_is_the_name() -> None:
    assert user_name("MINISTRY\\alice", b"", CLEAR) == "MINISTRY\\alice"


def test_a_salt_is_made_once_for_nobody_else_to_read(tmp_path: Path) -> None:
    first = salt_of(tmp_path)
    assert (len(first), salt_of(tmp_path), (tmp_path / SALT_FILE).stat().st_mode & 0o777) == (16, first, 0o600)
    assert salt_of(tmp_path / "missing") == b""


@pytest.mark.parametrize(
    ("everywhere", "site", "asked"),
    [("off", None, 0), ("hashed", None, 1), ("clear", "off", 0), ("off", "clear", 2), ("clear", "hashed", 1)],
)
@pytest.mark.parametrize("budget", [None, 400_000])
def test_a_site_is_asked_for_its_own_choice_and_others_for_the_collectors(
    tmp_path: Path, everywhere: str, site: str | None, asked: int, budget: int | None
) -> None:
    office = SiteSettings(name="castries", user_names=site, bytes_per_hour=budget)
    collector = Inside(tmp_path, sites=(office,), privacy=PrivacySettings(user_names=everywhere))

    async def run() -> list[int]:
        told = []
        for name in ("castries", "elsewhere"):
            agent = await collector.enrol("pc", token=await collector.token(site=name))
            told.append(wishes_of((await collector.report(agent)).body).user_names)
        return told

    assert asyncio.run(run()) == [asked, USER_NAMES.index(everywhere)]
    collector.state.close()


ONE_ROUND = """
import argparse
from keskidee_agent.commands import commands, run
from keskidee_agent.resident.resident import Resident
from keskidee_agent.resident.wake import Wake
parser = argparse.ArgumentParser()
commands.add_commands(parser.add_subparsers())
agent = Resident(run.handover(parser.parse_args()), Wake(parent=False))
for _ in range(2):
    print(agent._machine.user_name("alice"))
    agent.round()
print(agent._machine.user_name("alice"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the resident's own process is POSIX's here")
@pytest.mark.parametrize(
    ("asked", "allowed", "told"),
    [(0, "clear", None), (2, "off", None), (2, "hashed", HASHED), (1, "clear", HASHED), (2, "clear", CLEAR)],
)
def test_a_running_agent_tells_no_more_than_both_want_and_nothing_before_it_was_asked(
    tmp_path: Path, asked: int, allowed: str, told: int | None
) -> None:
    collector = Collector()
    collector.wishes["user_names"] = asked
    listener = Listener(collector)
    enrol(tmp_path / "state", listener.url)
    (tmp_path / "agent.yml").write_text(f"privacy:\n  user_names: {allowed}\n")
    words = ["agent", "run", "--state", str(tmp_path / "state"), "--config", str(tmp_path / "agent.yml")]
    done = subprocess.run([sys.executable, "-c", ONE_ROUND, *words], capture_output=True, text=True, timeout=60)
    listener.close()
    expected = user_name("alice", salt_of(tmp_path / "state"), told or OFF)
    assert (done.stdout.split(), done.stderr) == (["None", str(expected), str(expected)], "")


@pytest.mark.parametrize("word", ["off", "'off'", "hashed", "clear"])
def test_settings_take_each_word_and_off_is_no_boolean(tmp_path: Path, word: str) -> None:
    path = tmp_path / "x.yml"
    path.write_text(f"privacy:\n  user_names: {word}\n")
    plain = word.strip("'")
    assert load(AgentSettings, path).privacy.user_names == load(CollectorSettings, path).privacy.user_names == plain


@pytest.mark.parametrize("word", ["hash", "false", "~", "2", "[off]"])
def test_settings_take_no_other_word(tmp_path: Path, word: str) -> None:
    path = tmp_path / "x.yml"
    path.write_text(f"privacy:\n  user_names: {word}\n")
    with pytest.raises(ConfigError, match=r"x.yml:2: privacy.user_names: "):
        load(CollectorSettings, path)
