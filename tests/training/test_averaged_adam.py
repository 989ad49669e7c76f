import keras
import numpy as np

from kerasalign.training import AveragedAdam, averaged_weights


def one_weight():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.array([[1.0]], "float32")])
    return model


def test_average_follows_tensorflows_warm_up():
    model = one_weight()
    model.compile(AveragedAdam(0.1, decay=0.5), loss="mse")
    average = 1.0
    for step in range(30):
        model.train_on_batch(np.ones((1, 1)), np.full((1, 1), -3.0))
        # Keras takes the first value as it is; after that the decay is that of the step.
        decay = min(0.5, (1 + step) / (10 + step)) if step else 0.0
        average = decay * average + (1 - decay) * float(model.get_weights()[0][0, 0])
    last = model.get_weights()[0].copy()
    with averaged_weights(model):
        np.testing.assert_allclose(model.get_weights()[0], [[average]], rtol=1e-5)
    np.testing.assert_array_equal(model.get_weights()[0], last)


def test_config_round_trip():
    optimizer = AveragedAdam(keras.optimizers.schedules.CosineDecay(1e-3, 10), decay=0.99, epsilon=1e-8)
    twin = AveragedAdam.from_config(optimizer.get_config())
    assert twin.get_config() == optimizer.get_config()
    assert twin.use_ema


def test_averaged_weights_of_another_optimizer_are_the_weights():
    model = one_weight()
    model.compile("adam", loss="mse")
    with averaged_weights(model):
        assert model.get_weights()[0] == 1.0
