"""What one destination needs to be told. The collector's settings (config/) are of this shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Settings(Protocol):
    """A destination: see `RemoteWriteSettings` for what each is for."""

    @property
    def name(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def bearer_token_file(self) -> str | None: ...

    @property
    def username(self) -> str | None: ...

    @property
    def password_file(self) -> str | None: ...

    @property
    def ca_file(self) -> str | None: ...

    @property
    def external_labels(self) -> Mapping[str, str]: ...

    @property
    def keep(self) -> tuple[str, ...]: ...

    @property
    def drop(self) -> tuple[str, ...]: ...

    @property
    def send_timeout_seconds(self) -> float: ...

    @property
    def max_sample_age_seconds(self) -> int | None: ...
