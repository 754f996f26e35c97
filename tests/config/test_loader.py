"""The strict reader of settings files."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from keskidee_config import (
    AgentSettings,
    CollectorSettings,
    ConfigError,
    RemoteWriteSettings,
    SourceSettings,
    SpoolSettings,
    load,
)


def refusal(folder: Path, content: str | bytes, model: type[Any] = AgentSettings) -> str:
    """What is said of a file with this content, without the folder."""
    path = folder / "agent.yml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ConfigError) as caught:
        load(model, path)
    return str(caught.value).removeprefix(f"{folder}/")


def said_of(path: Path) -> str:
    """What is said of a file, if anything."""
    try:
        load(CollectorSettings, path)
    except ConfigError as error:
        return str(error)
    return ""


def test_a_file_sets_what_it_names_and_leaves_the_rest_at_its_default(tmp_path: Path) -> None:
    path = tmp_path / "agent.yml"
    path.write_text("interval_seconds: 60\nsources:\n  disabled: [dmi, netdev]\n  deadline_seconds: 2\n")
    assert load(AgentSettings, path) == AgentSettings(
        interval_seconds=60, sources=SourceSettings(disabled=("dmi", "netdev"), deadline_seconds=2.0)
    )


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "---\n", "spool:\n", "site:\n", "\ufeff"])
def test_a_file_that_sets_nothing_is_all_defaults(tmp_path: Path, content: str) -> None:
    path = tmp_path / "agent.yml"
    path.write_text(content, encoding="utf-8")
    assert load(AgentSettings, path) == AgentSettings()


def test_a_list_of_sections_gives_each_its_own_settings(tmp_path: Path) -> None:
    path = tmp_path / "collector.yml"
    path.write_text(
        "remote_write:\n"
        "- {name: near, url: 'http://127.0.0.1:9090/api/v1/write'}\n"
        "- name: far\n"
        "  url: https://far.example/write\n"
        "  external_labels:\n    region: pacific\n    'fund_': 'no'\n"
        "  drop: [^go_]\n"
    )
    assert load(CollectorSettings, path) == CollectorSettings(
        remote_write=(
            RemoteWriteSettings(name="near", url="http://127.0.0.1:9090/api/v1/write"),
            RemoteWriteSettings(
                name="far",
                url="https://far.example/write",
                external_labels={"region": "pacific", "fund_": "no"},
                drop=("^go_",),
            ),
        )
    )


REFUSED = {
    "# mine\nintervall_seconds: 15\n": "agent.yml:2: intervall_seconds: unknown key, did you mean interval_seconds?",
    "spool:\n  max_bites: 1\n": "agent.yml:2: spool.max_bites: unknown key, did you mean max_bytes?",
    "max_age_seconds: 60\n": "agent.yml:1: max_age_seconds: unknown key, did you mean spool.max_age_seconds?",
    "spool:\n  xyz: 1\n": (
        "agent.yml:2: spool.xyz: unknown key,"
        " known here are max_bytes, max_age_seconds, full_rate_seconds, minute_rate_seconds"
    ),
    "spool:\n  max_bytes: 67108864\n  max_bytes: 1\n": "agent.yml:3: spool.max_bytes: given twice, first on line 2",
    "interval_seconds: 15s\n": "agent.yml:1: interval_seconds: expected a whole number, not text ('15s')",
    "interval_seconds: 1.5\n": "agent.yml:1: interval_seconds: expected a whole number, not a number ('1.5')",
    "interval_seconds: yes\n": "agent.yml:1: interval_seconds: expected a whole number, not true or false ('yes')",
    "sources:\n  deadline_seconds:\n": ("agent.yml:2: sources.deadline_seconds: expected a number, not an empty value"),
    "interval_seconds: [1]\n": "agent.yml:1: interval_seconds: expected a whole number, not a list",
    "interval_seconds: 1:3\n": "agent.yml:1: interval_seconds: write a whole number in plain decimal digits, not '1:3'",
    "interval_seconds: 010\n": "agent.yml:1: interval_seconds: write a whole number in plain decimal digits, not '010'",
    "interval_seconds: 0\n": "agent.yml:1: interval_seconds: must be from 1 to 3600, not 0",
    "interval_seconds: 3601\n": "agent.yml:1: interval_seconds: must be from 1 to 3600, not 3601",
    '"a\\nb": 1\n': (
        "agent.yml:1: a\\nb: unknown key, known here are collector, interval_seconds, state_directory, site, role, "
        "ca_file, proxy, proxy_credentials_file, textfile_directory, sources, filesystem, diskstats, netdev, spool, "
        "inventory, privacy, devices, traps, services"
    ),
    "services:\n  - {name: a}\n": "agent.yml:2: services[0]: set one of url, tcp, dns and file",
    "services:\n  - {name: a, tcp: 'b:1', text: hello}\n": "agent.yml:2: services[0]: text is for a url",
    "services:\n  - {name: a, url: 'https://ana:pw@b/'}\n": (
        "agent.yml:2: services[0].url: a page here has no user name: whoever reads the settings would have it"
    ),
    "services:\n  - {name: a, dns: 'a..b'}\n": (
        "agent.yml:2: services[0].dns: 'a..b' is no name in the DNS (one that is not ASCII stands in its xn-- form)"
    ),
    "site: no\n": "agent.yml:1: site: expected text, not true or false ('no'); put it in quotes",
    "site: 42\n": "agent.yml:1: site: expected text, not a whole number ('42'); put it in quotes",
    "site: ' '\n": "agent.yml:1: site: write 1 to 100 printable characters",
    "collector: ftp://host\n": "agent.yml:1: collector: write http://HOST:PORT or https://HOST:PORT, not 'ftp://host'",
    "sources: 3\n": "agent.yml:1: sources: expected settings (`name: value`), not a whole number",
    "sources:\n  disabled: dmi\n": "agent.yml:2: sources.disabled: expected a list such as [a, b], not text ('dmi')",
    "sources:\n  disabled:\n  - dmi\n  - 3\n": (
        "agent.yml:4: sources.disabled: expected text, not a whole number ('3'); put it in quotes"
    ),
    "netdev:\n  device_exclude: '*'\n": (
        "agent.yml:2: netdev.device_exclude: '*' is no regular expression: nothing to repeat at position 0"
    ),
    "- 1\n": "agent.yml:1: expected settings (`name: value`), not a list",
    "just text\n": "agent.yml:1: expected settings (`name: value`), not text",
    "site: a\n\trole: b\n": "agent.yml:2: not valid YAML: a tab, where only spaces may indent",
    "site: a\n  role: b\n": "agent.yml:2: not valid YAML: mapping values are not allowed here",
    "site: a\n---\nsite: b\n": "agent.yml:2: not valid YAML: but found another document",
    "site: *other\n": "agent.yml:1: not valid YAML: found undefined alias 'other'",
    "site: !!python/name:os.system\n": (
        "agent.yml:1: site: expected text, not a value of type tag:yaml.org,2002:python/name:os.system"
    ),
    "site: a\nrole: \x07\n": "agent.yml:2: a character that YAML does not allow: U+0007",
}


@pytest.mark.parametrize(("content", "said"), REFUSED.items(), ids=REFUSED)
def test_what_is_not_understood_is_refused_with_its_place(tmp_path: Path, content: str, said: str) -> None:
    assert refusal(tmp_path, content) == said


COLLECTOR_REFUSED = {
    "listen: 127.0.0.1\n": "agent.yml:1: listen: write HOST:PORT, for example 127.0.0.1:5375, not '127.0.0.1'",
    "listen: ::1:5375\n": "agent.yml:1: listen: write HOST:PORT, with an IPv6 address in brackets: not '::1:5375'",
    "listen: host:99999\n": "agent.yml:1: listen: a port is at most 65535, not 99999",
    "tls:\n  key: /key.pem\n": "agent.yml:2: tls: set both certificate and key, or neither",
    "remote_write: {url: 'http://a'}\n": (
        "agent.yml:1: remote_write: expected a list (`- name: value`), not a section"
    ),
    "remote_write:\n- url: http://a\n-\n": "agent.yml:2: remote_write[0].name: is missing",
    "remote_write:\n-\n": "agent.yml:2: remote_write[0].name: is missing",
    "remote_write:\n- 3\n": "agent.yml:2: remote_write[0]: expected settings (`name: value`), not a whole number",
    "remote_write:\n- name: a\n  url: http://a\n- name: b\n  uri: http://b\n": (
        "agent.yml:5: remote_write[1].uri: unknown key, did you mean url?"
    ),
    "send_timeout_seconds: 3\n": (
        "agent.yml:1: send_timeout_seconds: unknown key, did you mean remote_write.send_timeout_seconds?"
    ),
    "remote_write:\n- {name: a, url: 'http://a'}\n- {name: a, url: 'http://b'}\n": (
        "agent.yml:2: remote_write: two have the name 'a'"
    ),
    "remote_write:\n- {name: a, url: 'http://a', external_labels: [x]}\n": (
        "agent.yml:2: remote_write[0].external_labels: expected settings (`name: value`), not a list"
    ),
    "remote_write:\n- {name: a, url: 'http://a', external_labels: {x: 1}}\n": (
        "agent.yml:2: remote_write[0].external_labels.x: expected text, not a whole number ('1'); put it in quotes"
    ),
    "remote_write:\n- {name: a, url: 'http://a', external_labels: {x: b, x: c}}\n": (
        "agent.yml:2: remote_write[0].external_labels.x: given twice, first on line 2"
    ),
    "remote_write:\n- {name: a, url: 'http://a', external_labels: {x-y: b}}\n": (
        "agent.yml:2: remote_write[0].external_labels: "
        "'x-y' is no label name: letters, digits and _, without __ in front"
    ),
    "remote_write:\n- {name: a, url: 'http://a', external_labels: {site: b}}\n": (
        "agent.yml:2: remote_write[0].external_labels: site is given by the collector; use another name"
    ),
    "remote_write:\n- {name: a, url: 'http://a', username: b}\n": (
        "agent.yml:2: remote_write[0]: set both username and password_file, or neither"
    ),
    "remote_write:\n- {name: a, url: 'http://a', username: b, password_file: c, bearer_token_file: d}\n": (
        "agent.yml:2: remote_write[0]: set either bearer_token_file or username, not both"
    ),
    "remote_write:\n- {name: a, url: 'http://a', username: 'b:c', password_file: c}\n": (
        "agent.yml:2: remote_write[0]: a username has no colon (RFC 7617)"
    ),
}


@pytest.mark.parametrize(("content", "said"), COLLECTOR_REFUSED.items(), ids=COLLECTOR_REFUSED)
def test_what_a_collector_cannot_use_is_refused_with_its_place(tmp_path: Path, content: str, said: str) -> None:
    assert refusal(tmp_path, content, CollectorSettings) == said


def test_a_file_that_is_not_utf8_is_refused_with_the_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"# ok\nsite: caf\xe9\n") == "agent.yml:2: not UTF-8 text"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_as_editors_of_windows_write_it(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "agent.yml"
    path.write_bytes("site: Saint-Barthélemy\r\nca_file: 'C:\\a b\\ca.pem'\r\n".encode(encoding))
    assert load(AgentSettings, path) == AgentSettings(site="Saint-Barthélemy", ca_file=r"C:\a b\ca.pem")


def test_a_file_that_is_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(AgentSettings, tmp_path / "none.yml")
    assert str(caught.value) == f"{tmp_path}/none.yml: cannot be read: No such file or directory"


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(AgentSettings, tmp_path)
    assert str(caught.value) == f"{tmp_path}: cannot be read: Is a directory"


@pytest.mark.slow
def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "[" * 1500) == "agent.yml: nested too deep"


def values_of(settings: object) -> dict[str, object]:
    """The settings as a YAML file would say them."""
    return {
        each.name: values_of(value) if is_dataclass(value) else list(value) if isinstance(value, tuple) else value
        for each in fields(settings)  # type: ignore[arg-type]  # every settings class is a dataclass
        for value in [getattr(settings, each.name)]
    }


@given(st.integers(1, 3600), st.lists(st.text("abc_", min_size=1)), st.integers(2**20, 2**36), st.floats(0.1, 60))
def test_settings_that_are_written_as_yaml_are_read_back_equal(
    tmp_path_factory: pytest.TempPathFactory, interval: int, disabled: list[str], size: int, deadline: float
) -> None:
    settings = AgentSettings(
        interval_seconds=interval,
        sources=SourceSettings(disabled=tuple(disabled), deadline_seconds=round(deadline, 3)),
        spool=SpoolSettings(max_bytes=size),
    )
    path = tmp_path_factory.getbasetemp() / "written.yml"
    path.write_text(yaml.safe_dump(values_of(settings)), encoding="utf-8")
    assert load(AgentSettings, path) == settings


@given(st.one_of(st.binary(max_size=200), st.text("ab:-[]{}#&*!|>'\"%@` \n\t0\\", max_size=60).map(str.encode)))
def test_any_content_is_read_or_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yml"
    path.write_bytes(content)
    assert said_of(path).isprintable()
