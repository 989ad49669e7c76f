"""SCC on a markup of five points: its graph from the annotations, fine-tuning, and the edges that it weighs.

    python examples/scc_own_points.py

The faces are drawn here and the network is small, so that it takes seconds; with published weights of scc-300w the same
lines keep all that does not depend on the points.
"""

import tempfile
from pathlib import Path

import keras
import numpy as np

import kerasalign
from kerasalign.datasets import make_miniature, read_dataset
from kerasalign.models import SCC
from kerasalign.models.scc.adjacency import build_adjacency
from kerasalign.models.scc.graph_files import top_neighbors
from kerasalign.models.scc.plots import draw_graph

keras.utils.set_random_seed(0)
# Stands for `kerasalign.load("scc-300w")`: an eighth of the channels, fewer blocks, and crops half as large.
base = SCC(markup="68", width=16, blocks=(1, 1, 1, 1), size=128)
folder = make_miniature("300w", Path(tempfile.mkdtemp()) / "300w", faces=8)


def crops_of(split):
    """Face crops and five points of the 68 in their pixels."""
    crops, points = [], []
    for sample in read_dataset("300w", folder, split):
        crop, matrix = base.crop_spec.extract(sample.read_image(), sample.box("landmarks"))
        crops.append(crop)
        points.append(base.crop_spec.to_crop(matrix, kerasalign.get_markup("68").convert(sample.landmarks, "5")))
    return np.stack(crops), np.stack(points).astype("float32")


crops, points = crops_of("train")
held_out = crops_of("common")
model = kerasalign.adapt(base, "5", points)
print(f"Edges between the five points: {build_adjacency(points).edges}")
print(model.adaptation)

model.compile(keras.optimizers.Adam(2e-3))
before = model.evaluate(*held_out, verbose=0, return_dict=True)["nme"]
model.fit(crops, points, batch_size=8, epochs=12, verbose=0)
after = model.evaluate(*held_out, verbose=0, return_dict=True)["nme"]
print(f"NME of five points on drawn faces that were held out: {before:.0f} % at the start, {after:.0f} % after")

adjacency = model.predict_adjacency(held_out[0])
print(f"The nose takes most from points {[point for point, _ in top_neighbors(adjacency.mean(0))[2]]}")
found = model.predict_crops(held_out[0])["landmarks"]
draw_graph(adjacency[0], found[0], held_out[0][0]).save("scc_edges.png")
print("Saved scc_edges.png")
