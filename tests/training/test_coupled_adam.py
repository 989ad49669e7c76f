import keras
import numpy as np
import pytest

from kerasalign.training import CoupledAdam


def test_decay_is_part_of_the_gradient():
    weight, other = (keras.Variable(np.array([1.0, -2.0], "float32")) for _ in range(2))
    decayed, plain = CoupledAdam(0.1, l2=0.5), keras.optimizers.Adam(0.1)
    decayed.build([weight])
    plain.build([other])
    for gradient in ([0.3, 0.1], [-0.2, 0.4], [0.0, 0.0]):
        gradient = np.array(gradient, "float32")
        total = gradient + 0.5 * np.asarray(other)
        decayed.apply([keras.ops.convert_to_tensor(gradient)])
        plain.apply([keras.ops.convert_to_tensor(total)])
    np.testing.assert_allclose(np.asarray(weight), np.asarray(other), rtol=1e-5)


def test_config_and_errors():
    twin = CoupledAdam.from_config(CoupledAdam(0.1, l2=1e-4, beta_1=0.5).get_config())
    assert (twin.l2, twin.beta_1) == (1e-4, 0.5)
    with pytest.raises(ValueError, match="Received: l2=-1"):
        CoupledAdam(0.1, l2=-1)
