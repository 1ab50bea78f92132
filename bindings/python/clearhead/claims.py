"""Health-insurance claims: read from files of any kind, and scored by how unusual they are.

>>> import pathlib, clearhead.claims as claims
>>> folder = pathlib.Path("examples/claims")  # synthetic
>>> if folder.exists():
...     read = claims.read(folder)
...     scores = claims.score(read.table, "claims")
...     assert scores.column_names[:2] == ["claim", "score"]
"""

import functools
import os
from typing import Any

from clearhead._calls import says_what_is_wrong
from clearhead._clearhead import (
    ClaimsModel,
    ReadClaims,
    Table,
    open_claims_model,
    read_claims,
    score_claims,
)
from clearhead._models import find_model

__all__ = ["ClaimsModel", "ReadClaims", "Table", "load", "read", "score"]

_read = says_what_is_wrong(read_claims, "claims.read")
_score = says_what_is_wrong(score_claims, "claims.score")


def read(
    path: str | os.PathLike[str], *, mapping: str | os.PathLike[str] | None = None
) -> ReadClaims:
    """The claims of a file, or of a folder of files: CSV (with a ``mapping`` of its columns), X12
    or FHIR, as ``clearhead claims`` reads them.

    Its ``table`` has a row a claim: ``claim`` and ``member``, their numbers, and ``json``, the
    whole. Claims that cannot be read are left out; ``refusals`` says why. What is read is written
    into the audit log.
    """
    return _read(path, mapping or "")


@functools.lru_cache(maxsize=4)
def _load(path: str) -> ClaimsModel:
    return open_claims_model(path)


def load(model: str | os.PathLike[str] = "claims") -> ClaimsModel:
    """The model of a folder, or of that name; opened once in a process."""
    return _load(str(find_model(model, marker="vocabulary.json")))


def score(
    table: Any, model: ClaimsModel | str | os.PathLike[str] = "claims", *, column: str = "json"
) -> Table:
    """How unusual each claim of a table is; a row for each row, in its order.

    ``table`` is whatever speaks Arrow (a table of pyarrow, a frame of pandas or polars); its
    ``column`` has a claim a row, as ``read`` gives it. The result has the columns ``claim``,
    ``score`` (one normal claim in 10^score is as unusual), one for each kind, ``evidence_line``
    (the line that moves the score most; 0: none), ``at_stake`` (its charge) and ``error``: why a
    row could not be read, whose scores are then missing.

    Scores are those of ``clearhead claims score``, the same numbers, and do not depend on what else
    is in the table. But a claim is read together with the earlier claims of its member, so all
    claims of a member belong into one table. Each call adds a line to the audit log.
    """
    if not isinstance(model, ClaimsModel):
        model = load(model)
    return _score(table, model, column)
