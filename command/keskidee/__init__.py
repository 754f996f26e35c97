"""The `keskidee` command."""

from keskidee_report import __version__

__all__ = ["__version__"]
