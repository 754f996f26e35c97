"""Who this agent is to its collector: written when it enrols, read by the commands. Never imported by the resident."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from keskidee_agent.host.people import SALT_BYTES
from keskidee_agent.spool.retention import sync_folder, take_place
from keskidee_config import AgentSettings, ConfigError, config_directory, data_directory, load

IDENTITY_FILE = "identity.json"
CA_FILE = "ca.pem"
SALT_FILE = "salt"
SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the collector gave: an id, a secret, and the labels it files this machine under. `collector` is a URL.

    `authority` is SYSTEM where the certificate was checked against the system's authorities, and empty otherwise.
    `previous_credential` is the one before: what a collector knows that was restored from a backup of that time.
    """

    machine_id: str
    credential: str
    instance: str
    site: str
    role: str
    collector: str
    authority: str = ""
    previous_credential: str = ""

    def __repr__(self) -> str:
        return f"Identity(machine_id={self.machine_id!r}, instance={self.instance!r}, credential=***)"


def settings_of(config: Path | None) -> AgentSettings:
    """The agent's settings: of the file named, or of agent.yml where there is one. Raises ConfigError."""
    usual = config_directory() / "agent.yml"
    if config is None and not usual.exists():
        return AgentSettings()
    return load(AgentSettings, config or usual)


def state_directory(configured: str | None) -> Path:
    """Where credential and spool are kept: as configured, or `agent` below the data folder."""
    return Path(configured) if configured else data_directory() / "agent"


def read_identity(state: Path) -> Identity:
    """The identity kept in a folder. Raises ConfigError, saying how to enrol, where there is none that can be used."""
    path = state / IDENTITY_FILE
    folder = f'"{state}"' if " " in str(state) else state
    command = f"keskidee agent enrol https://COLLECTOR:5375 --state {folder}"
    try:
        values = json.loads(path.read_bytes())
        values = {"authority": "", "previous_credential": ""} | values  # an earlier version wrote none
        identity = Identity(**{name: str(values[name]) for name in Identity.__dataclass_fields__})
    except FileNotFoundError:
        raise ConfigError(f"not enrolled ({path} is not there): run {command}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (AttributeError, ValueError, KeyError, TypeError):
        raise ConfigError(f"{path}: is damaged: run {command} --force") from None
    if not (identity.machine_id.isalnum() and identity.credential.isascii() and identity.credential.isprintable()):
        raise ConfigError(f"{path}: is damaged: run {command} --force")
    return identity


def write_identity(state: Path, identity: Identity, ca_pem: bytes | None) -> None:
    """Keeps the identity and the collector's authority, readable by this user only. Raises OSError."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if ca_pem is not None:
        keep(state / CA_FILE, ca_pem)
    keep(state / IDENTITY_FILE, (json.dumps(asdict(identity), indent=1) + "\n").encode())


def salt_of(state: Path) -> bytes:
    """What users' names are hashed with: made once, never told. Empty where it cannot be kept; no name is told then."""
    path = state / SALT_FILE
    try:
        if not path.exists():
            keep(path, os.urandom(SALT_BYTES))
        return path.read_bytes()
    except OSError:
        return b""


def write_authorities(state: Path, pem: bytes) -> None:
    """Keeps the collector's authorities. Raises OSError."""
    keep(state / CA_FILE, pem)


def replace(path: Path, content: bytes) -> None:
    """Replaces a file at once, so that nobody reads half of it; a power cut may lose it."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(content)
    take_place(str(beside), str(path))


def keep(path: Path, content: bytes) -> None:
    """Replaces a file durably: a power cut leaves the old one or the new one."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    take_place(str(beside), str(path))
    sync_folder(str(path.parent))
