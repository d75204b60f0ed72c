"""The document of the API says what the API does: schemathesis asks it thousands of ways."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, Phase, settings
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from desk.app import make_app
from desk.office import Office
from desk.people import add_account
from desk.roles import PERMISSIONS
from desk.tokens import make_token
from detectors import Detector
from tests.clues.casework import a_clue
from tests.desk.conftest import PASSWORD


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
    operations = [one.ok() for one in schema.get_all_operations()]
    assert len(operations) > 30
    problems: list[str] = []
    import time
    for operation in operations:
        t=time.time()

        @settings(max_examples=6, deadline=None, database=None, derandomize=True,
                  suppress_health_check=list(HealthCheck), phases=[Phase.generate])
        def asked(case):
            case.call_and_validate(headers=headers)

        from hypothesis import given
        try:
            given(case=operation.as_strategy())(asked)()
        except BaseException as e:
            problems.append(f"{operation.label}: {e}")
        print(operation.label, round(time.time()-t,1))
    print("\n=====\n".join(problems))
    assert not problems
