"""Training from Python: as from the command line, with callbacks, and never lost."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import types

import pytest

import clearhead

RECIPE = {
    "model": {"transformer": {"layers": 1, "heads": 2, "channels": 16, "context": 16}},
    "data": {"train": ["words.txt"]},
    "tokenizer": {"kind": "characters"},
    "training": {
        "steps": 30, "batch": 4, "evaluate_every": 10, "dropout": 0.1, "average": 0.9,
        "schedule": {"kind": "linear", "learning_rate": 0.01},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    (folder / "words.txt").write_text("".join(f"{i * 7 % 10} and {i % 10}\n" for i in range(200)))
    (folder / "small.json").write_text(json.dumps(RECIPE))
    return folder


def train(folder, data, callbacks=(), recipe=RECIPE, **options):
    return clearhead.train(
        recipe, callbacks, data=data, out=folder, **{"progress": False} | options
    )


def files(folder):
    found = {p.relative_to(folder): p for p in folder.rglob("*") if p.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if path.suffix != ".svg"}


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """A run that nothing has stopped, and the steps that it reported."""
    steps = []
    return train(tmp_path_factory.mktemp("runs") / "whole", data, steps.append), steps


def test_a_run_is_that_of_the_command_line(whole, data, tmp_path):
    program = os.environ.get("CLEARHEAD_PROGRAM")
    if not program:
        pytest.skip("CLEARHEAD_PROGRAM does not say where the program is")
    subprocess.run(
        [program, "train", data / "small.json", "--data", data, "--out", tmp_path / "run"],
        check=True, capture_output=True,
    )  # fmt: skip
    assert files(whole[0].folder) == files(tmp_path / "run")


def test_what_callbacks_get(whole):
    run, steps = whole
    assert [s.step for s in steps] == list(range(1, 31)) and {s.steps for s in steps} == {30}
    rates = [0.01 * (30 - i) / 30 for i in range(30)]
    assert [s.learning_rate for s in steps] == pytest.approx(rates)
    assert all(s.gradient_norm > 0 and s.tokens == 4 * 16 for s in steps)
    assert steps[-1].loss < steps[0].loss
    evaluated = [s for s in steps if s.validation_loss is not None]
    assert [s.step for s in evaluated] == [10, 20, 30]
    assert [e.validation_loss for e in run.evaluations] == [s.validation_loss for s in evaluated]
    means = [sum(s.loss for s in steps[i : i + 10]) / 10 for i in (0, 10, 20)]
    assert [e.loss for e in run.evaluations] == pytest.approx(means)


def test_what_is_returned(whole):
    run, _ = whole
    assert (run.ending, run.step) == ("finished", 30)
    assert run.best == min(run.evaluations, key=lambda e: e.validation_loss)
    lines = (run.folder / "curves.csv").read_text().splitlines()[1:]
    assert [e.step for e in run.evaluations] == [int(line.split(",")[0]) for line in lines]
    assert run.load().generate("1", max_tokens=3)


def test_stopping_loses_nothing(whole, data, tmp_path):
    def stop(error, at):
        def callback(step):
            if step.step == at:
                raise error

        return callback

    run = train(tmp_path, data, stop(clearhead.StopTraining(), 7))
    assert (run.ending, run.step, run.evaluations, run.best) == ("stopped", 7, [], None)
    with pytest.raises(ZeroDivisionError):
        train(tmp_path, data, [lambda step: None, stop(ZeroDivisionError(), 10)])
    assert (tmp_path / "model").exists()  # the step was evaluated all the same
    seen = []
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, data, [seen.append, stop(KeyboardInterrupt(), 23)])
    assert [step.step for step in seen] == list(range(11, 24))
    assert train(tmp_path, data).ending == "finished"
    assert files(tmp_path) == files(whole[0].folder)
    assert train(tmp_path, data, lambda step: pytest.fail("it was finished")).step == 30


def test_ctrl_c_loses_nothing(whole, data, tmp_path):
    seen, pressed = [], threading.Event()
    presses = threading.Thread(
        target=lambda: pressed.wait() and os.kill(os.getpid(), signal.SIGINT), daemon=True
    )
    presses.start()

    def callback(step):
        seen.append(step.step)
        if step.step == 3:
            pressed.set()

    long = json.loads(json.dumps(RECIPE))
    long["training"]["steps"] = 1_000_000
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "long", data, callback, recipe=long)
    presses.join()
    assert 3 <= len(seen) < 1_000_000
    after = []

    def stop(step):
        after.append(step.step)
        raise clearhead.StopTraining

    run = train(tmp_path / "long", data, stop, recipe=long)
    assert after[0] - seen[-1] in (1, 2)  # what it interrupts may be the call of a callback


def test_patience(data, tmp_path):
    recipe = json.loads(json.dumps(RECIPE))
    recipe["training"] |= {"steps": 60, "patience": 2, "schedule": {"learning_rate": 0}}
    run = train(tmp_path, data, recipe=recipe)
    assert (run.ending, run.step, len(run.evaluations)) == ("out of patience", 30, 3)


def test_a_file_names_the_folder(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = clearhead.train(data / "small.json", data=data, progress=False)
    assert run.folder == pathlib.Path("runs/small") and run.folder.exists()


def test_progress(data, tmp_path, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)  # not installed
    train(tmp_path / "lines", data, progress=True)
    out, err = capfd.readouterr()
    assert out == "" and [line.split(":")[0] for line in err.splitlines()] == [
        "step 10", "step 20", "step 30",
    ]  # fmt: skip
    calls = []

    class Bar:
        def __init__(self, **options):
            calls.append(options)

        def __getattr__(self, name):
            return lambda *given, **options: calls.append(name)

    monkeypatch.setitem(sys.modules, "tqdm.auto", types.SimpleNamespace(tqdm=Bar))
    train(tmp_path / "bar", data, progress=True)
    assert calls[0] == {"initial": 0, "total": 30, "unit": "step"} and calls[-1] == "close"
    assert calls.count("update") == 30 and calls.count("write") == 3
    train(tmp_path / "silent", data)
    assert capfd.readouterr() == ("", "")


def test_wrong_calls(data, tmp_path):
    def changed(**fields):
        return RECIPE | fields

    for recipe, options, message in [
        (changed(modle={}), {}, "the recipe: .*modle"),
        (changed(training={"steps": 0}), {}, "the recipe: training.steps: .* 1"),
        (changed(data={"train": []}), {}, "the recipe: data.train: expected at least one file"),
        (changed(data={"train": ["nothing.txt"]}), {}, "nothing.txt"),
        (data / "none.json", {}, "none.json"),
        (RECIPE, {"out": None}, "out: expected a folder"),
    ]:
        with pytest.raises(clearhead.Error, match=message):
            clearhead.train(recipe, **{"data": data, "out": tmp_path / "run"} | options)
    train(tmp_path / "other", data)
    with pytest.raises(clearhead.Error, match="training.seed 1337 there and 5 here"):
        train(tmp_path / "other", data, recipe=changed(training=RECIPE["training"] | {"seed": 5}))
