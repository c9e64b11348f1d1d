"""``GET /api/v1/openapi.json``: what can be pulled, as OpenAPI 3.1, for programs that make clients.

It is written from the table that makes the routes and from the types that check the questions and
make the answers. It needs no login, as it says only what the source of this program says.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from agent.wire.messages import Problem
from server_stub.pull import metrics_endpoint, pull_formats
from server_stub.pull.pull_endpoints import PULLS, Pull

PATH = "/api/v1/openapi.json"
_TEMPLATE = "#/components/schemas/{name}"
_ABOUT = (
    "Read-only, for programs of IT, with the header `Authorization: Bearer TOKEN`. No answer holds "
    "what was sealed, a person, a file name or an entry of the breach register."
)
# Status of each refusal, and what it means here.
_REFUSALS = {
    "400": "The question holds something that cannot be asked",
    "401": "No token, or one that this collector did not give out",
    "403": "The token is not for this",
    "405": "Only GET",
    "429": "The token asks too often; Retry-After says in how many seconds to try again",
    "500": "The collector failed",
    "503": "The database cannot answer now; Retry-After says in how many seconds to try again",
}
_OCSF = {"type": "array", "items": {"$ref": "#/components/schemas/OcsfEvent"}}
_OCSF_EVENT = {
    "description": "An event in the words of OCSF",
    "type": "object",
    "required": [
        "class_uid",
        "category_uid",
        "activity_id",
        "type_uid",
        "severity_id",
        "time",
        "metadata",
        "device",
    ],
    "properties": {
        name: {"type": "integer"}
        for name in ("class_uid", "category_uid", "activity_id", "type_uid", "severity_id", "time")
    }
    | {"metadata": {"type": "object"}, "device": {"type": "object"}},
}


def get_document(request: Request) -> Response:
    """``GET /api/v1/openapi.json``."""
    return Response(_written(), media_type=pull_formats.MEDIA["json"])


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    questions = [pull.question for pull in PULLS]
    answers = [kind for pull in PULLS for kind in (pull.page, pull.row) if kind]
    kinds = list(dict.fromkeys([*questions, *answers, Problem]))
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_TEMPLATE)
    schemas = _for_javascript(schemas)
    asked = {one.__name__: schemas.pop(one.__name__) for one in dict.fromkeys(questions)}
    paths = {pull.path: {"get": _operation(pull, asked[pull.question.__name__])} for pull in PULLS}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Dossierwacht collector",
            "version": "1",
            "description": _ABOUT,
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths | _others(),
        "components": {
            "schemas": schemas | {"OcsfEvent": _OCSF_EVENT},
            "responses": {status: _refusal(status) for status in (*_REFUSALS, "404", "406")},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "from `dossierwacht-collector token api`",
                }
            },
        },
    }


@cache
def _written() -> bytes:
    return msgspec.json.encode(document())


def _operation(pull: Pull, asked: dict[str, Any]) -> dict[str, Any]:
    in_path = [_named(pull)] if "{device}" in pull.path else []
    own = [_parameter(name, schema) for name, schema in asked["properties"].items()]
    absent = ["404"] if in_path else []
    unacceptable = ["406"] if pull.row else []
    return {
        "operationId": pull.page.__name__.removesuffix("Page"),
        "summary": pull.summary,
        "description": f"Needs a token with the scope `{pull.scope}`.",
        "parameters": [*in_path, *own],
        "responses": {"200": _found(pull), **_refused((*_REFUSALS, *absent, *unacceptable))},
    }


def _named(pull: Pull) -> dict[str, Any]:
    schema = {"type": "string", "pattern": "^d[a-z2-7]{16}$"}
    return {"name": "device", "in": "path", "required": True, "schema": schema}


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    schema = dict(schema)
    about = {"description": schema.pop("description")} if "description" in schema else {}
    return {"name": name, "in": "query", "required": False, **about, "schema": schema}


def _found(pull: Pull) -> dict[str, Any]:
    content = {pull_formats.MEDIA[form]: {"schema": _schema(pull, form)} for form in pull.forms}
    made: dict[str, Any] = {"description": _sentence(pull.page), "content": content}
    if pull.row is not None:
        made["headers"] = {
            "Link": _header("where the next page begins, as `rel=next`"),
            pull_formats.NEXT: _header("the cursor of the next page"),
        }
    if "resume" in pull.page.__struct_fields__:
        made["headers"][pull_formats.RESUME] = _header("where to go on later")
    return made


def _schema(pull: Pull, form: str) -> dict[str, Any]:
    if form == "json":
        return {"$ref": _TEMPLATE.format(name=pull.page.__name__)}
    return _OCSF if form == "ocsf" else {"type": "string"}


def _header(about: str) -> dict[str, Any]:
    return {"description": about, "required": False, "schema": {"type": "string"}}


def _refused(statuses: Iterable[str]) -> dict[str, Any]:
    return {one: {"$ref": f"#/components/responses/{one}"} for one in sorted(statuses)}


def _refusal(status: str) -> dict[str, Any]:
    others = {"404": "There is no such laptop", "406": "None of what Accept names can be had"}
    content = {pull_formats.MEDIA["json"]: {"schema": {"$ref": _TEMPLATE.format(name="Problem")}}}
    made: dict[str, Any] = {"description": (_REFUSALS | others)[status], "content": content}
    if status in ("429", "503"):
        whole = {"description": "seconds", "schema": {"type": "integer"}}
        made["headers"] = {"Retry-After": whole}
    return made


def _others() -> dict[str, Any]:
    text = {media: {"schema": {"type": "string"}} for media in metrics_endpoint.MEDIA}
    whole = {pull_formats.MEDIA["json"]: {"schema": {"type": "object"}}}
    return {
        metrics_endpoint.PATH: {
            "get": {
                "operationId": "Metrics",
                "summary": "What the collector counts, for Prometheus",
                "description": "Needs a token with the scope `metrics`.",
                "responses": {
                    "200": {"description": "Counts only", "content": text},
                    **_refused(status for status in _REFUSALS if status != "400"),
                },
            }
        },
        PATH: {
            "get": {
                "operationId": "OpenApi",
                "summary": "This document",
                "security": [],
                "responses": {
                    "200": {"description": "OpenAPI 3.1", "content": whole},
                    **_refused(("405", "500")),
                },
            }
        },
    }


def _sentence(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split()).replace("``", "`")


def _for_javascript(schema: Any) -> Any:
    """The same schema with patterns and texts as its readers write them: the ends of a text are
    ``^`` and ``$`` there."""
    if isinstance(schema, list):
        return [_for_javascript(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _for_javascript(value) for name, value in schema.items()}
    if isinstance(pattern := made.get("pattern"), str):
        made["pattern"] = pattern.replace("\\A", "^").replace("\\Z", "$")
    if isinstance(about := made.get("description"), str):
        made["description"] = " ".join(about.split()).replace("``", "`")
    return made
