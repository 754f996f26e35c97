"""The agent's sources leave out by default what the settings say they do."""

import pytest

from keskidee_agent.sources import diskstats, filesystem, netdev
from keskidee_config import AgentSettings

SETTINGS = AgentSettings()
FILTERS = [
    pytest.param(SETTINGS.filesystem.mount_points_exclude, filesystem.MOUNT_POINTS_EXCLUDE, id="mount_points"),
    pytest.param(SETTINGS.filesystem.types_exclude, filesystem.TYPES_EXCLUDE, id="types"),
    pytest.param(SETTINGS.diskstats.device_exclude, diskstats.EXCLUDE, id="diskstats"),
    pytest.param(SETTINGS.netdev.device_exclude, netdev.EXCLUDE, id="netdev"),
]


@pytest.mark.parametrize(("setting", "built_in"), FILTERS)
def test_the_settings_show_the_filter_that_the_source_has(setting: str, built_in: str) -> None:
    assert setting == built_in
