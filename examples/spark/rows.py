"""Claims scored and texts embedded, row by row, for a cluster or for one machine.

Each function takes an iterator of Arrow record batches and gives one: what ``mapInArrow`` of Spark
calls on each partition, and what is called on the batches of a table where there is no Spark. Its
results are the same bytes however the rows are divided: a claim is scored with the other claims of
its member and without regard to what else is there, a text is embedded alone.

A model is opened once in a process, and so once an executor as long as Spark reuses its workers.
"""

import functools
from collections.abc import Iterable, Iterator

import clearhead
import pyarrow as pa
from clearhead import claims

_KINDS = ["code", "combination", "units", "amount", "duplicate", "demographics"]

# What score_claims gives: a row for each that it takes, by its number.
SCORES = pa.schema(
    [("row", pa.int64()), ("member", pa.string()), ("claim", pa.string()), ("score", pa.float64())]
    + [(kind, pa.float64()) for kind in _KINDS]
    + [("evidence_line", pa.int64()), ("at_stake", pa.float64()), ("error", pa.string())]
)

# What embed_texts gives.
EMBEDDINGS = pa.schema(
    [("row", pa.int64()), ("embedding", pa.list_(pa.float32())), ("error", pa.string())]
)


def numbered(table: pa.Table, first: int = 0) -> pa.Table:
    """The table with a column ``row``: ``first``, ``first`` + 1, …, so that its order can be found
    again. Of several tables each begins where the one before ends."""
    numbers = pa.array(range(first, first + table.num_rows), pa.int64())
    return table.append_column("row", numbers)


def score_claims(
    batches: Iterable[pa.RecordBatch], model: str = "claims"
) -> Iterator[pa.RecordBatch]:
    """The scores of claims (``SCORES``): columns ``row``, ``member`` and ``json``, sorted by member
    and row, with all rows of a member. A row that cannot be read has no score, and says why in
    ``error``."""
    for table in _whole_members(batches):
        scores = pa.table(claims.score(table, model))
        columns = {name: scores[name] for name in scores.column_names}
        columns |= {name: table[name] for name in ("row", "member")}
        yield from pa.table(columns).select(SCORES.names).cast(SCORES).to_batches()


def score_table(table: pa.Table, model: str = "claims") -> pa.Table:
    """The same of a table in any order: its scores, in the order of ``row``."""
    in_turn = table.sort_by([("member", "ascending"), ("row", "ascending")])
    return pa.Table.from_batches(score_claims(in_turn.to_batches(), model), SCORES).sort_by("row")


def _whole_members(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The rows in tables that have all rows of each member: the last of a batch may go on in the
    next, and waits for it."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        members = batch["member"].cast(pa.binary()).to_pylist()  # perhaps not UTF-8
        begin = len(members)  # of the last member's rows
        while begin > 0 and members[begin - 1] == members[-1]:
            begin -= 1
        if begin > 0:
            yield pa.Table.from_batches([*waiting, batch.slice(0, begin)])
            waiting = []
        waiting.append(batch.slice(begin))
    if waiting:
        yield pa.Table.from_batches(waiting)


def embed_texts(batches: Iterable[pa.RecordBatch], model: str) -> Iterator[pa.RecordBatch]:
    """The vectors of texts (``EMBEDDINGS``): columns ``row`` and ``text``. A row without a text, or
    with one that cannot be read, has no vector, and says so in ``error``."""
    for batch in batches:
        texts = batch["text"].cast(pa.binary()).to_pylist()
        embedded = [_embed(_encoder(model), text) for text in texts]
        vectors, errors = zip(*embedded) if embedded else ((), ())
        yield pa.record_batch([batch["row"], list(vectors), list(errors)], schema=EMBEDDINGS)


@functools.cache
def _encoder(model: str) -> clearhead.Model:
    return clearhead.load(model)


def _embed(encoder: clearhead.Model, text: bytes | None):
    if text is None:
        return None, "the row has no text"
    try:
        return encoder.embed(text.decode()), None
    except UnicodeDecodeError as error:
        return None, f"the text is not UTF-8: {error}"
    except clearhead.Error as error:
        return None, str(error)
