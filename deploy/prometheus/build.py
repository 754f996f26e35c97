"""Writes rules/keskidee.yml from mixin/ and thresholds.yml: `python -m deploy.prometheus.build` in the checkout.

`--thresholds FILE` takes values of one's own (only those that differ), `--runbooks URL` is where people read the
runbooks, `--out FILE` writes elsewhere.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import yaml

HERE = Path(__file__).parent
MIXIN, THRESHOLDS, RULES = HERE / "mixin", HERE / "thresholds.yml", HERE / "rules" / "keskidee.yml"
RUNBOOKS = "deploy/runbooks"
PARTS = ("presence", "machines", "disks", "clients", "devices", "services", "register", "itself")
PLACE = re.compile(r"\[\[(\w+)\]\]")
HEADER = """\
# Made by `python -m deploy.prometheus.build` from mixin/ and thresholds.yml: change it there.
#
# severity: critical pages somebody now, warning is a ticket for working hours, info is for reading.
groups:
"""

Thresholds = dict[str, str | int | float]


def thresholds(path: Path = THRESHOLDS) -> Thresholds:
    """The values by name. Raises OSError, and ValueError where the file is no list of them."""
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(read, dict) or not all(isinstance(value, str | int | float) for value in read.values()):
        raise ValueError(f"{path}: not a list of `name: value`")
    return read


def rules(values: Thresholds) -> str:
    """The text of the rule file with these values."""
    parts = ((MIXIN / f"{part}.yml").read_text(encoding="utf-8") for part in PARTS)
    return HEADER + PLACE.sub(lambda place: str(values[place[1]]), "\n".join(parts))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--thresholds", type=Path, help="values that differ from thresholds.yml")
    parser.add_argument("--runbooks", metavar="URL", default=RUNBOOKS, help="folder of the runbooks, for the alerts")
    parser.add_argument("--out", type=Path, default=RULES)
    options = parser.parse_args()
    ours = thresholds()
    theirs = thresholds(options.thresholds) if options.thresholds else {}
    if unknown := sorted(theirs.keys() - ours.keys()):
        parser.error(f"{options.thresholds}: no threshold of ours is named {', '.join(unknown)}")
    made = rules(ours | theirs).replace(f"runbook_url: {RUNBOOKS}/", f"runbook_url: {options.runbooks.rstrip('/')}/")
    options.out.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
