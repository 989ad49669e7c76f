"""Pictures of what the networks find in faces, on portraits in the public domain."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from PIL import Image, ImageOps

import kerasalign
from kerasalign.models.aan.plots import attention_sheet
from kerasalign.models.lw_bafa.plots import boundary_montage
from kerasalign.models.musica.plots import attention_map, cascade_sheet
from kerasalign.models.sdu.plots import coherence_sheet
from kerasalign.recognition import align_faces
from kerasalign.support.images import list_images, load_image

# T_s of the cascade's picture, in percent: between the portraits' estimates, so that faces quit at different times.
THRESHOLD = 4.5


def save_group(photos: Path, folder: Path) -> None:
    """`group.jpg`: several people in one photo; `group_pose.jpg`, their poses; `card.jpg`, for links to the site."""
    model = kerasalign.load("musica19-synth", runtime="onnxruntime")
    faces = model.align(photos / "group.jpg")
    drawn = faces.draw()
    drawn.save(folder / "group.jpg", quality=85)
    ImageOps.fit(drawn, (1200, 630)).save(folder / "card.jpg", quality=75)
    faces.draw(points=False, curves=False, boxes=True, axes=True).save(folder / "group_pose.jpg", quality=80)


def save_cascade(photos: Path, folder: Path) -> None:
    """`early_exit.jpg` and `patches.jpg`: the cascade of MuSiCa on portraits, and the attention of its patches."""
    model = kerasalign.load("musica19-300w")
    crops = _portraits(model, photos, slice(6))
    out = model.predict_crops(crops)
    sheet = cascade_sheet(crops, out["cascade_landmarks"], out["cascade_error"], THRESHOLD, model.markup, tile=200)
    sheet.save(folder / "early_exit.jpg", quality=80)
    heat = attention_map(
        np.asarray(out["attention"]).mean(0), model.config.mean_shape, model.config.patches, model.markup, tile=300
    )
    heat.save(folder / "patches.jpg", quality=80)


def save_boundaries(photos: Path, folder: Path) -> None:
    """`boundary_maps.jpg`: every boundary that LW-BAFA predicts, a tile each."""
    model = kerasalign.load("lwbafa128-300w")
    crops = _portraits(model, photos, slice(1, 2))
    maps = model.predict_crops(crops)["boundaries"][0][-1]
    boundary_montage(crops[0], maps, model.markup, columns=7, tile=130).save(folder / "boundary_maps.jpg", quality=80)


def save_attention(photos: Path, folder: Path) -> None:
    """`attention.jpg`: the attention maps of AAN on three portraits."""
    model = kerasalign.load("aan-300w")
    crops = _portraits(model, photos, slice(3))
    attention_sheet(crops, model.attention_maps(crops)).save(folder / "attention.jpg", quality=80)


def save_heatmaps(photos: Path, folder: Path) -> None:
    """`heatmaps.jpg`: the heatmaps of SDU on three portraits, before and after a transformation."""
    model = kerasalign.load("sdusmall-300w")
    crops = _portraits(model, photos, slice(3))
    keras.utils.set_random_seed(0)
    coherence_sheet(model, crops).save(folder / "heatmaps.jpg", quality=80)


def save_crops(photos: Path, folder: Path) -> None:
    """`crops.jpg`: faces cut out upright, as a recognition model takes them."""
    crops = align_faces(photos / "group.jpg", kerasalign.load("musica19-synth", runtime="onnxruntime"))
    Image.fromarray(np.hstack(list(crops))).save(folder / "crops.jpg", quality=85)


def _portraits(model: kerasalign.LandmarkModel, photos: Path, chosen: slice) -> np.ndarray:
    """`(B, S, S, 3)` uint8: the first face of each of these portraits, as the model takes it."""
    portraits = [load_image(path) for path in list_images(photos / "portraits")[chosen]]
    first = [faces[0] for faces in model.align(portraits)]
    return np.stack([model.crop_spec.extract(p, face.box, face.angle)[0] for p, face in zip(portraits, first)])
