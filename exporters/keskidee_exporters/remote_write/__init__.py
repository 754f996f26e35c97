"""Prometheus remote write 1.0: every report with its own time, backlogs too, to each destination at its own pace."""

from keskidee_exporters.remote_write.feed import Feed, PartNames, PassedReport
from keskidee_exporters.remote_write.outlet import RemoteWrite, start

__all__ = ["Feed", "PartNames", "PassedReport", "RemoteWrite", "start"]
