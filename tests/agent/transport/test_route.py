"""By which way a collector is reached: what the settings say, what the environment says, and what they cannot say."""

from pathlib import Path

import pytest

from keskidee_agent.transport.origin import origin_of
from keskidee_agent.transport.route import is_excepted, route_to
from keskidee_config import AgentSettings, ConfigError

URL = "https://collector.example.org:5375"
PROXY = "http://proxy.example.org:3128"


def told(url: str = URL, settings: AgentSettings | None = None, **environment: str) -> str:
    """The route in words."""
    return str(route_to(origin_of(url), settings or AgentSettings(), environment))


def test_without_settings_and_variables_the_way_is_direct() -> None:
    route = route_to(origin_of(URL), AgentSettings(), {})
    assert (str(route), route.proxy, route.url) == ("direct", None, "")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HTTPS_PROXY": PROXY}, "proxy proxy.example.org:3128 (HTTPS_PROXY)"),
        ({"https_proxy": PROXY}, "proxy proxy.example.org:3128 (https_proxy)"),
        ({"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:2"}, "proxy a:1 (https_proxy)"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://b:2"}, "direct"),
        ({"https_proxy": "proxy:3128"}, "proxy proxy:3128 (https_proxy)"),
        ({"https_proxy": "http://proxy"}, "proxy proxy:80 (https_proxy)"),
        ({"https_proxy": "http://[2001:db8::1]:3128/"}, "proxy [2001:db8::1]:3128 (https_proxy)"),
        ({"http_proxy": PROXY, "HTTP_PROXY": PROXY}, "direct"),
        ({"https_proxy": PROXY, "no_proxy": "example.org"}, "direct (no_proxy)"),
        ({"https_proxy": PROXY, "NO_PROXY": "*"}, "direct (NO_PROXY)"),
        ({"https_proxy": PROXY, "no_proxy": "", "NO_PROXY": "*"}, "proxy proxy.example.org:3128 (https_proxy)"),
    ],
)
def test_the_variables_of_the_environment_hold(environment: dict[str, str], expected: str) -> None:
    assert str(route_to(origin_of(URL), AgentSettings(), environment)) == expected


@pytest.mark.parametrize("url", ["https://localhost:1", "https://127.0.0.1:1", "https://[::1]:1", "http://127.0.0.1:1"])
def test_the_environment_never_stands_between_this_machine_and_itself(url: str) -> None:
    assert told(url, https_proxy=PROXY, http_proxy=PROXY) == "direct"


def test_the_settings_come_before_the_environment() -> None:
    environment = {"https_proxy": PROXY, "no_proxy": "*"}
    assert told(settings=AgentSettings(proxy="http://p:1"), **environment) == "proxy p:1 (proxy in the settings)"
    assert told(settings=AgentSettings(proxy="none"), **environment) == "direct (proxy: none in the settings)"


def test_user_and_password_come_from_the_file_and_print_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text("jané:p:w/@d\n", encoding="utf-8")
    settings = AgentSettings(proxy="http://p:1", proxy_credentials_file=str(path))
    route = route_to(origin_of(URL), settings, {})
    assert route.proxy == ("p", 1, "Basic amFuw6k6cDp3L0Bk")
    assert route.url == "http://jan%C3%A9:p%3Aw%2F%40d@p:1"
    assert "p:w" not in f"{route} {route!r}"


def test_user_and_password_in_a_variable_are_understood_and_print_nowhere() -> None:
    route = route_to(origin_of(URL), AgentSettings(), {"https_proxy": "http://me:p%40ss@p:1"})
    assert route.proxy == ("p", 1, "Basic bWU6cEBzcw==")
    assert "p@ss" not in f"{route} {route!r}"


@pytest.mark.parametrize("content", ["", "\n", "secret\n"])
def test_a_file_without_user_and_password_is_told_and_not_shown(tmp_path: Path, content: str) -> None:
    path = tmp_path / "credentials"
    path.write_text(content)
    settings = AgentSettings(proxy="http://p:1", proxy_credentials_file=str(path))
    with pytest.raises(ConfigError) as caught:
        route_to(origin_of(URL), settings, {})
    assert str(caught.value) == f"proxy_credentials_file: {path}: write USER:PASSWORD on its first line"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    settings = AgentSettings(proxy="http://p:1", proxy_credentials_file=str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="No such file or directory"):
        route_to(origin_of(URL), settings, {})


@pytest.mark.parametrize(
    "value",
    [
        "socks5://secret@p:1",
        "https://p:1",
        "http://",
        "http://me:secret@",
        "http://p:secret",
        "http://p:0",
        "http://é:1",
    ],
)
def test_a_variable_that_names_no_http_proxy_is_told_without_its_value(value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        told(https_proxy=value)
    assert str(caught.value) == "https_proxy: write http://HOST:PORT; no other kind of proxy is known here"


def test_plain_http_leaves_this_machine_through_no_proxy() -> None:
    local = "http://127.0.0.1:5375"
    with pytest.raises(ConfigError, match="does not leave this machine"):
        told(local, AgentSettings(proxy=PROXY))
    assert told(local, AgentSettings(proxy="http://127.0.0.1:3128")) == "proxy 127.0.0.1:3128 (proxy in the settings)"


EXCEPTED = [
    ("*", "collector.example.org"),
    ("example.org", "collector.example.org"),
    ("example.org", "example.org"),
    (".example.org", "collector.example.org"),
    ("*.example.org", "collector.example.org"),
    ("Example.ORG.", "collector.example.org"),
    ("a, b ,example.org", "collector.example.org"),
    ("a b example.org", "collector.example.org"),
    ("collector.example.org:5375", "collector.example.org"),
    ("10.0.0.0/8", "10.1.2.3"),
    ("10.1.2.3/8", "10.1.2.3"),
    ("10.1.2.3", "10.1.2.3"),
    ("10.1.2.3:5375", "10.1.2.3"),
    ("2001:db8::/32", "2001:db8::1"),
    ("2001:DB8:0::1", "2001:db8::1"),
    ("[2001:db8::1]", "2001:db8::1"),
    ("[2001:db8::1]:5375", "2001:db8::1"),
]
NOT_EXCEPTED = [
    ("", "collector.example.org"),
    ("ample.org", "collector.example.org"),
    ("other.example.org", "collector.example.org"),
    ("collector.example.org.evil", "collector.example.org"),
    ("collector.example.org:443", "collector.example.org"),
    (".", "collector.example.org"),
    (",", "collector.example.org"),
    ("10.0.0.0/8", "collector.example.org"),
    ("10.0.0.0/33", "10.1.2.3"),
    ("11.0.0.0/8", "10.1.2.3"),
    ("0.1.2.3", "10.1.2.3"),
    ("1.2.3", "10.1.2.3"),
    ("2001:db8::/32", "10.1.2.3"),
    ("[2001:db8::1]:1", "2001:db8::1"),
    ("[", "2001:db8::1"),
]


@pytest.mark.parametrize(("exceptions", "host"), EXCEPTED)
def test_no_proxy_names_it(exceptions: str, host: str) -> None:
    assert is_excepted(host, 5375, exceptions) is True


@pytest.mark.parametrize(("exceptions", "host"), NOT_EXCEPTED)
def test_no_proxy_does_not_name_it(exceptions: str, host: str) -> None:
    assert is_excepted(host, 5375, exceptions) is False
