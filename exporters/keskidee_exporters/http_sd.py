"""HTTP service discovery for Prometheus: one target a machine. Source: Prometheus documentation, HTTP SD."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from keskidee_collector.view import MachineView, View


class Target(TypedDict):
    """One row of the answer."""

    targets: list[str]
    labels: dict[str, str]


def targets(view: View, *, host: str, scheme: str) -> list[Target]:
    """Machines at their pages on `host`; one that is off or retired has nothing to scrape."""
    return [_target(m, host, scheme) for m in view.machines() if m.state in ("on", "silent", "link_down")]


def _target(machine: MachineView, host: str, scheme: str) -> Target:
    labels = {
        "__scheme__": scheme,
        "__metrics_path__": f"/metrics/machines/{machine.id}",
        "instance": machine.instance,
        "site": machine.site,
        "role": machine.role,
        "os": machine.os,
        "__meta_keskidee_id": machine.id,
        "__meta_keskidee_hostname": machine.hostname,
        "__meta_keskidee_system": machine.system,
        "__meta_keskidee_maker": machine.maker,
        "__meta_keskidee_model": machine.model,
        "__meta_keskidee_serial": machine.serial,
        "__meta_keskidee_state": machine.state,
        "__meta_keskidee_agent_version": machine.agent_version,
        "__meta_keskidee_simulated": "true" if machine.simulated else "false",
    }
    return {"targets": [host], "labels": labels}
