import keras
import numpy as np
import pytest

from kerasalign.training import CoupledSGD


def test_decay_goes_through_the_momentum():
    weight = keras.Variable(np.array([1.0, -2.0], "float32"))
    optimizer = CoupledSGD(0.1, l2=0.5, momentum=0.9)
    optimizer.build([weight])
    expected, velocity = np.array([1.0, -2.0]), np.zeros(2)
    for gradient in ([0.3, 0.1], [-0.2, 0.4], [0.0, 0.0]):
        optimizer.apply([keras.ops.convert_to_tensor(np.array(gradient, "float32"))])
        velocity = 0.9 * velocity - 0.1 * (np.array(gradient) + 0.5 * expected)
        expected = expected + velocity
    np.testing.assert_allclose(np.asarray(weight), expected, rtol=1e-5)


def test_config_and_errors():
    optimizer = CoupledSGD(0.1, l2=1e-3, momentum=0.5)
    twin = CoupledSGD.from_config(optimizer.get_config())
    assert (twin.l2, twin.momentum) == (1e-3, 0.5)
    with pytest.raises(ValueError, match="Received: l2=-1"):
        CoupledSGD(0.1, l2=-1)
