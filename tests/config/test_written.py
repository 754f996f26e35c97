"""Settings that are written are read again as they were."""

from pathlib import Path

import pytest

from keskidee_config import (
    CollectorSettings,
    LimitSettings,
    RemoteWriteSettings,
    SiteSettings,
    TlsSettings,
    load,
    written,
)

MANY = CollectorSettings(
    listen="0.0.0.0:5375",
    trusted_proxies=("127.0.0.1", "::1"),
    interval_seconds=30,
    tls=TlsSettings(names=("kïskadee", "no")),
    limits=LimitSettings(receive_seconds=0.5 + 1),
    sites=(SiteSettings(name="castries", batch=4), SiteSettings(name="on", bytes_per_hour=2_000_000)),
    remote_write=(
        RemoteWriteSettings(
            name="central", url="https://prometheus.example.org/api/v1/write", external_labels={"region": "010"},
            keep=("^node_cpu_", ":"), max_sample_age_seconds=21_600,
        ),
    ),
)  # fmt: skip


@pytest.mark.parametrize("settings", [CollectorSettings(), MANY])
def test_settings_that_are_written_are_read_again_as_they_were(tmp_path: Path, settings: CollectorSettings) -> None:
    path = tmp_path / "settings.yml"
    path.write_text(written(settings), encoding="utf-8")
    assert load(CollectorSettings, path) == settings


def test_only_what_differs_from_the_defaults_is_written() -> None:
    assert written(CollectorSettings(limits=LimitSettings(families=100))) == "limits:\n  families: 100\n"
