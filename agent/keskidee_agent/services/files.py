"""How old the newest file of a name is: what a backup writes last."""

from __future__ import annotations

import glob
import math
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keskidee_agent.services.line import Deadline
    from keskidee_agent.services.outcome import Outcome
    from keskidee_config import ServiceSettings


def read(service: ServiceSettings, _deadline: Deadline, outcome: Outcome) -> None:
    """The age and size of the newest file that matches. None there, or only empty ones: infinitely old."""
    newest, size = -math.inf, 0
    for path in glob.iglob(service.file or "", recursive=False):
        try:
            status = os.stat(path)
        except OSError:  # gone meanwhile, or not ours to see
            continue
        if status.st_size and status.st_mtime > newest:
            newest, size = status.st_mtime, status.st_size
    outcome.add("keskidee_service_file_age_seconds", max(time.time() - newest, 0.0))
    outcome.add("keskidee_service_file_size_bytes", size)
