"""The settings model, the example files made from it, and what is handed to the resident agent."""

import json
import os
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from keskidee_config import (
    AgentSettings,
    CollectorSettings,
    RemoteWriteSettings,
    Secret,
    data_directory,
    host_and_port,
    load,
)
from keskidee_config.example import EXAMPLES, example, example_file, field_docstrings
from keskidee_config.nodes import listed


def sections(model: type[Any]) -> list[type[Any]]:
    kinds = [listed(kind) or kind for kind in get_type_hints(model).values()]
    inner = [kind for kind in kinds if is_dataclass(kind)]
    return [model, *(section for kind in inner for section in sections(kind))]  # type: ignore[arg-type]  # of types only


ALL_SECTIONS = [section for model in EXAMPLES.values() for section in sections(model)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_file_is_the_one_made_from_the_model(name: str) -> None:
    written = example_file(name).read_text(encoding="utf-8")
    assert written == example(name), "run: python -m keskidee_config.example"


def test_example_of_the_agent_sets_nothing_but_its_collector() -> None:
    assert load(AgentSettings, example_file("agent")) == AgentSettings(collector="https://collector.example.org:5375")


def test_example_of_the_collector_sets_nothing() -> None:
    assert load(CollectorSettings, example_file("collector")) == CollectorSettings()


SHOWN_ONLY = {"state_directory", "site", "role", "ca_file", "public_url", "data_directory"} | {
    "certificate",
    "key",
    "textfile_directory",
    "proxy",
    "proxy_credentials_file",
    "authority",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_lines_are_the_defaults_when_their_comment_signs_are_taken_off(name: str, tmp_path: Path) -> None:
    lines = example(name).splitlines()
    active = [
        line.replace("#", "", 1) if line.lstrip().startswith("#") and "# " not in line else line for line in lines
    ]
    shown_only = SHOWN_ONLY | ({"interval_seconds"} if name == "agent" else set()) | {"collector"}
    kept = [line for line in active if line.partition(":")[0].strip() not in shown_only]
    path = tmp_path / "active.yml"
    path.write_text("\n".join(kept), encoding="utf-8")
    assert load(EXAMPLES[name], path) == EXAMPLES[name]()


def test_the_example_of_a_destination_is_one_when_its_comment_signs_are_taken_off(tmp_path: Path) -> None:
    _, _, lines = example("collector").partition("# Where reports go with their own times")
    one = [line.removeprefix("# ") for line in lines.splitlines()[1:-1]]
    without_password = [line for line in one if line.split(":")[0].strip() not in ("username", "password_file")]
    path = tmp_path / "collector.yml"
    path.write_text("\n".join(["remote_write:", *without_password]), encoding="utf-8")
    assert load(CollectorSettings, path).remote_write == (
        RemoteWriteSettings(
            name="central",
            url="https://prometheus.example.org:9090/api/v1/write",
            bearer_token_file="/etc/keskidee/central-token",
            ca_file="/etc/keskidee/central-ca.pem",
            external_labels={"region": "pacific"},
            max_sample_age_seconds=21600,
        ),
    )


@pytest.mark.parametrize("section", ALL_SECTIONS)
def test_every_setting_says_what_it_is_for(section: type[Any]) -> None:
    plain = {each.name for each in fields(section) if not is_dataclass(get_type_hints(section)[each.name])}
    assert set(field_docstrings(section)) == plain


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("127.0.0.1:5375", ("127.0.0.1", 5375)),
        ("[::1]:0", ("::1", 0)),
        ("collector.example:443", ("collector.example", 443)),
    ],
)
def test_host_and_port_are_told_apart(text: str, pair: tuple[str, int]) -> None:
    assert host_and_port(text) == pair


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_a_user_who_is_not_root_gets_a_folder_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/home/me/data")
    assert data_directory() == Path("/home/me/data/keskidee")


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of Linux")
def test_root_gets_the_folder_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert data_directory() == Path("/var/lib/keskidee")


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{!r}".format], ids=range(4))
def test_a_secret_prints_as_stars(show: Any) -> None:
    assert show(Secret("hunter2")) == "***"


def test_a_secret_is_refused_by_json() -> None:
    with pytest.raises(TypeError):
        json.dumps({"token": Secret("hunter2")})


def test_a_secret_is_read_from_the_first_line_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("hunter2\nrest\n", encoding="utf-8")
    assert Secret.from_file(path).reveal() == "hunter2"
    path.write_bytes("hunter2\r\nrest\r\n".encode("utf-16"))
    assert Secret.from_file(path).reveal() == "hunter2"


def test_an_empty_file_holds_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(ValueError, match="token is empty"):
        Secret.from_file(path)
