"""The OpenAPI document: valid, in step with the routes, and kept by every answer.

How many made-up requests each address gets is set by ``PULL_EXAMPLES`` in the environment.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.routing import Route

from server_stub.app import routes
from server_stub.pull import openapi, pull_formats
from server_stub.pull.pull_endpoints import PULLS
from tests.collector_on_loopback import pupil_file
from tests.pulled_collector import NAMES, Pulled, answering, fill, make

EXAMPLES = int(os.environ.get("PULL_EXAMPLES", "12"))
DOCUMENT = openapi.document()
made_up = schemathesis.openapi.from_dict(DOCUMENT)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulled]:
    collector = make(tmp_path_factory.mktemp("openapi") / "state")
    facts = {"check": "guest-account", "state": "good", "why": "none", "count": 0}
    posture = pupil_file(kind="posture-checked", facts=facts)
    lost = {"what": "folder", "gap": "limit", "count": 2}
    report = pupil_file(kind="agent-report", facts={"mode": "report", "root": True})
    fill(collector, posture, pupil_file(kind="coverage-lost", facts=lost), report)
    with answering(collector) as found:
        yield found


def keeps(schema: dict[str, Any], answer: object) -> list[str]:
    """Where an answer is not as its schema says."""
    whole = {**schema, "components": DOCUMENT["components"]}
    check = Draft202012Validator(whole, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in check.iter_errors(answer)]


def described(path: str, status: str, media: str) -> dict[str, Any]:
    response = DOCUMENT["paths"][path]["get"]["responses"][status]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][status]
    found = response["content"][media]["schema"]
    assert isinstance(found, dict)
    return found


def test_the_document_is_valid() -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_every_address_for_programs_of_it_stands_in_it_and_no_other() -> None:
    found = {
        route.path
        for route in routes()
        if isinstance(route, Route) and route.path.startswith(("/api/", "/metrics"))
    }
    assert set(DOCUMENT["paths"]) == found


def test_it_is_handed_out_without_a_login_as_it_is(at: Pulled) -> None:
    reply = requests.get(at.url + openapi.PATH, timeout=20)
    assert (reply.status_code, reply.json()) == (200, DOCUMENT)
    assert "dwapi-" not in reply.text and "127.0.0.1" not in reply.text


def test_every_pattern_is_one_of_javascript() -> None:
    assert "\\A" not in str(DOCUMENT) and "\\Z" not in str(DOCUMENT)


@pytest.mark.parametrize("pull", PULLS, ids=lambda pull: pull.path)
def test_answers_are_what_their_schemas_say(at: Pulled, pull: Any) -> None:
    for form in pull.forms:
        path = pull.path.replace("{device}", NAMES[0])
        reply = at.get(f"{path}?format={form}")
        media = reply.headers["Content-Type"].partition(";")[0]
        assert (reply.status_code, media) == (200, pull_formats.MEDIA[form])
        answer = reply.text if form in ("csv", "jsonl") else reply.json()
        assert keeps(described(pull.path, "200", media), answer) == []
        assert NAMES[0] in reply.text


def test_a_schema_that_is_not_kept_is_noticed(at: Pulled) -> None:
    schema = described("/api/v1/events", "200", "application/json")
    answer = at.get("/api/v1/events?limit=1").json()
    answer["events"][0]["observed_at"] = "yesterday"
    assert keeps(schema, answer)


@pytest.mark.parametrize(
    ("query", "status"), [("?limit=none", "400"), ("?cursor=x", "400"), ("?x=1", "400")]
)
def test_refusals_are_what_their_schemas_say(at: Pulled, query: str, status: str) -> None:
    for pull in PULLS:
        reply = at.get(pull.path.replace("{device}", NAMES[0]) + query)
        assert str(reply.status_code) == status
        assert keeps(described(pull.path, status, "application/json"), reply.json()) == []


@made_up.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
def test_made_up_requests_get_what_is_described(at: Pulled, case: Any) -> None:
    """No failure of the collector, and nothing that the document does not say."""
    headers = {"Authorization": f"Bearer {at.token}"}
    # Which cursors were given out is nothing that a document could say.
    unsaid = [positive_data_acceptance] if "cursor" in (case.query or {}) else []
    case.call_and_validate(base_url=at.url, headers=headers, excluded_checks=unsaid)
