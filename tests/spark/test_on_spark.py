"""examples/spark on a real cluster of two executor processes: its results are those of one machine,
also when an executor is killed in the middle."""

import json
import os
import pathlib
import signal
import sys

import pytest

pytest.importorskip("pyspark", reason="PySpark is not installed: scripts/setup --for ci does")

import pyarrow as pa
from clearhead import claims
from pyspark import cloudpickle
from pyspark.sql import SparkSession, functions

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path += [str(ROOT / "examples" / "spark"), str(ROOT / "tests" / "python")]
import on_spark
import rows
from tiny_models import write_tiny_model

# Workers cannot import this file, so its functions are sent whole.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark")
    os.environ |= {
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_WORKER_DIR": str(folder / "work"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "CLEARHEAD_AUDIT_LOG": str(folder / "audit.jsonl"),
    }
    quick_start = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.extraJavaOptions": quick_start,
        "spark.executor.extraJavaOptions": quick_start,
        "spark.executor.memory": "512m",
        "spark.executorEnv.PYTHONPATH": os.environ["PYTHONPATH"],
        "spark.executorEnv.CLEARHEAD_AUDIT_LOG": os.environ["CLEARHEAD_AUDIT_LOG"],
        "spark.local.dir": str(folder / "local"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.scheduler.minRegisteredResourcesRatio": "1",  # both executors take part
        "spark.sql.execution.arrow.maxRecordsPerBatch": "5",  # members go on in the next batch
    }
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").config(map=settings)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    on_spark.send_code(session)
    yield session
    session.stop()


@pytest.fixture(scope="module")
def table():
    """Claims of which two cannot be read."""
    os.environ.setdefault("CLEARHEAD_AUDIT_LOG", os.devnull)
    read = pa.table(claims.read(ROOT / "examples" / "claims").table)
    bad = pa.table({"claim": ["C9", None], "member": [read["member"][3].as_py(), None],
                    "json": ["{", None]})  # fmt: skip
    return rows.numbered(pa.concat_tables([read.slice(0, 50), bad, read.slice(50)]))


def in_order(table: pa.Table) -> list[dict]:
    return table.sort_by("row").to_pylist()


def on_one_machine(table: pa.Table) -> list[dict]:
    return rows.score_table(table).to_pylist()


def executor() -> int:
    """The process of the executor that this worker belongs to."""
    process = os.getpid()
    while b"CoarseGrainedExecutorBackend" not in pathlib.Path(
        f"/proc/{process}/cmdline"
    ).read_bytes():
        status = pathlib.Path(f"/proc/{process}/status").read_text()
        process = int(status.split("PPid:")[1].split()[0])
    return process


def test_one_bad_row_costs_a_row(table):
    scores = on_one_machine(table)
    assert [row["row"] for row in scores] == list(range(table.num_rows))
    assert [row["row"] for row in scores if row["error"]] == [50, 51]
    assert [row["row"] for row in scores if row["score"] is None] == [50, 51]
    without = pa.concat_tables([table.slice(0, 50), table.slice(52)])
    assert on_one_machine(without) == scores[:50] + scores[52:]


def test_scores_do_not_depend_on_batches(table):
    scores = on_one_machine(table)
    in_turn = table.sort_by([("member", "ascending"), ("row", "ascending")])
    for size in (1, 7):
        batches = in_turn.to_batches(max_chunksize=size)
        assert in_order(pa.Table.from_batches(rows.score_claims(batches))) == scores
    assert list(rows.score_claims([])) == []


def test_what_is_not_utf_8_costs_its_row(table, tmp_path):
    def with_bytes(name, row, value):
        column = table[name].cast(pa.binary()).to_pylist()
        column[row] = value
        wrong = pa.array(column, pa.binary()).view(pa.string())
        return table.set_column(table.column_names.index(name), name, wrong)

    scores = on_one_machine(table)
    for changed in (with_bytes("json", 7, b"{\xff}"), with_bytes("member", 7, b"M\xff")):
        batches = changed.to_batches()
        given = list(rows.score_claims(batches))
        assert sum(batch.num_rows for batch in given) == len(scores)
    model = str(write_tiny_model("bert-sentence", tmp_path))
    texts = pa.array([b"a b c", b"caf\xe9"], pa.binary()).view(pa.string())
    [batch] = rows.embed_texts(rows.numbered(pa.table({"text": texts}), 5).to_batches(), model)
    assert batch["row"].to_pylist() == [5, 6]
    assert batch["error"][0].as_py() is None and "not UTF-8" in batch["error"][1].as_py()


