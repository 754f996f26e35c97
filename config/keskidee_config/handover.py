"""The agent's settings as JSON: the resident agent gets them on a descriptor and needs no YAML, no model, no checks."""

import json
from dataclasses import asdict

from keskidee_config.settings import AgentSettings


def to_json(settings: AgentSettings) -> str:
    """One line of JSON: an object with the names of `AgentSettings`, sections as objects, lists as arrays.

    Raises TypeError for a Secret: those go to the resident by file.
    """
    return json.dumps(asdict(settings), ensure_ascii=False, separators=(",", ":"))
