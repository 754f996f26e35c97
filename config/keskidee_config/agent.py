"""Every setting of an agent: its name, type, limits, default and meaning.

One frozen class a section. The string under a field says what it is for; `example.py` copies it into the example files.
`Annotated` holds the checks that `nodes.py` runs. A default that depends on the machine is None here.
"""

from dataclasses import dataclass, field
from typing import Annotated

from keskidee_config.check import (
    FINGERPRINT,
    HOST_NAME,
    LABEL,
    LISTEN,
    NAME,
    PAGE,
    PATH,
    PATTERN,
    PROXY,
    SERVER,
    URL,
    USER_NAMES,
    AtMost,
    Between,
    Distinct,
    Shown,
    board_problem,
)

MIB = 1024 * 1024
HOUR_SECONDS = 3600
DAY_SECONDS = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """Which readings are taken."""

    disabled: tuple[Annotated[str, NAME], ...] = ()
    """Names of sources that are not read, such as [dmi, netdev]. `keskidee agent doctor` lists all names."""
    enabled: tuple[Annotated[str, NAME], ...] = ()
    """Sources that are read only on request, because they give many series: such as [interrupts, mountstats]."""
    deadline_seconds: Annotated[float, Between(0.1, 60)] = 5.0
    """A source that takes longer (a dead network mount) is given up for this report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesystemSettings:
    """Which mounted filesystems are reported. The defaults are those of Debian's node_exporter."""

    mount_points_exclude: Annotated[str, PATTERN] = (
        r"^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"
    )
    """Mount points that match are left out. Take `mnt` out of it if your disks are mounted there."""
    types_exclude: Annotated[str, PATTERN] = (
        r"^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay"
        r"|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$"
    )
    """Filesystem types that match are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskstatsSettings:
    """Which block devices are reported."""

    device_exclude: Annotated[str, PATTERN] = r"^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$"
    """Devices that match are left out: by default RAM disks, loop devices and partitions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetdevSettings:
    """Which network interfaces are reported."""

    device_exclude: Annotated[str, PATTERN] = "^lo$"
    """Interfaces that match are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolSettings:
    """Reports that the collector has not acknowledged yet wait on disk. The oldest go first, and are counted."""

    max_bytes: Annotated[int, Between(MIB, 64 * 1024 * MIB)] = 64 * MIB
    """The spool never takes more than this; a usual machine fills 2 MiB in a week."""
    max_age_seconds: Annotated[int, Between(60, 366 * DAY_SECONDS)] = 7 * DAY_SECONDS
    """Reports older than this are dropped."""
    full_rate_seconds: Annotated[int, Between(60, 366 * DAY_SECONDS)] = 6 * HOUR_SECONDS
    """Of reports older than this one a minute is kept."""
    minute_rate_seconds: Annotated[int, Between(60, 366 * DAY_SECONDS)] = DAY_SECONDS
    """Of reports older than this one each five minutes is kept, with what alert rules and dashboards need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InventorySettings:
    """What this machine is made of: parts, programs, certificates. Only what changed is told."""

    enabled: bool = True
    """false: none is taken, kept on this machine or sent. What the collector has been told before stays there."""
    interval_seconds: Annotated[int, Between(HOUR_SECONDS, 31 * DAY_SECONDS)] = DAY_SECONDS
    """Time from one inventory to the next. One more is taken after programs were installed or removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPrivacySettings:
    """Names of people. What the collector wants for the site holds, where this allows it."""

    user_names: Annotated[str, USER_NAMES] = "clear"
    """The most that is told of a user's name: nothing (off), a hash that only this machine can make (hashed), or all of
    it (clear). Nothing is told before the collector has asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """A switch, UPS or printer that this agent asks by SNMP, or a server board by Redfish, and what opens it."""

    name: Annotated[str, LABEL, Shown("switch-1")]
    """Its name in metrics and register: `instance`."""
    address: Annotated[str, NAME, Shown("192.0.2.1")]
    """Where it listens: an address or a name; of a server board https://HOST, and then it is asked by Redfish."""
    port: Annotated[int | None, Between(1, 65535), Shown("161")] = None
    """The port. Without it: UDP 161, of a server board TCP 443."""
    community_file: Annotated[str | None, PATH, Shown("/etc/keskidee/switches.community")] = None
    """File whose first line is the community of versions 1 and 2c."""
    v1: bool = False
    """Speak version 1, for devices that know no other."""
    user: Annotated[str | None, NAME, Shown("monitor")] = None
    """Speak version 3 as this user, in place of a community; of a server board the user who signs in."""
    auth: Annotated[str | None, NAME, Shown("SHA:/etc/keskidee/switches.auth")] = None
    """How that user is authenticated, and the file whose first line is the passphrase."""
    priv: Annotated[str | None, NAME, Shown("AES:/etc/keskidee/switches.priv")] = None
    """How what is said is encrypted, likewise."""
    password_file: Annotated[str | None, PATH, Shown("/etc/keskidee/boards.password")] = None
    """File whose first line is that user's password, of a server board."""
    fingerprint: Annotated[str | None, FINGERPRINT, Shown("SHA-256 of its certificate, 64 hex digits")] = None
    """The certificate that a server board shows, which mostly is its own; without it: one that ca_file signed."""
    ca_file: Annotated[str | None, PATH, Shown("/etc/keskidee/our-ca.pem")] = None
    """Authorities that may sign a server board's certificate. Without it: the system's."""
    interval_seconds: Annotated[int, Between(5, 3600)] = 60
    """Time from one poll to the next."""
    timeout_seconds: Annotated[float | None, Between(0.1, 120), Shown("2.0")] = None
    """How long one question may take. Without it: 2 s, and three are asked before the device counts as silent; of a
    server board 30 s."""
    site: Annotated[str | None, LABEL, Shown("castries")] = None
    """Label `site` of the device. Without it: this agent's."""
    asset_tag: Annotated[str | None, LABEL, Shown("KSK-0042")] = None
    """The institution's number of it, for the register."""

    def __post_init__(self) -> None:
        if self.address.lower().startswith(("https://", "http://")):
            self._check_board()
            return
        if odd := [name for name in ("password_file", "fingerprint", "ca_file") if getattr(self, name)]:
            raise ValueError(f"{odd[0]} is for a server board, whose address is https://HOST")
        if (self.community_file is None) == (self.user is None):
            raise ValueError("set either community_file or user")
        if self.user is None and (self.auth or self.priv):
            raise ValueError("auth and priv need user")
        if self.user is not None and self.v1:
            raise ValueError("user is version 3: it goes not with v1")
        if self.priv and not self.auth:
            raise ValueError("priv needs auth: there is no privacy without authentication")

    def _check_board(self) -> None:
        if (problem := board_problem(self.address)) is not None:
            raise ValueError(problem)
        if odd := [name for name in ("community_file", "v1", "auth", "priv") if getattr(self, name)]:
            raise ValueError(f"{odd[0]} is for SNMP: a server board has user and password_file")
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user and password_file go together")
        if self.fingerprint and self.ca_file:
            raise ValueError("set either fingerprint or ca_file")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrapUserSettings:
    """A user of version 3 whose notifications are taken."""

    user: Annotated[str, NAME, Shown("notifier")]
    """The name that the device signs with."""
    auth: Annotated[str | None, NAME, Shown("SHA:/etc/keskidee/notifier.auth")] = None
    """How it signs, and the file whose first line is the passphrase."""
    priv: Annotated[str | None, NAME, Shown("AES:/etc/keskidee/notifier.priv")] = None
    """How it encrypts, likewise."""

    def __post_init__(self) -> None:
        if self.priv and not self.auth:
            raise ValueError("priv needs auth: there is no privacy without authentication")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrapSettings:
    """Notifications of devices (SNMP traps and informs): heard where this agent polls any, and of these alone."""

    enabled: bool = True
    """false: nobody listens."""
    listen: Annotated[str, LISTEN] = "0.0.0.0:162"
    """Address and UDP port; [::]:162 hears IPv4 too. A port below 1024 needs a right: see deploy/systemd/README.md."""
    community_files: tuple[Annotated[str, PATH], ...] = ()
    """Files, the first line of each a community that is taken. Without any, and without users: each device is heard by
    the community or user by which it is polled."""
    users: Annotated[tuple[TrapUserSettings, ...], Distinct("user")] = ()
    """Users of version 3 that are taken. A list; one of it, in full:"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Something that users need, read from this machine: one of url, tcp, dns and file."""

    name: Annotated[str, LABEL, Shown("records")]
    """The label `service` of its series. Agents that read the same service give it the same name."""
    url: Annotated[str | None, PAGE, Shown("https://records.example.org/health")] = None
    """A web page. Redirects are followed, five at most."""
    status: tuple[Annotated[int, Between(100, 599)], ...] = ()
    """The page's status must be one of these. Empty: 200 to 299."""
    text: Annotated[str | None, NAME, Shown("Sign in")] = None
    """The page must hold this text in its first MiB."""
    ca_file: Annotated[str | None, PATH, Shown("/etc/keskidee/our-ca.pem")] = None
    """Authorities that may sign the page's certificate. Without it: the system's."""
    tcp: Annotated[str | None, LISTEN, Shown("mail.example.org:25")] = None
    """A port that must accept a connection."""
    dns: Annotated[str | None, HOST_NAME, Shown("records.example.org")] = None
    """A name that must resolve."""
    server: Annotated[str | None, SERVER, Shown("10.0.0.53")] = None
    """The DNS server that is asked for it (IPv4 addresses, by UDP). Without it: as this system resolves."""
    file: Annotated[str | None, PATH, Shown("/srv/backup/records-*.dump")] = None
    """A file whose age is told: of those that match, the newest that is not empty. What a backup writes last."""
    interval_seconds: Annotated[int, Between(5, 86400)] = 60
    """Time from one reading to the next; in effect a multiple of the time between reports."""
    timeout_seconds: Annotated[float, Between(0.1, 60)] = 10.0
    """All of a reading, from the name to the last byte, must be over by then."""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.url, self.tcp, self.dns, self.file))) != 1:
            raise ValueError("set one of url, tcp, dns and file")
        for_pages = {"status": self.status, "text": self.text, "ca_file": self.ca_file}
        if self.url is None and (odd := [name for name, value in for_pages.items() if value]):
            raise ValueError(f"{odd[0]} is for a url")
        if self.dns is None and self.server is not None:
            raise ValueError("server is for dns")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """Settings of `keskidee agent`, read from agent.yml."""

    collector: Annotated[str | None, URL, Shown("https://collector.example.org:5375", needed=True)] = None
    """Where reports go. The join line on the collector's page names it."""
    interval_seconds: Annotated[int | None, Between(1, 3600), Shown("15")] = None
    """Time from one report to the next. Without it the collector says which; its settings for a site win over both."""
    state_directory: Annotated[str | None, PATH, Shown("/var/lib/keskidee/agent")] = None
    """The agent's credential and spool. Without it: /var/lib/keskidee/agent as root, or your own data folder."""
    site: Annotated[str | None, LABEL, Shown("headquarters")] = None
    """Label `site` that this machine asks for when it enrols. A join token that names a site wins."""
    role: Annotated[str | None, LABEL, Shown("server")] = None
    """Label `role`, likewise. Without it: desktop or laptop by the chassis, otherwise server."""
    ca_file: Annotated[str | None, PATH, Shown("/etc/keskidee/ca.pem")] = None
    """Authorities that may sign the collector's certificate, or that of a proxy in front of it. Without it: the one
    that the join token names, or where it names none the system's."""
    proxy: Annotated[str | None, PROXY, Shown("http://proxy.example.org:3128")] = None
    """HTTP proxy on the way to the collector; `none`: no proxy, whatever the environment says. Without it: as the
    variables https_proxy and no_proxy of the environment say."""
    proxy_credentials_file: Annotated[str | None, PATH, Shown("/etc/keskidee/proxy-credentials")] = None
    """File with USER:PASSWORD on its first line, for a proxy that asks for them."""
    textfile_directory: Annotated[str | None, PATH, Shown("/var/lib/prometheus/node-exporter")] = None
    """Folder whose *.prom files (Prometheus text, written by your own scripts) are reported too."""
    sources: SourceSettings = field(default_factory=SourceSettings)
    filesystem: FilesystemSettings = field(default_factory=FilesystemSettings)
    diskstats: DiskstatsSettings = field(default_factory=DiskstatsSettings)
    netdev: NetdevSettings = field(default_factory=NetdevSettings)
    spool: SpoolSettings = field(default_factory=SpoolSettings)
    inventory: InventorySettings = field(default_factory=InventorySettings)
    privacy: AgentPrivacySettings = field(default_factory=AgentPrivacySettings)
    devices: Annotated[tuple[DeviceSettings, ...], Distinct("name")] = ()
    """Devices that this agent asks by SNMP or Redfish, beside those that the collector hands to it. A list; one of it,
    in full (but either of SNMP or of a server board):"""
    traps: TrapSettings = field(default_factory=TrapSettings)
    services: Annotated[tuple[ServiceSettings, ...], Distinct("name"), AtMost(200)] = ()
    """What users feel, read by another process of the agent. A list; one of it, in full (but one of url, tcp, dns and
    file):"""
