"""The register's routes as they are declared, once: what serves them and what describes them (OpenAPI 3.1) are made
from it, so that neither can fall behind. Source: spec.openapis.org/oas/v3.1.0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.requests import Request
    from starlette.responses import Response

JSON = "application/json"
PROBLEM = "application/problem+json"
REFERENCE = "#/components/schemas/{name}"
WORDS = {
    200: "as asked for", 201: "it is there now", 301: "it became one with the asset at Location",
    308: "it became one with the asset at Location", 401: "a token is missing, unknown or has not the scope",
    404: "there is no such asset", 408: "the body was too slow", 409: "it contradicts what is there",
    412: "it was changed meanwhile", 413: "too large", 422: "it makes no sense, and `detail` says why",
    428: "If-Match is missing", 503: "the collector cannot write to its disk",
}  # fmt: skip


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was not done (RFC 9457): `title` is one of a few words, `detail` a line for a person."""

    title: str
    status: int
    detail: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a URL's query: any text, one of some, or a number between two."""

    name: str
    says: str
    choices: tuple[str, ...] = ()
    number: tuple[int, int] | None = None

    def described(self) -> dict[str, Any]:
        """As OpenAPI has it."""
        schema: dict[str, Any] = {"type": "string"}
        if self.choices:
            schema["enum"] = list(self.choices)
        if self.number:
            schema = {"type": "number", "minimum": self.number[0], "maximum": self.number[1]}
        return {"name": self.name, "in": "query", "description": self.says, "schema": schema}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. `body` is what it takes, and as which media type where that is not JSON."""

    method: str
    path: str
    run: Callable[[Request], Awaitable[Response]]
    scope: str
    answers: dict[int, Any]
    problems: tuple[int, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    headers: tuple[str, ...] = ()
    body: Any = None
    body_as: str = JSON

    def route(self) -> Route:
        """What serves it."""
        return Route(self.path, self.run, methods=[self.method])

    def types(self) -> list[Any]:
        """The types that it takes and gives."""
        return [kind for kind in (self.body, *self.answers.values(), Problem) if kind is not None]

    def described(self, schemas: dict[Any, Any]) -> dict[str, Any]:
        """As OpenAPI has it."""
        parameters = [
            *[_named(name, "path") for name in re.findall(r"\{(\w+)\}", self.path)],
            *[_named(name, "header") for name in self.headers],
            *[parameter.described() for parameter in self.parameters],
        ]
        answers = {str(status): _content(status, JSON, schemas[kind]) for status, kind in self.answers.items()}
        refused = {str(status): _content(status, PROBLEM, schemas[Problem]) for status in (*self.problems, 401)}
        found = {
            "operationId": self.run.__name__,
            "summary": " ".join((self.run.__doc__ or "").split()),
            "security": [{"token": [self.scope]}],
            "parameters": parameters,
            "responses": answers | refused,
        }
        if self.body is not None:
            found["requestBody"] = {"required": True, "content": {self.body_as: {"schema": schemas[self.body]}}}
        return found


def document(operations: Iterable[Operation], version: str) -> dict[str, Any]:
    """The description of all of them."""
    declared = list(operations)
    types = list(dict.fromkeys([kind for operation in declared for kind in operation.types()]))
    made, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    schemas = dict(zip(types, made, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in declared:
        paths.setdefault(operation.path, {})[operation.method.lower()] = operation.described(schemas)
    token = {
        "type": "http",
        "scheme": "bearer",
        "description": "`keskidee collector token create --scope api` (or api-write); a loopback address reads without",
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "keskidee: the asset register", "version": version},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"token": token}},
    }


def _named(name: str, place: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": True, "schema": {"type": "string"}}


def _content(status: int, media: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": WORDS[status], "content": {media: {"schema": schema}}}
