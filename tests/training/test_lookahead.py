import keras
import numpy as np
import pytest

from kerasalign.training.lookahead import Lookahead


def one_weight():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.array([[1.0]], "float32")])
    return model


def train(model, steps):
    for _ in range(steps):
        model.train_on_batch(np.ones((1, 1)), np.full((1, 1), -3.0))
    return float(model.get_weights()[0][0, 0])


def test_goes_back_on_the_last_step_of_each_period_only():
    plain, ahead = one_weight(), one_weight()
    plain.compile(keras.optimizers.Adam(0.1), loss="mse")
    ahead.compile(Lookahead(0.1, sync_period=3, slow_step_size=0.25), loss="mse")
    assert train(ahead, 2) == pytest.approx(train(plain, 2), rel=1e-6)
    assert train(ahead, 1) == pytest.approx(1.0 + 0.25 * (train(plain, 1) - 1.0), rel=1e-6)


def test_weights_loaded_after_build_are_the_ones_to_go_back_to():
    model = one_weight()
    model.compile(Lookahead(0.1, sync_period=1, slow_step_size=0.5), loss="mse")
    model.optimizer.build(model.trainable_variables)
    model.set_weights([np.array([[7.0]], "float32")])
    # Adam's first step is as long as the learning rate; half of it stays.
    assert train(model, 1) == pytest.approx(7.0 - 0.05, rel=1e-5)


def test_a_saved_run_goes_on_where_it_was(tmp_path):
    through, first, second = one_weight(), one_weight(), one_weight()
    for model in (through, first, second):
        model.compile(Lookahead(0.1, sync_period=4), loss="mse")
    expected = train(through, 9)
    train(first, 5)
    first.save_weights(tmp_path / "state.weights.h5")
    second.optimizer.build(second.trainable_variables)
    second.load_weights(tmp_path / "state.weights.h5")
    assert train(second, 4) == pytest.approx(expected, rel=1e-6)


def test_config_round_trip():
    optimizer = Lookahead(0.01, sync_period=4, slow_step_size=0.8, beta_1=0.8)
    twin = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert isinstance(twin, Lookahead)
    assert twin.get_config() == optimizer.get_config()


@pytest.mark.parametrize(
    ("name", "value"), [("sync_period", 0), ("sync_period", 2.5), ("slow_step_size", 0.0), ("slow_step_size", 1.1)]
)
def test_settings_out_of_range(name, value):
    with pytest.raises(ValueError, match=rf"`{name}` must be .* Received: {name}={value}"):
        Lookahead(**{name: value})
