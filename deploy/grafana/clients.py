"""Client systems: desktops and laptops, and which of them to look after or to replace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.board import Board
from deploy.grafana.panels import column, lines, listed, meant, number, worst
from deploy.grafana.queries import (
    ANY_IS_WORTH_A_LOOK,
    BATTERY,
    CPU_BUSY,
    DISK_SICK,
    EACH,
    FULL,
    MEMORY,
    MEMORY_USED,
    PERSONAL,
    SPACE_USED,
    STATE,
    STATES,
    SUPPORT,
    WEAR,
    by_label,
    count,
    of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.grafana.panels import AnyPanel

BATTERIES = (
    "max by (instance, power_supply) (node_power_supply_charge_full / (node_power_supply_charge_full_design > 0)"
    " or node_power_supply_energy_full / (node_power_supply_energy_full_design > 0))"
)
SUPPORT_LEFT = "max by (instance) (node_os_support_end_timestamp_seconds) - time()"
DAY = 86400


def who_is_on() -> Iterator[AnyPanel]:
    """How many are on, off, with which system, of which age?"""
    yield number("On", "That report now.", count(PERSONAL, "keskidee_machine_up == 1"))
    off = count(PERSONAL, 'keskidee_machine_state{state="off"} == 1')
    yield number("Off", "Shut down, asleep or unplugged: no alarm.", off)
    short = count(PERSONAL, f"{MEMORY_USED} > 0.9")
    yield number("Short of memory", "Under a tenth left.", short, steps=ANY_IS_WORTH_A_LOOK)
    full = count(PERSONAL, f"max by (instance) ({SPACE_USED}) > 0.9")
    yield number("Disks nearly full", "Over nine tenths used.", full, steps=ANY_IS_WORTH_A_LOOK)
    sick = count(PERSONAL, DISK_SICK)
    yield number("Disks that fail", "By their own health check.", sick, steps=ANY_IS_WORTH_A_LOOK)
    old = count(PERSONAL, f"{SUPPORT_LEFT} < 0")
    yield number("Without support", "Systems that get no more updates.", old, steps=ANY_IS_WORTH_A_LOOK)
    state = {"{{state}}": f"sum by (state) ({of(PERSONAL, 'keskidee_machine_state')})"}
    yield lines("By state", "Desktops go off at night.", state, unit="none", stacked=True).min(0)
    model = {"{{model}}": f"topk(10, count by (model) ({EACH(PERSONAL)}))"}
    yield lines("By model", "The ten that there are most of.", model, unit="none", stacked=True).min(0)
    age = {"{{age_years}} years": 'sum by (age_years) (keskidee_assets_by_age{site=~"$site"})'}
    yield lines(
        "By age", "All assets of the sites, by whole years since they were bought.", age, unit="none", stacked=True
    )


def how_they_do() -> Iterator[AnyPanel]:
    """Which ones make their users wait?"""
    columns = {
        "state": (of(PERSONAL, STATE), meant(STATES)),
        "processor": (of(PERSONAL, CPU_BUSY), column(unit="percentunit")),
        "memory": (of(PERSONAL, MEMORY_USED), column(unit="percentunit", steps=MEMORY)),
        "fullest disk": (of(PERSONAL, f"max by (instance) ({SPACE_USED})"), column(unit="percentunit", steps=FULL)),
        "wear": (
            of(PERSONAL, "max by (instance) (smartctl_device_percentage_used)"),
            column(unit="percent", steps=WEAR),
        ),
        "battery": (of(PERSONAL, f"min by (instance) ({BATTERIES})"), column(unit="percentunit", steps=BATTERY)),
        "support ends in": (of(PERSONAL, SUPPORT_LEFT), column(unit="s", steps=SUPPORT)),
    }
    labels = ["instance", "site", "role", "os", "model", "fund"]
    says = "A click shows the machine. An empty cell: the machine does not say."
    yield listed("Every client", says, PERSONAL, columns, by="instance", labels=labels)
    memory = of(PERSONAL, MEMORY_USED)
    yield worst("Least memory left", "Share that no program could get.", memory, "{{instance}}", steps=MEMORY)
    legend = "{{instance}} {{mountpoint}}"
    yield worst("Fullest disks", "Share of space used.", of(PERSONAL, SPACE_USED), legend, steps=FULL)
    wear = of(PERSONAL, "max by (instance, device) (smartctl_device_percentage_used)")
    yield worst("Wear of disks", "Of the promised writes.", wear, "{{instance}} {{device}}", steps=WEAR, unit="percent")
    battery = of(PERSONAL, BATTERIES)
    says = "What a full charge holds, of what it held when new."
    yield worst("Worn batteries", says, battery, "{{instance}}", steps=BATTERY, least=True)


def what_an_upgrade_changed() -> Iterator[AnyPanel]:
    """Are those that were replaced better off? By model and by fund, over months."""
    memory = {"{{model}}": by_label(PERSONAL, MEMORY_USED, "model", "avg")}
    yield lines("Memory by model", "Mean share that is used.", memory, unit="percentunit").min(0).max(1)
    busy = {"{{model}}": by_label(PERSONAL, CPU_BUSY, "model", "avg")}
    yield lines("Processors by model", "Mean share that is busy.", busy, unit="percentunit").min(0).max(1)
    fund = {"{{fund}}": by_label(PERSONAL, CPU_BUSY, "fund", "avg")}
    yield lines("Processors by fund", "Without a name: not booked.", fund, unit="percentunit").min(0).max(1)


BOARD = Board(
    uid="keskidee-clients",
    title="keskidee: client systems",
    says="Desktops and laptops: which to look after, and which to replace.",
    rows={
        "Who is on": who_is_on,
        "How they do": how_they_do,
        "What an upgrade changed": what_an_upgrade_changed,
    },
    since="now-24h",
)
