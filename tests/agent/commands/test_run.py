"""`keskidee agent run` before it becomes the resident: what is missing or wrong is one line and exit status 2."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keskidee_agent.commands.run import LOG_BYTES
from keskidee_agent.transport import identity
from keskidee_agent.transport.identity import CA_FILE, Identity, write_identity
from tests.agent.listening import certified

pytestmark = pytest.mark.slow

WHO = {"machine_id": "ab12", "credential": "c" * 43, "instance": "pc", "site": "default", "role": "server"}


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "keskidee", "agent", "run", "--check", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)


def enrolled(state: Path, collector: str = "http://127.0.0.1:5375", ca_pem: bytes | None = None) -> Path:
    write_identity(state, Identity(collector=collector, **WHO), ca_pem)
    return state


def test_a_machine_that_is_not_enrolled_is_told_the_command(tmp_path: Path) -> None:
    done = run("--state", tmp_path)
    command = f"keskidee agent enrol https://COLLECTOR:5375 --state {tmp_path}"
    assert done.returncode == 2
    assert done.stderr == f"keskidee: not enrolled ({tmp_path}/identity.json is not there): run {command}\n"


def test_the_command_may_be_copied_though_the_folder_has_a_blank(tmp_path: Path) -> None:
    state = tmp_path / "an agent"
    assert run("--state", state).stderr.endswith(f'run keskidee agent enrol https://COLLECTOR:5375 --state "{state}"\n')


def test_a_log_takes_what_standard_error_would_and_begins_again_where_it_is_long(tmp_path: Path) -> None:
    log = tmp_path / "agent.log"
    log.write_text("kept\n")
    assert run("--state", tmp_path, "--log", log).stderr == ""
    kept, told = log.read_text().splitlines()
    assert (kept, told.startswith("keskidee: not enrolled")) == ("kept", True)
    log.write_bytes(bytes(LOG_BYTES + 1))
    run("--state", tmp_path, "--log", log)
    assert log.read_text() == f"{told}\n"


def test_a_log_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    done = run("--state", tmp_path, "--log", tmp_path)
    assert (done.returncode, done.stderr) == (2, f"keskidee: --log: {tmp_path}: Is a directory\n")


def test_an_enrolled_machine_would_start(tmp_path: Path) -> None:
    done = run("--state", enrolled(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_settings_are_read_from_the_file(tmp_path: Path) -> None:
    config = tmp_path / "agent.yml"
    config.write_text(f"state_directory: {enrolled(tmp_path / 'state')}\ninterval_seconds: 30\n")
    assert run("--config", config).returncode == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("colector: https://c", "agent.yml:1: colector: unknown key, did you mean collector?"),
        ("interval_seconds: soon", "agent.yml:1: interval_seconds: "),
        ("collector: http://collector.example.org", "plain http goes to this machine only"),
        ("collector: https://user@host", "agent.yml:1: collector: "),
        ("proxy: socks5://p:1", "agent.yml:1: proxy: write http://HOST:PORT, or none, not 'socks5://p:1'"),
        ("proxy: http://p", "agent.yml:1: proxy: write http://HOST:PORT, or none, not 'http://p'"),
        ("proxy: http://me:pw@p:1", "proxy: user and password belong into the file that proxy_credentials_file names"),
    ],
)
def test_wrong_settings_are_told_in_one_line(tmp_path: Path, content: str, told: str) -> None:
    config = tmp_path / "agent.yml"
    config.write_text(content)
    done = run("--config", config, "--state", enrolled(tmp_path / "state"))
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_settings_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = run("--config", tmp_path / "none.yml", "--state", enrolled(tmp_path / "state"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("seconds", ["0", "3601", "-5"])
def test_an_interval_out_of_range_is_told(tmp_path: Path, seconds: str) -> None:
    done = run("--state", enrolled(tmp_path), f"--interval={seconds}")
    assert (done.returncode, done.stderr) == (2, f"keskidee: --interval: from 1 to 3600 seconds, not {seconds}\n")


def test_a_missing_authority_is_told(tmp_path: Path) -> None:
    done = run("--state", enrolled(tmp_path, "https://collector:5375"))
    assert done.returncode == 2
    assert done.stderr.startswith(f"keskidee: {tmp_path / CA_FILE}: the collector's authority cannot be read")


def test_an_authority_that_is_no_certificate_is_told(tmp_path: Path) -> None:
    done = run("--state", enrolled(tmp_path, "https://collector:5375", b"nonsense"))
    assert done.returncode == 2
    assert done.stderr == f"keskidee: {tmp_path / CA_FILE}: not a certificate in PEM\n"


def proxy_told_to_the_resident(state: Path, *words: str | Path, **environment: str) -> str:
    code = (
        "import argparse; from keskidee_agent.commands import commands, run; parser = argparse.ArgumentParser();"
        "commands.add_commands(parser.add_subparsers()); print(run.handover(parser.parse_args())['proxy'])"
    )
    command = [sys.executable, "-c", code, "agent", "run", "--state", str(state), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env={**os.environ, **environment})
    return done.stdout.strip() or done.stderr.strip()


def test_the_resident_is_told_the_proxy_of_the_environment_or_of_the_settings(tmp_path: Path) -> None:
    ca_pem = certified(tmp_path / "authority", "collector").ca_file.read_bytes()
    state = enrolled(tmp_path / "state", "https://collector:5375", ca_pem)
    environment = {"https_proxy": "http://me:pw@p:3128", "no_proxy": ""}
    assert proxy_told_to_the_resident(state, **environment) == "('p', 3128, 'Basic bWU6cHc=')"
    (tmp_path / "none.yml").write_text("proxy: none\n")
    assert proxy_told_to_the_resident(state, "--config", tmp_path / "none.yml", **environment) == "None"
    (tmp_path / "own.yml").write_text("proxy: http://[::1]:1\n")
    assert proxy_told_to_the_resident(state, "--config", tmp_path / "own.yml", **environment) == "('::1', 1, '')"


def test_an_agent_that_enrolled_with_the_systems_authorities_trusts_those(tmp_path: Path) -> None:
    certificate = certified(tmp_path / "authority", "collector").ca_file
    write_identity(tmp_path / "state", Identity(collector="https://collector", authority="system", **WHO), None)
    environment = {**os.environ, "SSL_CERT_FILE": str(certificate)}
    command = [sys.executable, "-m", "keskidee", "agent", "run", "--check", "--state", str(tmp_path / "state")]
    assert subprocess.run(command, env=environment).returncode == 0
    missing = {**os.environ, "SSL_CERT_FILE": str(tmp_path / "none"), "SSL_CERT_DIR": str(tmp_path / "none")}
    done = subprocess.run(command, env=missing, capture_output=True, text=True)
    told = "keskidee: this system's certificate authorities are not in files: name a file in ca_file\n"
    assert (done.returncode, done.stderr) == (2, told)


def test_the_help_gives_an_example(tmp_path: Path) -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "keskidee agent run --config /etc/keskidee/agent.yml" in done.stdout
    assert "--exit-with-parent" not in done.stdout


def test_a_state_folder_defaults_to_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(identity, "data_directory", lambda: tmp_path)
    assert identity.state_directory(None) == tmp_path / "agent"
    assert identity.state_directory("/elsewhere") == Path("/elsewhere")
