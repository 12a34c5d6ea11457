"""The HTTP interface under schemathesis: requests drawn from its own OpenAPI description, right and wrong ones, and no 5xx."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from central import demo, tokens
from central.http.app import create_app
from central.link import Endpoint
from central.service import Service
from tests.central.chains import batch, journal
from tests.central.conftest import Seeded
from tests.central.test_ingest import take

EXAMPLES = 15  # requests of each sort for each operation: some 1,500 a database
# What is drawn for these seldom names anything that is there: each request is made once more with these.
THERE = {"merchant": demo.MERCHANT, "terminal": demo.TERMINAL, "number": "13800138000", "offer": 1}
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
def test_nothing_it_is_sent_makes_it_fail(seeded: Seeded) -> None:
    take(seeded, batch(seeded.terminal, journal(seeded.key, 3), 1, 3))
    service = Service(seeded.database, Endpoint("127.0.0.1", 1))
    service.link.up.set()  # there is no broker here, and /healthz would rightly say so
    app = create_app(service)
    with seeded.database.write() as connection:
        headers = {"Authorization": f"Bearer {tokens.make(connection, 'test', 'test')}"}
    description = schemathesis.openapi.from_asgi("/openapi.json", app)
    answered: dict[str, set[int]] = {}

    def ask(case: schemathesis.Case) -> None:
        name = f"{case.operation.method.upper()} {case.operation.path}"
        for there in ({}, {part: value for part, value in THERE.items() if part in case.path_parameters}):
            case.path_parameters.update(there)
            answer = case.call(headers=headers)
            answered.setdefault(name, set()).add(answer.status_code)
            assert answer.status_code < 500, (name, answer.status_code, answer.text)

    try:
        for found in description.get_all_operations():
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                try:
                    BOUNDED(given(found.ok().as_strategy(generation_mode=mode))(ask))()
                except Unsatisfiable:
                    assert mode is GenerationMode.NEGATIVE  # what takes nothing can be asked nothing wrong
    finally:
        service.reader.close()
    assert len(answered) >= 20
    # Requests that get nowhere prove nothing: most operations have answered some with what was asked for.
    assert sum(200 in statuses for statuses in answered.values()) >= len(answered) * 2 // 3, answered
