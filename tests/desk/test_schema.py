"""The document of the API says what the API does: schemathesis asks each route in many ways."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from desk.app import make_app
from desk.office import Office
from desk.people import add_account
from desk.roles import PERMISSIONS
from desk.tokens import make_token
from detectors import Detector
from tests.clues.casework import a_clue
from tests.desk.conftest import PASSWORD

bounded = settings(
    max_examples=6, deadline=None, database=None, derandomize=True,
    suppress_health_check=list(HealthCheck), phases=[Phase.generate],
)  # fmt: skip


@pytest.fixture
def filled(office: Office, detector: Detector) -> tuple[FastAPI, str]:
    """The desk with a few clues, and a token that may everything."""
    office.detector = detector
    for number in (1, 2, 3):
        a_clue(office.store, number)
    with office.store.writing() as session:
        root = add_account(session, "root", "", "administrator", PASSWORD)
        _, secret = make_token(session, root, "schemathesis", list(PERMISSIONS), 1)
    return make_app(office), secret


def test_every_answer_is_as_the_document_says(filled: tuple[FastAPI, str]) -> None:
    app, secret = filled
    headers = {"Authorization": f"Bearer {secret}"}
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers=headers)
    assert schema.raw_schema["openapi"].startswith("3.1")
    operations: list[Any] = [one.ok() for one in schema.get_all_operations()]  # type: ignore[union-attr]
    assert len(operations) >= 55
    problems = [
        problem
        for operation in operations
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        if (problem := _asked(operation, mode, headers))
    ]
    assert not problems, "\n\n".join(problems)


def _asked(operation: Any, mode: GenerationMode, headers: dict[str, str]) -> str:
    """What schemathesis finds at fault, by all its checks; "" for nothing."""

    @bounded
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if mode is GenerationMode.POSITIVE and "clue_id" in case.path_parameters:
            # One that is there: no number drawn out of 2^53 ever is.
            case.path_parameters["clue_id"] = 1
        case.call_and_validate(headers=headers)

    try:
        ask()
    except BaseExceptionGroup as error:
        return f"{operation.label}: {error}: {error.exceptions}"
    except AssertionError as error:
        return f"{operation.label}: {error}"
    return ""
