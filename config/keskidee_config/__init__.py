"""What people may set: typed settings, and the strict reader of the YAML files that hold them."""

from keskidee_config.agent import (
    AgentPrivacySettings,
    AgentSettings,
    DeviceSettings,
    DiskstatsSettings,
    FilesystemSettings,
    NetdevSettings,
    ServiceSettings,
    SourceSettings,
    SpoolSettings,
    TrapSettings,
    TrapUserSettings,
)
from keskidee_config.check import ConfigError, host_and_port
from keskidee_config.collector import (
    CollectorSettings,
    LimitSettings,
    PrivacySettings,
    RemoteWriteSettings,
    SiteSettings,
    TlsSettings,
)
from keskidee_config.loader import load
from keskidee_config.places import config_directory, data_directory
from keskidee_config.secret import Secret
from keskidee_config.text import decoded
from keskidee_config.written import written

__all__ = [
    "AgentPrivacySettings",
    "AgentSettings",
    "CollectorSettings",
    "ConfigError",
    "DeviceSettings",
    "DiskstatsSettings",
    "FilesystemSettings",
    "LimitSettings",
    "NetdevSettings",
    "PrivacySettings",
    "RemoteWriteSettings",
    "Secret",
    "ServiceSettings",
    "SiteSettings",
    "SourceSettings",
    "SpoolSettings",
    "TlsSettings",
    "TrapSettings",
    "TrapUserSettings",
    "config_directory",
    "data_directory",
    "decoded",
    "host_and_port",
    "load",
    "written",
]
