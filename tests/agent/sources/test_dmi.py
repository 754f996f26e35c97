"""Serial numbers need root; everything else comes without."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from keskidee_report.model import DENIED
from tests.agent.recordings import FIXTURES, as_nobody, reading_at


def test_without_root_the_serial_is_denied_and_the_rest_is_told() -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        root = Path(shutil.copytree(FIXTURES / "dmi" / "desktop", Path(folder, "machine")))
        for name in ("product_serial", "product_uuid"):
            (root / "sys/class/dmi/id" / name).chmod(0)
        with as_nobody():
            reading = reading_at("dmi", root)
    labels = next(iter(reading.samples))[1]
    assert (reading.outcome, reading.reason, "product_serial" in labels, labels["board_name"]) == (
        DENIED,
        "product_serial, product_uuid in /sys/class/dmi/id: only root may read them",
        False,
        "B450 AORUS M",
    )
