"""The shipped Alertmanager configuration with every receiver at one address: routes, times and inhibitions as they are.

`python -m deploy.stack.receivers` writes alertmanager.yml beside it, which the Docker stack uses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SHIPPED = Path(__file__).parents[1] / "alertmanager" / "alertmanager.yml"
WRITTEN = Path(__file__).with_name("alertmanager.yml")
RECEIVER = "http://127.0.0.1:9095"
HEAD = "# Made by `python -m deploy.stack.receivers` from ../alertmanager/alertmanager.yml: each receiver is ours.\n"


def with_receivers_at(url: str, **http_config: Any) -> dict[str, Any]:
    """The settings; receiver `NAME` becomes a webhook to `url/NAME`, but for one that tells nobody."""
    settings: dict[str, Any] = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    del settings["global"]  # the mail server and its password
    sign_in = {"http_config": http_config} if http_config else {}
    settings["receivers"] = [
        {"name": name, "webhook_configs": [{"url": f"{url}/{name}", "send_resolved": name != "heartbeat", **sign_in}]}
        if len(receiver) > 1
        else receiver
        for receiver in settings["receivers"]
        for name in (receiver["name"],)
    ]
    return settings


def text(url: str = RECEIVER) -> str:
    """The same as the text of a file."""
    return HEAD + yaml.safe_dump(with_receivers_at(url), sort_keys=False)


if __name__ == "__main__":
    WRITTEN.write_text(text(), encoding="utf-8")
