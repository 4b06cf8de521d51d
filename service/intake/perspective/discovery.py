"""The discovery document, made from the payloads: Google's clients build themselves from it."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.intake.perspective import payloads

METHODS: dict[str, tuple[str, type[BaseModel], type[BaseModel]]] = {
    "analyze": ("Scores a comment.", payloads.AnalyzeCommentRequest, payloads.AnalyzeCommentResponse),
    "suggestscore": ("Takes scores that somebody thinks right.", payloads.SuggestCommentScoreRequest, payloads.SuggestCommentScoreResponse),
}
TEXT = {"type": "string", "location": "query"}
PARAMETERS: dict[str, dict[str, Any]] = {
    "key": TEXT | {"description": "The API key: one that `flask --app service key create` made."},
    "prettyPrint": {"type": "boolean", "location": "query", "default": "true", "description": "Answers with indentation."},
    "alt": TEXT | {"default": "json", "enum": ["json", "media", "proto"], "enumDescriptions": ["JSON, the one served", "", ""]},
    "$.xgafv": TEXT | {"enum": ["1", "2"], "enumDescriptions": ["", ""]},
    **dict.fromkeys(("access_token", "callback", "fields", "oauth_token", "quotaUser", "uploadType", "upload_protocol"), TEXT),
}


def document(root: str) -> dict[str, Any]:
    """The document of a service whose address is `root`, which ends with a slash."""
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": "commentanalyzer:v1alpha1",
        "name": "commentanalyzer",
        "canonicalName": "Comment Analyzer",
        "version": "v1alpha1",
        "version_module": True,
        "revision": "20260101",
        "title": "Comment Analyzer API",
        "description": "Perspective's API, served by comment-moderation.",
        "ownerDomain": "comment-moderation",
        "ownerName": "comment-moderation",
        "protocol": "rest",
        "rootUrl": root,
        "baseUrl": root,
        "basePath": "",
        "servicePath": "",
        "batchPath": "batch",
        "fullyEncodeReservedExpansion": True,
        "icons": {},
        "parameters": PARAMETERS,
        "resources": {"comments": {"methods": {name: _method(name, *told) for name, told in METHODS.items()}}},
        "schemas": _schemas(),
    }


def _method(name: str, description: str, request: type[BaseModel], response: type[BaseModel]) -> dict[str, Any]:
    path = f"v1alpha1/comments:{name}"
    return {
        "id": f"commentanalyzer.comments.{name}",
        "description": description,
        "httpMethod": "POST",
        "path": path,
        "flatPath": path,
        "parameterOrder": [],
        "parameters": {},
        "request": {"$ref": request.__name__},
        "response": {"$ref": response.__name__},
    }


def _schemas() -> dict[str, Any]:
    models = [model for _, request, response in METHODS.values() for model in (request, response)]
    _, found = models_json_schema([(model, "validation") for model in models], ref_template="{model}")
    return {name: {"id": name} | _plain(schema) for name, schema in sorted(found["$defs"].items())}


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema in the words of the discovery format, which knows no null and no alternatives."""
    told = schema | next((choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"), {})
    if "$ref" in told:
        return {"$ref": told["$ref"]}
    plain: dict[str, Any] = {name: told[name] for name in ("type", "description", "enum") if name in told}
    if "enum" in plain:
        plain["enumDescriptions"] = [""] * len(plain["enum"])
    if plain["type"] in ("integer", "number"):
        plain["format"] = {"integer": "int32", "number": "float"}[plain["type"]]
    if "items" in told:
        plain["items"] = _plain(told["items"])
    if isinstance(told.get("additionalProperties"), dict):
        plain["additionalProperties"] = _plain(told["additionalProperties"])
    if "properties" in told:
        plain["properties"] = {name: _plain(part) for name, part in told["properties"].items()}
    return plain
