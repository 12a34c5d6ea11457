"""`make mutants` runs them; here only that each still fits the code it is to break."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants.__main__ import ROOT, mutated
from tests.mutants.catalogue import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_fits_the_code(mutant: Mutant) -> None:
    ast.parse(mutated(mutant, (ROOT / mutant.file).read_text()))
    for test in mutant.tests:
        assert (ROOT / Path(test.partition("::")[0])).exists()


def test_every_one_of_the_first_four_laws_has_some() -> None:
    assert {mutant.law for mutant in MUTANTS} >= {1, 2, 3, 4}
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
