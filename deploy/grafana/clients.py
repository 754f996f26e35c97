"""Client systems: desktops and laptops, and which of them to look after or to replace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.board import Board
from deploy.grafana.panels import column, lines, listed, meant, number, worst
from deploy.grafana.queries import (
    ANY_IS_BAD,
    ANY_IS_WORTH_A_LOOK,
    BAD,
    BATTERY,
    CPU_BUSY,
    DISK_SICK,
    EACH,
    FULL,
    GOOD,
    MEMORY,
    MEMORY_USED,
    PERSONAL,
    SPACE_USED,
    STATE,
    STATES,
    SUPPORT,
    WARN,
    WEAR,
    Steps,
    by_label,
    count,
    named,
    of,
    or_none,
    threshold,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.grafana.panels import AnyPanel

BATTERIES = (
    "min by (instance) (node_power_supply_charge_full / (node_power_supply_charge_full_design > 0)"
    " or node_power_supply_energy_full / (node_power_supply_energy_full_design > 0)"
    " or keskidee_inventory_battery_full_joules / (keskidee_inventory_battery_design_joules > 0))"
)
SUPPORT_LEFT = (
    "max by (instance) (keskidee_inventory_support_end_timestamp_seconds or node_os_support_end_timestamp_seconds)"
    " - time()"
)
ENCRYPTED = "max by (instance) (keskidee_inventory_encrypted)"
RESTART = "max by (instance) (keskidee_inventory_restart_due)"
SECURITY = "max by (instance) (keskidee_inventory_security_updates)"
SINCE_UPDATE = "time() - max by (instance) (keskidee_inventory_last_update_timestamp_seconds)"
DAY = 86400
LATE: Steps = ((None, GOOD), (45 * DAY, WARN), (75 * DAY, BAD))
"""Windows is updated each month: one that was missed, and two."""
IS_ENCRYPTED = {0: ("no", BAD), 1: ("yes", GOOD)}
IS_DUE = {0: ("no", GOOD), 1: ("due", WARN)}


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
    worn = count(PERSONAL, f"{BATTERIES} < {threshold('battery_least_ratio')}")
    yield number("Worn batteries", "That hold under half of a new one.", worn, steps=ANY_IS_WORTH_A_LOOK)
    state = {"{{state}}": f"sum by (state) ({of(PERSONAL, 'keskidee_machine_state')})"}
    yield lines("By state", "Desktops go off at night.", state, unit="none", stacked=True).min(0)
    model = {"{{model}}": named(f"topk(10, count by (model) ({EACH(PERSONAL)}))", "model")}
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
        "battery": (of(PERSONAL, BATTERIES), column(unit="percentunit", steps=BATTERY)),
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


def how_they_are_kept() -> Iterator[AnyPanel]:
    """Are they encrypted, updated and supported?"""
    bare = count(PERSONAL, f"{ENCRYPTED} == 0")
    yield number("Not encrypted", "What is on them is for whoever finds them.", bare, steps=ANY_IS_BAD)
    untold = f"count({of(PERSONAL, 'keskidee_machine_up == 1')} unless on (instance) {ENCRYPTED}) or vector(0)"
    yield number("Encryption not told", "Of those that are on: a right is missing, or it cannot be.", untold)
    security = count(PERSONAL, f"{SECURITY} > 0")
    yield number("Security updates wait", "Machines on which any does.", security, steps=ANY_IS_WORTH_A_LOOK)
    late = count(PERSONAL, f"{SINCE_UPDATE} > {45 * DAY}")
    yield number("Not updated", "Windows without an update for 45 days.", late, steps=ANY_IS_WORTH_A_LOOK)
    due = count(PERSONAL, f"{RESTART} == 1")
    yield number("Restart due", "Updates wait for one.", due, steps=ANY_IS_WORTH_A_LOOK)
    old = count(PERSONAL, f"{SUPPORT_LEFT} < 0")
    yield number("Without support", "Systems that get no more updates.", old, steps=ANY_IS_BAD)
    columns = {
        "encrypted": (of(PERSONAL, ENCRYPTED), meant(IS_ENCRYPTED)),
        "updates wait": (of(PERSONAL, "max by (instance) (keskidee_inventory_pending_updates)"), column()),
        "for security": (of(PERSONAL, SECURITY), column(steps=ANY_IS_WORTH_A_LOOK)),
        "updated before": (of(PERSONAL, SINCE_UPDATE), column(unit="s", steps=LATE)),
        "restart": (of(PERSONAL, RESTART), meant(IS_DUE)),
        "support ends in": (of(PERSONAL, SUPPORT_LEFT), column(unit="s", steps=SUPPORT)),
    }
    labels = ["instance", "site", "role", "os", "model"]
    says = "By the last inventory. Linux counts what waits, Windows says when it was updated; an empty cell: not told."
    yield listed("How each is kept", says, PERSONAL, columns, by="instance", labels=labels)
    told = {words: count(PERSONAL, f"{ENCRYPTED} == {is_so}") for words, is_so in (("encrypted", 1), ("not", 0))}
    yield lines("Encryption", "Machines whose system's volume is, or is not.", told, unit="none", stacked=True).min(0)
    wait = {
        "security updates wait": security,
        "Windows without an update for 45 days": late,
        "restart due": due,
    }
    yield lines("Updates", "Machines that an update has not reached yet.", wait, unit="none").min(0)
    ends = or_none(f"count by (os) ({EACH(PERSONAL)} and on (instance) ({SUPPORT_LEFT} < {365 * DAY}))", "os")
    says = "Machines whose system gets updates for less than a year more, or no more."
    yield lines("Support ends within a year", says, {"{{os}}": ends}, unit="none", stacked=True).min(0)


def what_an_upgrade_changed() -> Iterator[AnyPanel]:
    """Are those that were replaced better off? By model and by fund, over months."""
    memory = {"{{model}}": f"topk(10, {by_label(PERSONAL, MEMORY_USED, 'model', 'avg')})"}
    yield (
        lines("Memory by model", "Mean share that is used; the ten highest.", memory, unit="percentunit").min(0).max(1)
    )
    busy = {"{{model}}": f"topk(10, {by_label(PERSONAL, CPU_BUSY, 'model', 'avg')})"}
    yield (
        lines("Processors by model", "Mean share that is busy; the ten highest.", busy, unit="percentunit")
        .min(0)
        .max(1)
    )
    fund = {"{{fund}}": by_label(PERSONAL, CPU_BUSY, "fund", "avg")}
    yield (
        lines("Processors by fund", "By who paid for the machine; mean share that is busy.", fund, unit="percentunit")
        .min(0)
        .max(1)
    )


BOARD = Board(
    uid="keskidee-clients",
    title="keskidee: client systems",
    says="Desktops and laptops: which to look after, and which to replace.",
    rows={
        "Who is on": who_is_on,
        "How they do": how_they_do,
        "How they are kept": how_they_are_kept,
        "What an upgrade changed": what_an_upgrade_changed,
    },
    since="now-24h",
)
