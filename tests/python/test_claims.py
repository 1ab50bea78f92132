"""Claims as tables: read from files, scored as the command line scores them."""

import csv
import ctypes
import os
import pathlib
import subprocess

import pytest

import clearhead
from clearhead import claims

pyarrow = pytest.importorskip("pyarrow")
compute = pytest.importorskip("pyarrow.compute")

EXAMPLES = pathlib.Path(__file__).parent.parent.parent / "examples" / "claims"


@pytest.fixture(autouse=True)
def audit_log(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARHEAD_AUDIT_LOG", str(tmp_path / "audit.jsonl"))
    return tmp_path / "audit.jsonl"


@pytest.fixture()
def table():
    return pyarrow.table(claims.read(EXAMPLES).table)


@pytest.fixture()
def few(table):
    return table.slice(0, 20)


def test_read(audit_log):
    read = claims.read(EXAMPLES)
    assert read.refusals == []
    assert repr(read) == "<clearhead.claims.ReadClaims: 96 claims, 0 refused>"
    table = pyarrow.table(read.table)
    assert table.column_names == read.table.column_names == ["claim", "member", "json"]
    assert table.num_rows == len(read.table) == 96
    assert table["claim"].to_pylist() == read.table["claim"]
    assert '"claim":"C0000596"' in read.table["json"][0]
    assert '"python claims.read"' in audit_log.read_text()


def test_scores_are_those_of_the_command_line(table, tmp_path, audit_log):
    program = os.environ.get("CLEARHEAD_PROGRAM")
    if not program:
        pytest.skip("CLEARHEAD_PROGRAM does not say where the program is")
    out = tmp_path / "scores.csv"
    subprocess.run(
        [program, "claims", "score", "--data", EXAMPLES, "--out", out, "--order", "input"],
        check=True, capture_output=True,
    )  # fmt: skip
    scores = pyarrow.table(claims.score(table)).to_pylist()
    with out.open() as file:
        expected = list(csv.DictReader(file))
    assert len(scores) == len(expected) == table.num_rows
    for ours, theirs in zip(scores, expected):
        assert ours["claim"] == theirs["claim"] and ours["error"] is None
        assert ours["evidence_line"] == int(theirs["evidence_line"] or 0)
        for kind in ("score", "code", "combination", "units", "amount", "duplicate"):
            assert f"{ours[kind]:.4f}" == theirs[kind], (ours, theirs)
    assert '"python claims.score"' in audit_log.read_text()


def test_order_and_batches_do_not_matter(few):
    scores = claims.score(few)
    batches = pyarrow.Table.from_batches(few.to_batches(max_chunksize=7))
    assert claims.score(batches)["score"] == scores["score"]
    turned = claims.score(few.take(list(range(few.num_rows - 1, -1, -1))))
    assert sorted(turned["claim"]) == sorted(scores["claim"])
    assert claims.score(few.slice(5, 10))["claim"] == scores["claim"][5:15]


def test_scores_do_not_depend_on_other_members(table):
    scores = pyarrow.table(claims.score(table)).append_column("member", table["member"])
    for member in table["member"].unique():
        rows = compute.equal(table["member"], member)
        alone = pyarrow.table(claims.score(table.filter(rows)))
        assert alone == scores.filter(rows).drop_columns("member")


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view"])
def test_types_of_text(few, kind):
    json = few["json"].cast(getattr(pyarrow, kind)())
    assert claims.score(pyarrow.table({"json": json}))["score"] == claims.score(few)["score"]


def test_one_bad_row_costs_a_row(few):
    json = few["json"].to_pylist()
    good = claims.score(few)["score"]
    broken = [json[0], "{", None, "", '{"claim": "C9", "lines": 5}', "[]", *json[1:]]
    scores = claims.score(pyarrow.table({"json": broken}))
    assert [s is None for s in scores["score"][:7]] == [False] + [True] * 5 + [False]
    assert all(error for error in scores["error"][1:6])
    assert scores["error"][0] is None and scores["claim"][4] == "C9"
    assert [scores["score"][0]] + scores["score"][6:] == good


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_others(few, library):
    others = pytest.importorskip(library)
    frame = few.to_pandas() if library == "pandas" else others.from_arrow(few)
    assert claims.score(frame)["score"] == claims.score(few)["score"]


def test_no_rows():
    assert len(claims.score(pyarrow.table({"json": pyarrow.array([], pyarrow.string())}))) == 0


def test_wrong_tables(few):
    for wrong, message in [
        (5, "__arrow_c_stream__"),
        (few.drop_columns("json"), "no column json; it has claim, member"),
        (pyarrow.table({"json": [1, 2]}), 'expected texts .* got Arrow\'s type "l"'),
    ]:
        with pytest.raises(clearhead.Error, match=message):
            claims.score(wrong)
    with pytest.raises(clearhead.Error, match="there are: claims"):
        claims.score(few, "nothing")
    with pytest.raises(clearhead.Error):
        claims.read("no/such/file.csv")


def test_a_model_is_opened_once():
    assert claims.load() is claims.load("claims")
    assert claims.load().folder.name == "claims"


END = [
    ("children", ctypes.POINTER(ctypes.c_void_p)),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
    ("private_data", ctypes.c_void_p),
]


class ArrowSchema(ctypes.Structure):
    _fields_ = [("texts", ctypes.c_void_p * 3), ("numbers", ctypes.c_int64 * 2), *END]


class ArrowArray(ctypes.Structure):
    _fields_ = [("numbers", ctypes.c_int64 * 5), ("buffers", ctypes.c_void_p), *END]


def test_columns_may_leave_their_batch():
    """Arrow's C data interface: a child may be moved out, and its parent released at once."""
    table = claims.read(EXAMPLES).table
    capsule = table.__arrow_c_stream__()
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    stream = pointer_of(capsule, b"arrow_array_stream")
    get = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    functions = (ctypes.c_void_p * 2).from_address(stream)
    moved = []
    for kind, function in zip([ArrowSchema, ArrowArray], functions):
        parent, child = kind(), kind()
        assert get(function)(stream, ctypes.byref(parent)) == 0
        size = ctypes.sizeof(kind)
        ctypes.memmove(ctypes.byref(child), parent.children[2], size)
        last = kind.from_address(parent.children[2])
        ctypes.memset(ctypes.addressof(last) + kind.release.offset, 0, kind.release.size)
        parent.release(ctypes.byref(parent))
        moved.append(child)
    schema, array = moved
    column = pyarrow.Array._import_from_c(ctypes.addressof(array), ctypes.addressof(schema))
    assert column.to_pylist() == table["json"]
