"""Every preset of the manifest builds, is counted, and loads what it ships."""

import json

import pytest

import kerasalign
from kerasalign.hub import WeightsError, WeightsNotPublished, read_manifest

SHIPPED = read_manifest().presets
# Table 1 of arXiv 2108.00377, in millions.
PAPER_MACS = {
    "musica-300w": 95,
    "musica34-300w": 48,
    "musica19-300w": 26,
    "musica-wflw": 138,
    "musica49-wflw": 69,
}


@pytest.mark.parametrize("name", PAPER_MACS)
def test_multiply_adds_are_the_paper_s(name):
    told = kerasalign.info(name)
    assert told["macs_paper"] // 10**6 == PAPER_MACS[name]
    assert told["macs"] > told["macs_paper"]
    json.dumps(told)


@pytest.mark.parametrize("name", [name for name, preset in SHIPPED.items() if preset.available])
def test_published_weights_load(name):
    model = kerasalign.load(name)
    untrained = kerasalign.load(name, weights=None)
    assert any((a != b).any() for a, b in zip(model.get_weights(), untrained.get_weights()))


@pytest.mark.parametrize("name", [name for name, preset in SHIPPED.items() if not preset.available])
def test_unpublished_weights_explain_themselves(name):
    with pytest.raises(WeightsNotPublished, match=name):
        kerasalign.load(name)


@pytest.mark.parametrize("file", ["photo.jpg", "text.weights.h5"])
def test_a_file_that_holds_no_weights_is_named(tmp_path, file):
    (tmp_path / file).write_text("no weights")
    with pytest.raises(WeightsError, match=rf"{file} does not hold weights of 'musica-mobile'"):
        kerasalign.load("musica-mobile", weights=tmp_path / file)


def test_weights_of_another_preset_are_refused(tmp_path):
    path = tmp_path / "mobile.weights.h5"
    kerasalign.load("musica-mobile", weights=None).save_weights(path)
    with pytest.raises(WeightsError, match="does not hold weights of 'musica19-300w'"):
        kerasalign.load("musica19-300w", weights=path)


def test_half_precision_weights_load_into_a_float32_model(tmp_path):
    import h5py
    import numpy as np

    model = kerasalign.load("musica19-300w", weights=None)
    path, half = tmp_path / "full.weights.h5", tmp_path / "half.weights.h5"
    model.save_weights(path)
    with h5py.File(path) as full, h5py.File(half, "w") as small:

        def shrink(name, item):
            if isinstance(item, h5py.Dataset):
                # By numpy: HDF5's own float32 to float16 halves a number that rounds up to a power of two.
                small.create_dataset(name, data=item[()].astype("float16"))
            else:
                small.require_group(name).attrs.update(item.attrs)

        full.visititems(shrink)
        small.attrs.update(full.attrs)
    again = kerasalign.load("musica19-300w", weights=half)
    for a, b in zip(model.get_weights(), again.get_weights()):
        assert b.dtype == "float32"
        np.testing.assert_allclose(a, b, atol=1e-3, rtol=1e-3)
