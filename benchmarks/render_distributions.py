"""How renders and annotated photographs differ: openings of eyes and mouths, poses, places of jaw and brows.

    python benchmarks/render_distributions.py PHOTOS ... --head ICT-FaceKit --label after --out FILE

Reads every `.pts` file of 68 points below the folders, and labels scenes without rendering them. A result that is there
keeps what other labels measured: run it under an older version with `--label before` to compare. Lengths are units of
the distance of the outer corners of the eyes; places are means over nearly frontal faces, in the frame of the eyes.
"""

import argparse
import json
import shlex
import sys
from pathlib import Path

import numpy as np

from kerasalign.datasets.pts import read_pts
from kerasalign.markups import get_markup
from kerasalign.support.files import write_json
from kerasalign.synth.dataset.series import Series, label_series
from kerasalign.synth.rendering.picture import VERSION

QUANTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)
#: Yaw proxies below these are nearly frontal faces, and faces whose two eyes are seen well.
FRONTAL, SEEN = 0.25, 0.4
#: An eye, and a mouth, that is less open than this is shut.
SHUT_EYE, SHUT_MOUTH = 0.1, 0.02


def in_frame(points: np.ndarray) -> np.ndarray:
    """`(F, 68, 2)` points with the middle of the eyes at the origin, the eyes level, and their distance 1."""
    right, left = points[:, 36], points[:, 45]
    along = left - right
    size = np.linalg.norm(along, axis=1)[:, None]
    along, moved = along / size, points - ((left + right) / 2)[:, None]
    down = np.stack([-along[:, 1], along[:, 0]], -1)
    return np.stack([(moved * axis[:, None]).sum(-1) for axis in (along, down)], -1) / size[:, None]


def measures(points: np.ndarray) -> dict[str, np.ndarray]:
    """Each measure of `(F, 68, 2)` faces, `(F,)` or `(2 * F,)`."""

    def distance(a: int, b: int) -> np.ndarray:
        return np.linalg.norm(points[:, a] - points[:, b], axis=1)

    eyes = [
        (distance(a, b) + distance(c, d)) / 2 / distance(e, f)
        for a, b, c, d, e, f in ((37, 41, 38, 40, 36, 39), (43, 47, 44, 46, 42, 45))
    ]
    frame = in_frame(points)
    right, left = frame[:, 30, 0] + 0.5, 0.5 - frame[:, 30, 0]
    axis = points[:, 45] - points[:, 36]
    return {
        "eye_opening": np.concatenate(eyes),
        "mouth_opening": distance(62, 66) / distance(48, 54),
        "yaw_proxy": (right - left) / (np.abs(right) + np.abs(left)),
        "pitch_proxy": frame[:, 30, 1] / frame[:, 57, 1],
        "roll_degrees": np.rad2deg(np.arctan2(axis[:, 1], axis[:, 0])),
        "chin_below_eyes": frame[:, 8, 1],
    }


def places(points: np.ndarray) -> np.ndarray:
    """`(68, 2)` mean places of nearly frontal faces and their mirror images."""
    frame = in_frame(points[np.abs(measures(points)["yaw_proxy"]) < FRONTAL])
    mirrored = get_markup("68").mirror(frame, 1)
    return np.concatenate([frame, mirrored]).mean(0)


def described(points: np.ndarray) -> dict:
    """Quantiles and shares of a set of faces."""
    turned = np.abs(measures(points)["yaw_proxy"])
    seen = measures(points[turned < SEEN])
    out = {"faces": len(points), "share_seen_well": round(float((turned < SEEN).mean()), 3)}
    for name, values in (measures(points) | {k: seen[k] for k in ("eye_opening", "mouth_opening")}).items():
        out[name] = {
            "mean": round(float(values.mean()), 4),
            "quantiles": dict(zip(map(str, QUANTILES), np.percentile(values, QUANTILES).round(4).tolist())),
        }
    out["eyes_shut"] = round(float((seen["eye_opening"] < SHUT_EYE).mean()), 4)
    out["mouths_shut"] = round(float((seen["mouth_opening"] < SHUT_MOUTH).mean()), 4)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path, help="folders of .pts files of photographs")
    parser.add_argument("--head", help="ICT-FaceKit checkout or compact .npz; by default the analytic head")
    parser.add_argument("--count", type=int, default=1000, help="scenes")
    parser.add_argument("--label", default="after", help="name of this measurement in the result")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/render_distributions.json"))
    options = parser.parse_args()
    files = sorted(file for folder in options.photos for file in folder.rglob("*.pts"))
    photos = np.array([read_pts(file, 68) for file in files])
    renders = label_series(Series(seed=7, head=options.head), range(options.count)).astype("float64")
    apart = 100 * (places(renders) - places(photos))
    result = json.loads(options.out.read_text("utf-8")) if options.out.is_file() else {}
    result |= {
        "quantiles": list(QUANTILES),
        "photos": described(photos),
        options.label: described(renders)
        | {
            "renderer": VERSION,
            "command": shlex.join(["python", *(Path(a).name if "/" in a else a for a in sys.argv)]),
            "jaw_off_percent": apart[:9].round(2).tolist(),
            "brow_off_percent": apart[17:22].round(2).tolist(),
        },
    }
    write_json(options.out, result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
