"""The document that the service serves of itself, and whether it keeps to it."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
import schemathesis
from conftest import Caller, make_caller
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from room import make_token
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks as openapi_checks
from werkzeug.test import TestResponse

from service.domain import ATTRIBUTES, Attribute, Outcome, Rejection

OPERATIONS = {
    ("post", "/v1/comments"),
    ("post", "/v1/comments:batch"),
    ("get", "/v1/comments/{id}"),
    ("put", "/v1/articles/{id}"),
    ("get", "/v1/articles/{id}"),
    ("post", "/v1/score"),
}
MODERATORS = {
    ("get", "/v1/queue"),
    ("get", "/v1/history/{id}"),
    ("post", "/v1/comments/{id}/claim"),
    ("post", "/v1/comments/{id}/verdict"),
    ("post", "/v1/comments/{id}/undo"),
    ("post", "/v1/comments/{id}/notes"),
}


def test_the_document_has_every_operation(stranger: Caller) -> None:
    document = stranger.get("/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    assert {(method, path) for path, methods in document["paths"].items() for method in methods} == OPERATIONS | MODERATORS


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "xn--kln-sna.example"])
def test_the_document_names_the_address_at_which_it_was_found(stranger: Caller, host: str) -> None:
    assert stranger.call("GET", "/openapi.json", {"Host": host}).get_json()["servers"] == [{"url": f"http://{host}"}]


def test_the_document_says_that_a_key_is_needed(stranger: Caller) -> None:
    document = stranger.get("/openapi.json").get_json()
    assert document["security"] == [{"key": []}]
    scheme = document["components"]["securitySchemes"]["key"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


def test_the_document_names_the_limits(stranger: Caller) -> None:
    schemas = stranger.get("/openapi.json").get_json()["components"]["schemas"]
    text = schemas["CommentIn"]["properties"]["text"]
    assert (text["minLength"], text["maxLength"]) == (1, 20_000)
    assert [schemas[name]["properties"]["comments"]["maxItems"] for name in ("ScoresIn", "BatchIn")] == [1_000, 1_000]


@pytest.fixture
def document(stranger: Caller) -> Any:
    return stranger.get("/openapi.json").get_json()


@pytest.fixture
def schemas(document: Any) -> Any:
    return document["components"]["schemas"]


def fields(schemas: Any) -> Iterator[tuple[str, Any]]:
    """Each field of each object, by its whole name."""
    for object_name, schema in schemas.items():
        for name, field in schema.get("properties", {}).items():
            yield f"{object_name}.{name}", field


def parts(of: Any) -> Iterator[Any]:
    """Each object of the document, within others too."""
    if isinstance(of, dict):
        yield of
    for part in of.values() if isinstance(of, dict) else of if isinstance(of, list) else ():
        yield from parts(part)


def test_a_field_that_may_be_left_out_has_no_default(schemas: Any) -> None:
    """Some generators of clients take a field with a default for one that must be sent."""
    assert [name for name, field in fields(schemas) if "default" in field] == []


def test_what_may_be_left_out_may_be_sent_as_null(schemas: Any) -> None:
    """As many systems send an empty field, and generated clients one that was not given."""
    sent = {name: schema for name, schema in schemas.items() if schema.get("additionalProperties") is False}
    left_out = [(name, field) for name, field in fields(sent) if name.split(".")[1] not in sent[name.split(".")[0]].get("required", [])]
    assert [name for name, field in left_out if {"type": "null"} not in field.get("anyOf", [])] == []


def test_a_text_that_is_sent_tells_that_it_has_no_nul(schemas: Any) -> None:
    sent = [(name, field) for name, field in fields(schemas) if "maxLength" in field]
    assert [name for name, field in sent if "pattern" not in field] == []


def test_a_field_has_no_title(schemas: Any) -> None:
    """Some name a type by it, others repeat it as if it were a description."""
    assert [name for name, field in fields(schemas) if "title" in field] == []


def test_an_object_is_one_type_with_all_of_its_fields(schemas: Any) -> None:
    """Of alternatives a client gets as many types, each with the fields alone that its alternative names."""
    assert [name for name, schema in schemas.items() if {"anyOf", "oneOf", "allOf"} & schema.keys()] == []


@pytest.mark.parametrize("vocabulary", [Attribute, Outcome, Rejection])
def test_a_vocabulary_is_one_type_wherever_it_is_used(document: Any, vocabulary: Any) -> None:
    words = [word.value for word in vocabulary]
    assert document["components"]["schemas"][vocabulary.__name__]["enum"] == words
    assert [part.get("enum") for part in parts(document)].count(words) == 1


@pytest.mark.parametrize("field", ["VerdictIn.reason_code", "PastVerdict.reason_code", "GivenOut.reason_code"])
def test_a_reason_code_is_a_word_of_the_vocabulary_or_null(schemas: Any, field: str) -> None:
    assert dict(fields(schemas))[field]["anyOf"] == [{"$ref": "#/components/schemas/Rejection"}, {"type": "null"}]


@pytest.mark.parametrize("field", ["PastVerdict.action", "GivenOut.action"])
def test_what_a_moderator_did_is_one_of_four(schemas: Any, field: str) -> None:
    assert dict(fields(schemas))[field]["enum"] == ["verdict", "correction", "agree", "undo"]


def test_each_score_has_its_name_and_may_be_absent(schemas: Any) -> None:
    assert tuple(schemas["Scores"]["properties"]) == ATTRIBUTES
    assert "required" not in schemas["Scores"]


def test_a_result_of_a_batch_always_has_its_three_fields(schemas: Any) -> None:
    assert schemas["BatchItem"]["required"] == ["id", "result", "problem"]


def test_explanations_are_absent_and_never_null(schemas: Any) -> None:
    assert schemas["ScoresOut"]["properties"]["explanations"]["type"] == "array"
    assert "explanations" not in schemas["ScoresOut"]["required"]


def test_each_operation_has_a_name_of_its_own(document: Any) -> None:
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))


def test_the_routes_of_a_cms_and_of_moderators_are_apart(document: Any) -> None:
    tagged = {(method, path): operation["tags"] for path, methods in document["paths"].items() for method, operation in methods.items()}
    assert tagged == {one: ["cms"] for one in OPERATIONS} | {one: ["moderators"] for one in MODERATORS}


def test_the_document_is_in_the_order_of_reading(document: Any) -> None:
    """The alphabet puts articles before comments, and `decision` behind `comment`."""
    assert next(iter(document["paths"])) == "/v1/comments"
    assert next(iter(document["components"]["schemas"]["ModeratedOut"]["properties"])) == "decision"


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [("POST", "/v1/comments", "CommentIn"), ("PUT", "/v1/articles/night-trains", "ArticleBody"), ("POST", "/v1/score", "ScoresIn")],
)
def test_an_example_can_be_sent(gazette: Caller, schemas: Any, method: str, path: str, sent: str) -> None:
    (example,) = schemas[sent]["examples"]
    assert gazette.call(method, path, json=example).status_code == 200


def declared(stranger: Caller, method: str, path: str, answer: TestResponse) -> Any:
    """What the document says of such an answer."""
    document = stranger.get("/openapi.json").get_json()
    return document["paths"][path][method]["responses"].get(str(answer.status_code))


def test_the_document_tells_of_a_fault(gazette: Caller, stranger: Caller) -> None:
    answer = gazette.post("/v1/score", {"comments": [{"text": "An unscorable thing."}]})
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert answer.content_type in declared(stranger, "post", "/v1/score", answer)["content"]


def test_the_document_tells_when_to_come_again(new_app: Callable[..., Flask], stranger: Caller) -> None:
    gazette = make_caller(new_app(RATE_LIMIT="1/hour"), "gazette")
    limited = [gazette.get("/v1/comments/1") for _ in range(2)][1]
    unplugged = Caller(new_app(DATABASE_URL="postgresql://127.0.0.1:1/none"), gazette.key).get("/v1/comments/1")
    assert [limited.status_code, unplugged.status_code] == [429, 503]
    for answer in (limited, unplugged):
        assert answer.headers["Retry-After"].isdecimal()
        assert declared(stranger, "get", "/v1/comments/{id}", answer)["headers"]["Retry-After"]["schema"]["type"] == "integer"


CHECKS = [
    schemathesis.checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.positive_data_acceptance,
    openapi_checks.unsupported_method,
    openapi_checks.ignored_auth,
]
CONFIG = SchemathesisConfig.from_dict(
    {"seed": 1, "checks": {"negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 413, 422]}}}
)


@cache
def described(app: Flask) -> Any:
    """What it can be asked, made of its document. Apps are lent from test to test, and to make it anew took most of each."""
    return schemathesis.openapi.from_wsgi("/openapi.json", app, config=CONFIG)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS | MODERATORS))
def test_the_service_keeps_to_its_document(new_app: Callable[..., Flask], mode: GenerationMode, method: str, path: str) -> None:
    app = new_app()
    key = make_token(app, "Ada", "gazette") if (method, path) in MODERATORS else make_caller(app, "gazette").key
    operation = described(app)[path][method]
    # A batch answers 200, and each of its comments is refused by itself.
    checks = CHECKS if path == "/v1/comments:batch" else [*CHECKS, openapi_checks.negative_data_rejection]

    @settings(
        max_examples=10,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def keeps(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=checks)

    keeps()
