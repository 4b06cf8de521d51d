"""The OpenAPI document, made from the routes and the payloads that they declare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema
from werkzeug.routing import Rule

from service.health import VERSION
from service.intake.payloads import CommentIn, Problem

View = TypeVar("View", bound=Callable[..., Any])

INTRODUCTION = """\
Rates readers' comments and says what to do with each: publish it on `approve`, keep it back on `hold`, refuse it on `reject`.

Tell an article once with `PUT /v1/articles/{id}` and send each comment to `POST /v1/comments`: the same `id` with another text is an edit.
After no answer, 429, 500 or 503 send the same request again; it is moderated once, and `state` says what a moderator made of it since.
Errors are `application/problem+json`, also those of one comment of a batch, which answers 200. Every answer has an `X-Request-Id`, and
those of the rate limit `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset`, in seconds since 1970."""
CALLERS = {
    "key": "An API key, for one site: `flask --app service key create --site NAME`. One that was made with `--signed` also asks for the "
    "headers of Standard Webhooks on each request with a body.",
    "moderator": "A moderator's token: `flask --app service moderator token NAME`.",
}
TAGS = {
    "key": {"name": "cms", "description": "What a CMS asks, with its site's API key."},
    "moderator": {"name": "moderators", "description": "The moderators' queue, for pages of your own, with a moderator's token."},
}

PROBLEMS = {
    400: "The body is not JSON.",
    401: "No valid API key, or no valid moderator's token where one is asked for; or a key's signature is missing or wrong.",
    403: "The key is another site's.",
    404: "Nothing of this id on the key's site, or on the moderator's.",
    409: "This signed request was received before; of a verdict or claim: somebody else was first, and `detail` says who.",
    413: "The body is too large.",
    422: "A field is not as expected; `errors` says which.",
    429: "Too many requests; `Retry-After` says when to come again.",
    500: "A fault of the service, logged under `request_id`; send the same request again later.",
    503: "The database does not answer; send the same request again. Or the service has no SECRET_KEY, as `detail` says then.",
}
ID = {"type": "string", "minLength": 1}
IN_ADDRESS = "As the CMS knows it; percent-encoded, its slashes and question marks too."
EVERYWHERE = (401, 429, 500, 503)
WITH_BODY = (400, 409, 413, 422)
RETRY_AFTER = {"Retry-After": {"required": True, "description": "In how many seconds.", "schema": {"type": "integer"}}}


@dataclass(frozen=True, slots=True)
class Operation:
    summary: str
    response: type[BaseModel]
    request: type[BaseModel] | None
    problems: tuple[int, ...]
    query: Mapping[str, Any]
    caller: str


def operation(
    summary: str,
    *,
    response: type[BaseModel],
    request: type[BaseModel] | None = None,
    problems: tuple[int, ...] = (),
    query: Mapping[str, Any] = MappingProxyType({}),
    caller: str = "key",
) -> Callable[[View], View]:
    """Declares what a view takes and answers. `query` has a schema for each argument; `caller` is who may ask: a key or a moderator."""

    def declare(view: View) -> View:
        view.operation = Operation(summary, response, request, problems, query, caller)  # type: ignore[attr-defined]
        return view

    return declare


class _Schemas(GenerateJsonSchema):
    """In the order of the code, and without what generators of clients misread: a title names a type, and a field with a default is
    taken for one that must be sent."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        return value


def document(app: Flask, server: str) -> dict[str, Any]:
    declared = [(rule, op) for rule in app.url_map.iter_rules() if (op := getattr(app.view_functions[rule.endpoint], "operation", None))]
    models: set[type[BaseModel]] = {model for _, op in declared for model in (op.request, op.response) if model} | {CommentIn, Problem}
    _, definitions = models_json_schema(
        [(model, "validation") for model in sorted(models, key=lambda m: m.__name__)],
        ref_template="#/components/schemas/{model}",
        schema_generator=_Schemas,
    )
    paths: dict[str, Any] = {}
    for rule, op in declared:
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            paths.setdefault(_path(rule), {})[method.lower()] = _describe(rule, op)
    return {
        "openapi": "3.1.0",
        "info": {"title": "comment-moderation", "version": VERSION, "description": INTRODUCTION},
        "servers": [{"url": server}],
        "tags": list(TAGS.values()),
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {name: {"type": "http", "scheme": "bearer", "description": text} for name, text in CALLERS.items()},
            "schemas": definitions["$defs"],
        },
    }


def _path(rule: Rule) -> str:
    return rule.rule.replace("<name:", "{").replace("<", "{").replace(">", "}")


def _describe(rule: Rule, op: Operation) -> dict[str, Any]:
    problems = sorted({*EVERYWHERE, *op.problems, *(WITH_BODY if op.request else ())})
    described: dict[str, Any] = {
        "operationId": rule.endpoint.rpartition(".")[2],
        "summary": op.summary,
        "tags": [TAGS[op.caller]["name"]],
        "responses": {"200": {"description": "Done.", "content": _content("application/json", op.response)}}
        | {str(status): _problem(status) for status in problems},
    }
    if op.caller != "key":
        described["security"] = [{op.caller: []}]
    path = [{"name": name, "in": "path", "required": True, "description": IN_ADDRESS, "schema": ID} for name in sorted(rule.arguments)]
    if parameters := path + [{"name": name, "in": "query", "schema": schema} for name, schema in op.query.items()]:
        described["parameters"] = parameters
    if op.request:
        described["requestBody"] = {"required": True, "content": _content("application/json", op.request)}
    return described


def _problem(status: int) -> dict[str, Any]:
    described = {"description": PROBLEMS[status], "content": _content("application/problem+json", Problem)}
    return described | ({"headers": RETRY_AFTER} if status in (429, 503) else {})


def _content(media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
