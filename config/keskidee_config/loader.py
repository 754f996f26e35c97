"""Reads a settings file, strictly: what is not understood is refused with its place and the nearest valid name.

Every error is a ConfigError of one line, `FILE:LINE: spool.max_bites: unknown key, did you mean max_bytes?`.
"""

from pathlib import Path
from typing import TypeVar

from keskidee_config.check import ConfigError
from keskidee_config.text import decoded

Settings = TypeVar("Settings")


def load(model: type[Settings], path: Path) -> Settings:
    """The settings in the YAML file at `path`, with the model's defaults for what it does not say.

    An empty file is all defaults. Raises ConfigError for a file that cannot be read and for anything in it that the
    model does not know.
    """
    from keskidee_config.nodes import read_text  # PyYAML is loaded only where there is a file

    try:
        text = decoded(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text") from None
    return read_text(model, text, path)
