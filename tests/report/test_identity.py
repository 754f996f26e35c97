"""The hash that stands for a machine id is systemd's, and says nothing where there is no id."""

import hmac
from uuid import UUID

import pytest

from keskidee_report.identity import APPLICATION_ID, app_specific, machine_id_hash

MACHINE_ID = "b08dfa6083e7567a1921a715000001fb"


def test_the_hash_is_not_the_id_and_has_its_form() -> None:
    found = machine_id_hash(MACHINE_ID)
    assert (len(found), found == MACHINE_ID, found[12], found[16] in "89ab") == (32, False, "4", True)


@pytest.mark.parametrize("text", [MACHINE_ID + "\n", MACHINE_ID.upper(), "b08dfa60-83e7-567a-1921-a715000001fb"])
def test_the_same_id_written_otherwise_has_the_same_hash(text: str) -> None:
    assert machine_id_hash(text) == machine_id_hash(MACHINE_ID)


@pytest.mark.parametrize("text", ["", "uninitialized", "0" * 32, "f" * 32, MACHINE_ID[:-1], "z" + MACHINE_ID[1:]])
def test_what_is_no_id_has_no_hash(text: str) -> None:
    assert machine_id_hash(text) == ""


def test_the_hash_is_made_as_systemd_makes_it() -> None:
    """HMAC-SHA256, keyed with the machine id, as sd-id128(3) says; then marked as a random UUID."""
    machine_id = bytes.fromhex(MACHINE_ID)
    digest = hmac.digest(machine_id, APPLICATION_ID, "sha256")
    assert app_specific(machine_id, APPLICATION_ID) == UUID(bytes=digest[:16], version=4).bytes
