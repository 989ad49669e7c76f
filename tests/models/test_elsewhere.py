"""The same models in another process and on another backend."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.support import forward
from tests.support.arrays import crops
from tests.support.cases import MODELS, set_known_weights


@pytest.fixture(scope="module")
def here():
    """What TensorFlow computes; others are compared with it."""
    return forward.cases()


def run(*arguments, backend="tensorflow"):
    top = Path(__file__).parents[2]
    environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.forward", *map(str, arguments)],
        env=environment,
        cwd=top,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_saved_model_is_bit_equal_in_a_fresh_process(tmp_path):
    wanted = {}
    for number, case in enumerate(MODELS.values()):
        model = case.make()
        set_known_weights(model)
        model.save(tmp_path / f"{number}.keras")
        out = model(crops(2, model.crop_spec.size))
        wanted |= {f"{number}/{key}": np.asarray(value) for key, value in out.items()}
    run("saved", tmp_path, tmp_path / "out.npz")
    found = np.load(tmp_path / "out.npz")
    assert set(found) == set(wanted)
    for key, value in wanted.items():
        np.testing.assert_array_equal(found[key], value, err_msg=key)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_computes_and_trains_the_same(backend, here, tmp_path):
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    run("cases", tmp_path / "out.npz", backend=backend)
    found = np.load(tmp_path / "out.npz")
    assert set(found) == set(here)
    for key, value in here.items():
        if "/gradients/" not in key:
            np.testing.assert_allclose(found[key], value, rtol=2e-3, atol=2e-3, err_msg=key)
    wrong = {}
    for name in sorted({key.split("/gradients/")[0] for key in here if "/gradients/" in key}):
        both = ({k: v for k, v in out.items() if k.startswith(f"{name}/gradients/")} for out in (found, here))
        wrong |= wrong_gradients(*both)
    assert not wrong


def wrong_gradients(found, wanted) -> dict[str, tuple[float, float]]:
    """Error and size of those gradients of one model that differ by more than rounding, each weight apart.

    Rounding moves them by 1e-4 of their size at most. SCC's adjacency is the exception, with 1.3e-3: it normalizes over
    three faces whose averages are nearly equal.
    """
    # Some are zero but for rounding, such as those of a bias before a normalization: they have no digits to compare.
    # Float32 sums leave 5e-7 of the whole there, and 7e-6 where oneDNN uses AVX-512.
    total = np.sqrt(sum((value**2).sum() for value in wanted.values()))
    wrong = {}
    for key, value in wanted.items():
        error, size = np.linalg.norm(found[key] - value), np.linalg.norm(value)
        if not error <= (1e-2 if "/adjacency/" in key else 1e-3) * size + 1e-5 * total:
            wrong[key] = error, size
    return wrong
