"""A question to the collector, by requests: for enrolment, renewal, and the poller beside its reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from keskidee_agent.transport.route import Route

SECONDS = 15
WAYS_OUT = {
    "not valid for": "; tls.names in the collector's settings adds a name",
    "local issuer": "; is the token of this collector? An authority of your own is named in ca_file",
}
"""What helps where OpenSSL says such a thing of a certificate."""


class CallFailed(Exception):
    """The collector cannot be reached, is not the one of the token, or refused. The text is for a person."""


def session_through(route: Route) -> requests.Session:
    """A session that takes nothing from the environment: the route to the collector has seen to its proxies."""
    import requests

    session = requests.Session()
    # with trust_env, REQUESTS_CA_BUNDLE would override `verify`, and .netrc the Authorization header
    session.trust_env = False
    if route.url:
        session.proxies.update({"http": route.url, "https": route.url})
    return session


def call(
    session: requests.Session, method: str, url: str, *, token: str = "", json: Any = None, data: bytes | None = None
) -> requests.Response:
    """One request, its body as JSON or as it is, whatever is answered. Raises CallFailed where there is none."""
    import requests

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        return session.request(
            method, url, headers=headers, json=json, data=data, timeout=SECONDS, allow_redirects=False
        )
    except requests.exceptions.ProxyError as error:
        raise CallFailed(f"{url}: the proxy does not let it through: {_innermost(error)}") from None
    except requests.exceptions.SSLError as error:
        said = _innermost(error)
        if "WRONG_VERSION_NUMBER" in said:  # OpenSSL's word for an answer that is no TLS at all
            raise CallFailed(f"{url}: no TLS is spoken there; a collector on this machine itself is http://") from None
        hint = next((way_out for words, way_out in WAYS_OUT.items() if words in said), "")
        raise CallFailed(f"{url}: not to be trusted: {said.rstrip('.')}{hint}") from None
    except requests.exceptions.Timeout:
        raise CallFailed(f"{url}: no answer within {SECONDS} s") from None
    except requests.exceptions.RequestException as error:
        hint = "; does a collector run there, on this port?" if "refused" in (said := _innermost(error)) else ""
        raise CallFailed(f"{url}: cannot be reached: {said}{hint}") from None


def _innermost(error: BaseException) -> str:
    """What the system or TLS said, below what urllib3 and requests wrap around it."""
    said = str(error)
    for inner in causes(error):
        said = getattr(inner, "verify_message", None) or getattr(inner, "strerror", None) or said
        if type(inner) is OSError and inner.strerror is None:  # of http.client: a proxy's refusal
            said = str(inner)
    return said


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what led to it, the first cause last."""
    inner: BaseException | None = error
    while inner is not None:
        yield inner
        inner = inner.__cause__ or inner.__context__
