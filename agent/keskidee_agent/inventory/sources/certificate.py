"""Certificates of this machine's own services, with the day they expire, from where servers and certbot keep them.

Those of certification authorities that everybody has are not the machine's. Private keys are never opened.
"""

from __future__ import annotations

from contextlib import suppress

from keskidee_report.items import item
from keskidee_report.model import Denied, Malformed, NotHere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from keskidee_agent.host.machine import Machine
    from keskidee_report.items import Item

PLATFORMS = ("linux",)
KINDS = ("certificate",)
FOLDERS = (
    "etc/letsencrypt/live/*",
    "etc/pki/tls/certs",
    "etc/nginx/ssl",
    "etc/apache2/ssl",
    "etc/httpd/ssl",
    "etc/ssl/local",
    "etc/postfix/ssl",
    "etc/dovecot/ssl",
    "etc/haproxy/certs",
    "etc/cockpit/ws-certs.d",
)
ENDINGS = (".pem", ".crt", ".cer", ".cert")
OTHERS = ("privkey", "chain.pem", "fullchain", "ca-bundle", "ca-certificates", "dhparam", "key.pem")
MOST = 200


def read(machine: Machine) -> Iterator[Item]:
    """`certificate` by its path. Raises NotHere without any, Denied where none of those that are there may be read."""
    found, refused = 0, ""
    for path in _paths(machine):
        from keskidee_agent.inventory.certificate import of_pem  # here: most machines have none of their own

        try:
            told = of_pem(machine.content(path))
        except (NotHere, Malformed):  # a file of another kind has such a name, too
            continue
        except Denied as error:
            refused = str(error)
            continue
        found += 1
        if found > MOST:
            return
        fields = {
            "subject": told.subject,
            "issuer": told.issuer,
            "serial": told.serial,
            "valid_from": told.valid_from,
            "expires_on": told.expires_on,
        }
        yield item("certificate", f"/{path}", fields)
    if refused:
        raise Denied(refused)
    if not found:
        raise NotHere("no certificate of a service")


def _paths(machine: Machine) -> Iterator[str]:
    for folder in FOLDERS:
        parent, star, _ = folder.partition("/*")
        with suppress(NotHere, Denied):
            folders = [f"{parent}/{name}" for name in machine.names(parent)] if star else [folder]
            for each in folders:
                with suppress(NotHere, Denied):
                    for name in machine.names(each):
                        if name.endswith(ENDINGS) and not name.startswith(OTHERS):
                            yield f"{each}/{name}"
