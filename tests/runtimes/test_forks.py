"""A fork after a network of Keras was made: refused with the way out, and no hang; the other runtimes work."""

import os
import select
import time

import keras
import numpy as np
import pytest

import kerasalign
from kerasalign.runtimes import compare
from kerasalign.support.forks import ForkedNetwork
from tests.support.arrays import crops
from tests.support.cases import MODELS

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here"),
    # From Python 3.12 on it warns of what is tested here.
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning"),
]


def in_a_fork(work, seconds=20):
    """The text that `work` gives in a forked process; a process that hangs is ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, work().encode())
        finally:
            os._exit(0)
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], seconds)
        if not ready:
            os.kill(child, 9)
            return "hangs"
        return os.read(reading, 65536).decode()
    finally:
        os.close(reading)
        os.waitpid(child, 0)


def outcome(work):
    def told():
        try:
            work()
        except ForkedNetwork as error:
            return f"refused: {error}"
        except BaseException as error:
            return f"{type(error).__name__}: {error}"
        return "worked"

    return told


@pytest.fixture(scope="module")
def network():
    model = MODELS["AAN"].make()
    model.compile()
    model.predict_crops(crops(1, 32))
    return model


WORK = {
    "predict_crops": lambda model: model.predict_crops(crops(1, 32)),
    "call": lambda model: model(crops(1, 32)),
    "predict": lambda model: model.predict(crops(1, 32), verbose=0),
    "fit": lambda model: model.fit(crops(1, 32), np.linspace(5, 28, 10, dtype="float32").reshape(1, 5, 2), verbose=0),
    "evaluate": lambda model: model.evaluate(
        crops(1, 32), np.linspace(5, 28, 10, dtype="float32").reshape(1, 5, 2), verbose=0
    ),
    "build": lambda model: model.config.build(),
    "construct": lambda model: type(model)(model.config),
    "load": lambda model: kerasalign.load("musica19-synth"),
}


@pytest.mark.parametrize("name", WORK)
def test_a_network_is_refused_in_a_fork(network, name):
    told = in_a_fork(outcome(lambda: WORK[name](network)))
    assert told.startswith("refused: This process was forked")
    for way_out in ("spawn", "--preload", "runtime='onnxruntime'"):
        assert way_out in told


def test_the_parent_works_on(network):
    in_a_fork(lambda: "nothing")
    assert np.isfinite(network.predict_crops(crops(2, 32))["landmarks"]).all()


@pytest.mark.parametrize("runtime", ["onnxruntime", "litert"])
def test_a_runtime_works_in_a_fork(preset, runtime):
    """It is used before the fork as well, so that its threads run."""
    model, images = kerasalign.load(preset, runtime=runtime), crops(4, 32)
    wanted = model.predict_crops(images)

    def work():
        start = time.monotonic()
        error = compare(wanted, model.predict_crops(images)).max_error
        return f"{error:.6f} in {time.monotonic() - start:.1f} s"

    assert in_a_fork(work).startswith("0.000000 in ")


def test_processes_that_are_spawned_may_make_networks():
    """They begin with neither network nor threads: the module's state says so."""
    import subprocess
    import sys

    code = "from kerasalign.support import forks; forks.note_network(); print(forks._state)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "{'made': True, 'forked': False}"
    assert keras.backend.backend()