def test_claims_without_members_are_divided(spark, table):
    nobodys = pa.nulls(table.num_rows, pa.string())
    frame = spark.createDataFrame(
        table.set_column(table.column_names.index("member"), "member", nobodys)
    )
    scores = on_spark.score_claims(frame, partitions=4).withColumn(
        "partition", functions.spark_partition_id()
    ).toArrow()
    assert len(set(scores["partition"].to_pylist())) > 1
    assert sorted(scores["row"].to_pylist()) == list(range(table.num_rows))


def test_members_are_scored_together(table, tmp_path, monkeypatch):
    log = tmp_path / "audit.jsonl"
    monkeypatch.setenv("CLEARHEAD_AUDIT_LOG", str(log))
    members = pa.array([f"M{i // 10}" for i in range(table.num_rows)])
    on_one_machine(table.set_column(table.column_names.index("member"), "member", members))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["command"] for line in lines] == ["python claims.score"] * 2
    # The last member of a batch may go on in the next, and is scored when it is known not to.
    assert [line["claims"] + line["refusals"] for line in lines] == [90, table.num_rows - 90]


@pytest.mark.parametrize("partitions", [1, 5])
def test_scores_are_those_of_one_machine(spark, table, partitions):
    frame = spark.createDataFrame(table).repartition(3, "claim")
    scores = on_spark.score_claims(frame, partitions=partitions).toArrow()
    assert in_order(scores) == on_one_machine(table)


def test_texts(spark, tmp_path):
    texts = pa.table({"text": ["a b c", None, "d", "", "a b c " * 100, "q r s", "d"]})
    model = str(write_tiny_model("bert-sentence", tmp_path))
    vectors = in_order(
        on_spark.embed_texts(
            spark.createDataFrame(rows.numbered(texts)).repartition(3), model
        ).toArrow()
    )
    batches = rows.numbered(texts).to_batches()
    assert vectors == in_order(pa.Table.from_batches(rows.embed_texts(batches, model)))
    assert [row["row"] for row in vectors] == list(range(len(texts)))
    assert [row["row"] for row in vectors if row["error"]] == [1]
    assert vectors[1]["embedding"] is None and len(vectors[0]["embedding"]) > 1
    assert vectors[2]["embedding"] == vectors[6]["embedding"] != vectors[0]["embedding"]


def test_a_model_is_opened_once_an_executor(spark, table):
    def opened(batches):
        scored = sum(batch.num_rows for batch in rows.score_claims(batches))
        yield pa.record_batch(
            {"executor": [executor()], "process": [os.getpid()],
             "opened": [claims._load.cache_info().misses], "scored": [scored]}
        )  # fmt: skip

    frame = spark.createDataFrame(table).repartition(6, "member")
    frame = frame.sortWithinPartitions("member", "row")
    columns = "executor long, process long, opened long, scored long"
    seen = frame.mapInArrow(opened, columns).toArrow().to_pylist()
    assert len(seen) == 6 and sum(row["scored"] for row in seen) == table.num_rows
    assert len({row["executor"] for row in seen}) == 2
    assert len({row["process"] for row in seen}) == 2
    assert all(row["opened"] == 1 for row in seen if row["scored"])


def test_a_killed_executor(spark, table, tmp_path):
    """In the middle of a partition. What it had is made again, shuffled claims too."""
    killed = tmp_path / "killed"

    def score(batches):
        for batch in rows.score_claims(batches):
            yield batch
            if 60 in batch["row"].to_pylist() and not killed.exists():
                killed.write_text(str(executor()))
                os.kill(executor(), signal.SIGKILL)

    frame = spark.createDataFrame(table).repartition(6, "member")
    frame = frame.sortWithinPartitions("member", "row")
    scores = frame.mapInArrow(score, on_spark.from_arrow_schema(rows.SCORES)).toArrow()
    assert not pathlib.Path("/proc", killed.read_text()).exists()
    assert in_order(scores) == on_one_machine(table)
