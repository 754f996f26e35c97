"""Every setting of a collector, as those of an agent are written (agent.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from keskidee_config.check import (
    LABEL,
    LABELS,
    LISTEN,
    NAME,
    NETWORK,
    PATH,
    PATTERN,
    URL,
    USER_NAMES,
    Between,
    Distinct,
    Shown,
)

MIB = 1024 * 1024
DAY_SECONDS = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """The certificate that browsers and Prometheus see. Agents check the collector's own authority instead."""

    certificate: Annotated[str | None, PATH, Shown("/etc/keskidee/collector.pem")] = None
    """PEM file with the certificate and its chain. Without it: one signed by the collector's own authority."""
    key: Annotated[str | None, PATH, Shown("/etc/keskidee/collector.key")] = None
    """PEM file with its private key. Set both or neither."""
    names: tuple[Annotated[str, NAME], ...] = ()
    """Host names and addresses for the collector's own certificate, beside those of this machine and of public_url."""
    authority: Annotated[str | None, PATH, Shown("/etc/keskidee/authority.pem")] = None
    """PEM file with the one authority (the root) behind the certificate that agents see, where that is not the
    collector's own: that of a proxy in front which ends TLS. Join tokens carry its fingerprint. Without it, agents of a
    collector on loopback check such a proxy by their ca_file or their system's authorities."""

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("set both certificate and key, or neither")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Bounds on what one machine may send. What is over is refused with a reason, and counted."""

    body_bytes: Annotated[int, Between(1024, 64 * MIB)] = MIB
    """Size of a request as it comes in."""
    inflated_bytes: Annotated[int, Between(1024, 512 * MIB)] = 8 * MIB
    """Size of a request after inflating."""
    families: Annotated[int, Between(1, 100_000)] = 2000
    """Metric families in one report."""
    samples: Annotated[int, Between(1, 1_000_000)] = 20_000
    """Samples in one report."""
    items: Annotated[int, Between(100, 100_000)] = 5000
    """Parts and programs in one machine's inventory."""
    changes_per_day: Annotated[int, Between(100, 10_000_000)] = 20_000
    """Changes of one machine's inventory, which its history keeps for good, all of a day's at once or spread. An
    inventory with more is told to come later."""
    fleet_families: Annotated[int, Between(100, 1_000_000)] = 10_000
    """Different metric families of all machines together. One machine may bring as many as one report may hold."""
    receive_seconds: Annotated[float, Between(1, 600)] = 30.0
    """Time that a client has for the head of a request, and again for its body."""
    connections: Annotated[int, Between(10, 1_000_000)] = 20_000
    """Connections open at once. Past this, the one that was idle longest is closed."""
    requests_per_minute: Annotated[int, Between(10, 1_000_000)] = 1200
    """Requests with reports that one machine may send, all of a minute's at once or spread; 20 a second are far more
    than the longest backlog needs. Further ones are told to try again later."""
    enrolments_per_minute: Annotated[int, Between(1, 100_000)] = 600
    """Enrolments from all addresses together; further ones are told to try again later."""
    failures_per_minute: Annotated[int, Between(1, 1_000_000)] = 300
    """Tokens and credentials that do not hold, from one address. Further ones are told to try again later, and those
    that hold go on."""
    connections_per_minute: Annotated[int, Between(10, 10_000_000)] = 3000
    """New connections over TLS from one address; further ones are closed at once. All machines of an office may come
    from one; trusted_proxies are not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacySettings:
    """Names of people, where a reading has any (who is signed in, who was last)."""

    user_names: Annotated[str, USER_NAMES] = "off"
    """What agents tell of a user's name: nothing (off), a hash that tells one user of a machine from another (hashed),
    or the name (clear). A site may have its own, and an agent's own settings may allow less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """An office, and what its link bears."""

    name: Annotated[str, LABEL, Shown("castries")]
    """The site that join tokens and agents name."""
    interval_seconds: Annotated[int | None, Between(1, 3600), Shown("60")] = None
    """Time from one report to the next there. Without it: as for everybody."""
    batch: Annotated[int, Between(1, 32)] = 1
    """Reports that an agent there sends at once. Each waits for the others; what is urgent does not wait."""
    bytes_per_hour: Annotated[int | None, Between(10_000, 1024 * MIB), Shown("2000000")] = None
    """What all machines of the site together may put on the link in an hour, counted with all headers. To keep within
    it, reports are batched first and then made rarer, for all machines alike. Without it: as much as they want."""
    bytes_per_day: Annotated[int | None, Between(100_000, 1024 * 1024 * MIB), Shown("40000000")] = None
    """The same for a day; the smaller of both holds."""
    user_names: Annotated[str | None, USER_NAMES, Shown("hashed")] = None
    """What machines there tell of users' names. Without it: as privacy.user_names says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteWriteSettings:
    """A Prometheus, VictoriaMetrics or the like that is sent every report, by remote write 1.0."""

    name: Annotated[str, LABEL, Shown("central")]
    """How metrics and the log name it. Under another name it begins anew."""
    url: Annotated[str, URL, Shown("https://prometheus.example.org:9090/api/v1/write")]
    """Where it listens. Prometheus: with --web.enable-remote-write-receiver, for backlogs out_of_order_time_window."""
    bearer_token_file: Annotated[str | None, PATH, Shown("/etc/keskidee/central-token")] = None
    """File whose first line is sent as bearer token. It is read anew for each request."""
    username: Annotated[str | None, NAME, Shown("keskidee")] = None
    """Name for basic authentication, in place of a token."""
    password_file: Annotated[str | None, PATH, Shown("/etc/keskidee/central-password")] = None
    """File whose first line is the password that goes with it."""
    ca_file: Annotated[str | None, PATH, Shown("/etc/keskidee/central-ca.pem")] = None
    """Authorities that may sign its certificate. Without it: those that Python's requests trusts."""
    external_labels: Annotated[Mapping[str, Annotated[str, LABEL]], LABELS, Shown("{region: pacific}")] = field(
        default_factory=dict
    )
    """Labels that every series gets which does not have them."""
    keep: tuple[Annotated[str, PATTERN], ...] = ()
    """Only series with such a name are sent, such as [^node_cpu_, ^keskidee_]. Empty: all."""
    drop: tuple[Annotated[str, PATTERN], ...] = ()
    """Series with such a name are not sent."""
    send_timeout_seconds: Annotated[float, Between(1, 600)] = 30.0
    """How long an answer may take."""
    max_sample_age_seconds: Annotated[int | None, Between(60, 366 * DAY_SECONDS), Shown("21600")] = None
    """Samples older than this are not sent: what its out_of_order_time_window does not take. Without it: all are."""
    queue_max_bytes: Annotated[int, Between(MIB, 1024 * 1024 * MIB)] = 1024 * MIB
    """While it cannot be reached, reports wait for it on disk, up to this size. The oldest go first, counted."""
    queue_max_age_seconds: Annotated[int, Between(60, 366 * DAY_SECONDS)] = 7 * DAY_SECONDS
    """Reports do not wait longer than this."""

    def __post_init__(self) -> None:
        if (self.username is None) != (self.password_file is None):
            raise ValueError("set both username and password_file, or neither")
        if self.username is not None and self.bearer_token_file is not None:
            raise ValueError("set either bearer_token_file or username, not both")
        if self.username is not None and ":" in self.username:
            raise ValueError("a username has no colon (RFC 7617)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorSettings:
    """Settings of `keskidee collector`, read from collector.yml."""

    listen: Annotated[str, LISTEN] = "127.0.0.1:5375"
    """Address and port. On a loopback address plain HTTP is served, on any other TLS."""
    public_url: Annotated[str | None, URL, Shown("https://collector.example.org:5375")] = None
    """How agents and Prometheus reach the collector, if not by the name they ask for."""
    trusted_proxies: tuple[Annotated[str, NETWORK], ...] = ()
    """Addresses or networks of reverse proxies, such as [127.0.0.1, "::1"]. What they say of a client's address and
    scheme (X-Forwarded-For, X-Forwarded-Proto) is believed; from anybody else it is not."""
    data_directory: Annotated[str | None, PATH, Shown("/var/lib/keskidee/collector")] = None
    """Databases and certificates. Without it: /var/lib/keskidee/collector as root, or your own data folder."""
    interval_seconds: Annotated[int, Between(1, 3600)] = 15
    """Time from one report to the next that agents are told, but for those whose own settings name one."""
    silent_after_intervals: Annotated[int, Between(2, 100)] = 3
    """A machine is silent when it has missed this many of its own intervals."""
    tls: TlsSettings = field(default_factory=TlsSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    sites: Annotated[tuple[SiteSettings, ...], Distinct("name")] = ()
    """Offices on thin links, with what those bear. Other sites need no entry. A list; one of it, in full:"""
    remote_write: Annotated[tuple[RemoteWriteSettings, ...], Distinct("name")] = ()
    """Where reports go with their own times, backlogs too (remote write). A list; one of it, in full:"""
