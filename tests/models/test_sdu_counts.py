"""Every row of SDU's Table 1 by its config: exact sizes."""

import json
import math

import keras
import pytest
from keras import KerasTensor, layers

from kerasalign.models.sdu import SDU, TABLE_1, SDUConfig, stacks, topologies

# Total and trainable parameters at 68 points; nearest upsampling has none.
SIZES = {
    "Hourglass1-Resnet": (3439876, 3423236),
    "Hourglass2-Resnet": (6617928, 6586440),
    "Hourglass2-Inception-Resnet": (9594120, 9549864),
    "Hourglass2-HPM": (12125512, 12097864),
    "Hourglass2-CAB": (11650408, 11624584),
    "Hourglass2-HPM (3 steps)": (9681736, 9659464),
    "Hourglass2-CAB (3 steps)": (9307624, 9286792),
    "U-Net2-CAB": (9059176, 9035912),
    "DLA2-CAB": (25844456, 25803912),
    "SAT(I)2-CAB": (32934632, 32887944),
    "SAT(II)2-CAB (3 steps)": (20740968, 20709512),
    "SAT(III)2-CAB (3 steps)": (10119016, 10094728),
    "Dense U-Net + STN": (29105926, 29081254),
    "Dense U-Net + Inside": (12244162, 12219874),
    "Dense U-Net + Outside": (10119016, 10094728),
    "Dense U-Net + Dual": (12244162, 12219874),
}
VARIANTS = [
    (TABLE_1["U-Net2-CAB"] | {"lateral": "identity"}, (8526696, 8507528)),
    (TABLE_1["Dense U-Net + Outside"] | {"deformable": 1}, (10750586, 10726298)),
    (TABLE_1["Dense U-Net + Outside"] | {"deformable": 2}, (11612592, 11588304)),
    (TABLE_1["Dense U-Net + STN"] | {"deformable": 0}, (26980780, 26956108)),
    (TABLE_1["Dense U-Net + Outside"] | {"gate": True}, (10119016, 10094728)),
]
# Megabytes that Table 1 prints, cut off behind the point: of 10^6 bytes, with 1024 fixed weights for each enlargement
# and about 40 kB that are none.
PRINTED = {
    "Hourglass1-Resnet": 13,
    "Hourglass2-Resnet": 26,
    "Hourglass2-Inception-Resnet": 38,
    "Hourglass2-HPM": 48,
    "Hourglass2-CAB": 46,
    "Hourglass2-HPM (3 steps)": 38,
    "Hourglass2-CAB (3 steps)": 37,
    "U-Net2-CAB": 36,
    "DLA2-CAB": 103,
    "SAT(I)2-CAB": 131,
    "SAT(II)2-CAB (3 steps)": 83,
    "SAT(III)2-CAB (3 steps)": 38,
    "Dense U-Net + STN": 116,
    "Dense U-Net + Inside": 49,
    "Dense U-Net + Outside": 38,
    "Dense U-Net + Dual": 49,
}
# Printed as 38 MB, as which they are of 2^20 bytes alone.
BINARY = {"SAT(III)2-CAB (3 steps)", "Dense U-Net + Outside"}
# Megabytes of float32 of one topology, 1024 fixed weights for each of four enlargements included, as released.
TOPOLOGIES = {"DLA2-CAB": 48.71, "SAT(I)2-CAB": 62.89}


def test_built_networks_have_these_sizes():
    for row in ("Hourglass1-Resnet", "Dense U-Net + Dual"):
        model = SDU(**TABLE_1[row])
        sizes = [sum(math.prod(w.shape) for w in ws) for ws in (model.weights, model.trainable_weights)]
        assert tuple(sizes) == SIZES[row]


class Ledger:
    """Counts the parameters of layers as a network is laid out, and builds those that are alike once."""

    def __init__(self):
        self.known = {}
        self.entries = []

    def kind(self, layer_class):
        def make(*args, name, dtype=None, **options):
            def call(x):
                one = x[0] if isinstance(x, list) else x
                key = (layer_class, args, json.dumps(options, default=str), tuple(one.shape))
                if key not in self.known:
                    layer = layer_class(*args, **options)
                    out = layer(x)
                    sizes = [sum(math.prod(w.shape) for w in ws) for ws in (layer.weights, layer.trainable_weights)]
                    self.known[key] = sizes, out
                sizes, out = self.known[key]
                self.entries.append((name, sizes))
                return keras.tree.map_structure(lambda tensor: KerasTensor(tensor.shape, tensor.dtype), out)

            return call

        return make

    def total(self, part=""):
        return tuple(sum(sizes[i] for name, sizes in self.entries if name.startswith(part)) for i in (0, 1))


@pytest.fixture(scope="module")
def ledger():
    """A ledger that stands in for every layer of the network."""
    with pytest.MonkeyPatch.context() as patch:
        found = Ledger()
        for module in (stacks, topologies):
            for name, value in list(vars(module).items()):
                if isinstance(value, type) and issubclass(value, keras.layers.Layer):
                    patch.setattr(module, name, found.kind(value))
            patch.setattr(
                module,
                "layers",
                type(
                    "layers",
                    (),
                    {
                        name: staticmethod(found.kind(getattr(layers, name)))
                        for name in ("Activation", "Add", "Conv2D", "MaxPooling2D", "ReLU", "ZeroPadding2D")
                    },
                ),
            )
        yield found


def lay_out(ledger, **fields):
    ledger.entries = []
    stacks.stacked_network(KerasTensor((None, 128, 128, 3)), SDUConfig(**fields).resolved())
    return ledger.total()


def test_all_rows_are_here():
    assert set(TABLE_1) == set(SIZES)


@pytest.mark.parametrize("row", TABLE_1)
def test_size_of_a_row(ledger, row):
    assert lay_out(ledger, **TABLE_1[row]) == SIZES[row]
    if row in TOPOLOGIES:
        rest = [ledger.total(part)[0] for part in ("stack0_unit", "stack0_features", "stack0_maps")]
        assert 4e-6 * (ledger.total("stack0")[0] - sum(rest) + 4 * 1024) == pytest.approx(TOPOLOGIES[row], abs=0.005)


@pytest.mark.parametrize("row", TABLE_1)
def test_a_size_is_the_printed_one(row):
    settings = TABLE_1[row]
    depth = SDUConfig(**settings).depth
    size = 4 * (SIZES[row][0] + 1024 * depth * settings["stacks"]) + 40_000
    assert int(size / (2**20 if row in BINARY else 1e6)) == PRINTED[row]


@pytest.mark.parametrize(("config", "size"), VARIANTS)
def test_size_of_a_variant(ledger, config, size):
    assert lay_out(ledger, **config) == size
