"""`keskidee alert test` and `keskidee maintenance`, with real Prometheus and Alertmanager and the files we ship."""

from __future__ import annotations

import json
import re

import pytest

from keskidee.cli import main
from tests.e2e.chain import Chain
from tests.e2e.webhook import Receiver

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_test_alert_arrives_and_where_it_is_stopped_is_said(
    chain: Chain, pager: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    chain.start_collector()
    chain.configure_prometheus()
    alertmanager = chain.start_alertmanager(pager.url)
    chain.start_prometheus()
    chain.wait_for_alertmanager()
    words = ["alert", "test", "--data", str(chain.data)]
    words += ["--prometheus", chain.prometheus_url, "--alertmanager", chain.alertmanager_url]

    assert main(words) == 0
    steps = [line.split("  ")[-1] for line in capsys.readouterr().out.splitlines()]
    assert [re.sub(r"\d+", "N", step) for step in steps] == [
        "the collector shows test N",
        "Prometheus fires it",
        "Alertmanager has it, for on-call",
        "arrived: webhook took it",
    ]
    assert [notice.says for notice in pager.at_path("/on-call")][:1] == [("firing", [("KeskideeTest", "")])]

    assert main([*words, "--site", "apia", "--severity", "warning"]) == 0
    assert [notice.body["commonLabels"]["site"] for notice in pager.at_path("/tickets-apia")][:1] == ["apia"]

    silence = ["maintenance", "start", "--site", "apia", "--for", "5m", "--data", str(chain.data.parent / "elsewhere")]
    assert main([*silence, "--alertmanager", chain.alertmanager_url]) == 0
    capsys.readouterr()
    assert main([*words, "--site", "apia"]) == 1
    assert "Alertmanager holds it back: silenced or inhibited by " in capsys.readouterr().err

    pager.stop()
    assert main([*words, "--within", "20"]) == 1
    assert re.search(r"no receiver took it for sure \(webhook: [1-9]\d* failed attempts", capsys.readouterr().err)

    alertmanager.stop()
    assert main(words) == 1
    assert capsys.readouterr().err == (
        f"keskidee alert test: no Alertmanager answers at {chain.alertmanager_url}: Connection refused; "
        "--alertmanager URL names another\n"
    )


def test_maintenance_is_a_silence_of_what_is_there_and_ends_when_asked(
    chain: Chain, pager: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    chain.start_collector()
    chain.start_alertmanager(pager.url)
    chain.enrol("files")
    reached = ["--alertmanager", chain.alertmanager_url, "--data", str(chain.data)]

    def maintenance(*words: str) -> tuple[int, str, str]:
        status = main(["maintenance", *words, *(reached[:2] if words[0] == "list" else reached)])
        said = capsys.readouterr()
        return status, said.out, said.err

    def silences() -> list[list[str]]:
        listed = json.loads(maintenance("list", "--format", "json")[1])
        return sorted([matcher["name"], matcher["value"]] for each in listed for matcher in each["matchers"])

    capsys.readouterr()
    main(["collector", "machines", "list", "--data", str(chain.data)])
    instance = capsys.readouterr().out.splitlines()[1].split()[0]
    assert maintenance("start", "--site", "siva", "--for", "2h") == (
        1,
        "",
        "keskidee maintenance: no machine is at a site 'siva', did you mean suva?\n",
    )
    status, of_site, said = maintenance("start", "--site", "suva", "--for", "2h", "--reason", "new switch")
    assert (status, said.startswith("site suva: no alert tells anybody until ")) == (0, True)
    status, of_asset, _ = maintenance("start", "--asset", instance, "--for", "30m", "--by", "ana")
    assert (status, silences()) == (0, [["instance", instance], ["site", "suva"]])
    table = maintenance("list")[1].splitlines()
    assert [line.split()[0] for line in table] == ["ID", of_asset.strip(), of_site.strip()]
    assert [line.rpartition("  ")[2] for line in table] == [
        "REASON",
        f"keskidee maintenance: machine {instance}",
        "new switch",
    ]
    assert maintenance("end", "--site", "suva") == (0, "", "site suva: alerts tell again\n")
    assert maintenance("end", of_asset.strip())[0] == 0
    assert silences() == []
    assert maintenance("end", "--site", "suva")[:2] == (1, "")
    assert maintenance("start", "--asset", "ICT-1", "--for", "1h")[2].startswith(
        "keskidee maintenance: no asset that reports is called 'ICT-1'"
    )
