"""What each part of the face renderer buys: trains on renders without it, measures on real test faces; prints JSON.

    python benchmarks/renderer.py --head ICT-FaceKit --data 300w --work DIR [--rows NAME ...] [--out FILE]

Every row renders the same number of pictures of the same people with one thing changed, trains the same network on
them by the same schedule from the same start, and is measured on the same test faces. "everything" stands three times,
once trained anew on the same pictures by another seed, once with pictures of other people: a difference that is not
larger than between the first two means nothing. Rows that were trained before are taken from the work folder, and a row
that was interrupted goes on there.
"""

import argparse
import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from common import finish

from kerasalign.evaluation import evaluate_model
from kerasalign.hub import get_recipe
from kerasalign.synth import SceneConfig
from kerasalign.synth.dataset.series import Series, write_series
from kerasalign.synth.rendering.picture import VERSION


@dataclass(frozen=True)
class OwnPoints(Series):
    """A series whose landmarks are the head model's own vertices, not moved to where annotators click."""

    def load_head(self):
        head = super().load_head()
        return replace(head, name=f"{head.name}, own points")


# Changes of the scene; `series` is another kind of series, `people` and `seed` are other seeds, of the pictures and of
# training, and `pictures` names the row whose pictures are taken.
FRONTAL, PLAIN = SceneConfig.preset("frontal"), SceneConfig.preset("plain")
NARROW_POSES = ("yaw", "yaw_tail", "yaw_limit", "pitch", "pitch_tail", "roll", "roll_tail")
BARE = (
    "skin_detail",
    "hair",
    "beard",
    "glasses",
    "headwear",
    "occluders",
    "covered",
    "face_paint",
    "hard_light",
    "degrade",
    "extremes",
)
ROWS = {
    "everything": {},
    "everything, trained anew": {"seed": 1, "pictures": "everything"},
    "everything, another seed": {"seed": 1, "people": 1},
    "the head's own points": {"series": OwnPoints},
    "no hair, no hats": {"hair": 0.0, "headwear": 0.0},
    "a perfect camera": {"degrade": 0.0, "extremes": 0.0},
    "neutral faces": {"expression": 0.0},
    "soft painted light": {"hard_light": 0.0, "environments": 0.0},
    "nearly frontal": {name: getattr(FRONTAL, name) for name in NARROW_POSES},
    "proportions of the scans": {"proportions": 0.0, "children": 0.0, "identity_spread": (1.0, 1.0)},
    "plain skin, no beards": {"skin_detail": 0.0, "beard": 0.0},
    "nothing in front": {"glasses": 0.0, "occluders": 0.0, "covered": 0.0},
    "painted backgrounds": {"photographs": 0.0},
    "bare heads": {name: getattr(PLAIN, name) for name in BARE},
}


def _folder(work: str, row: str) -> Path:
    return Path(work) / row.replace(",", "").replace(" ", "-")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="musica19-synth")
    parser.add_argument("--head", required=True, help="ICT-FaceKit checkout or compact .npz")
    parser.add_argument("--data", required=True, help="folder of 300W")
    parser.add_argument("--work", required=True, help="folder of the pictures and runs")
    parser.add_argument("--backgrounds", help="folder of photographs without faces")
    parser.add_argument("--environments", help="environment maps")
    parser.add_argument("--rows", nargs="*", help="by default all")
    parser.add_argument("--protocol", default="300w-common-inter_ocular")
    parser.add_argument("--count", type=int, default=2500, help="pictures of a row")
    parser.add_argument("--size", type=int, default=192, help="their side")
    parser.add_argument("--steps", type=int, default=2400, help="800 were far too few to compare by")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--augment", default="musica-calm")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO)

    unknown = sorted(set(args.rows or ()) - set(ROWS))
    if unknown:
        parser.error(f"rows are {list(ROWS)}, not {unknown}")
    rows = {}
    for name in args.rows or ROWS:
        change = dict(ROWS[name])
        kind, people, seed = change.pop("series", Series), change.pop("people", 0), change.pop("seed", 0)
        folder, drawn = (_folder(args.work, row) for row in (name, change.pop("pictures", name)))
        scene = SceneConfig(**{"backgrounds": args.backgrounds, "environment_maps": args.environments} | change)
        write_series(kind(people, args.size, args.head, scene), args.count, drawn / "pictures", args.workers)
        recipe = get_recipe(args.preset).with_settings(
            steps=args.steps,
            steps_per_epoch=args.steps // 4,
            batch_size=args.batch_size,
            schedule="cosine",
            augment=args.augment,
            precision=args.precision,
            seed=seed,
        )
        trained = recipe.fit(drawn / "pictures", folder / "run", cache_dir=drawn / "crops", verbose=2)
        found = evaluate_model(trained, args.data, [args.protocol], name=name).evaluations[0]
        rows[name] = {
            "nme": round(float(found.nme), 4),
            "faces": len(found.nmes),
            "parts": {part: round(float(value), 4) for part, value in found.parts.items()},
        }
        logging.info("%s: %.3f %%", name, found.nme)
    finish(
        {
            "preset": args.preset,
            "protocol": args.protocol,
            "renderer": VERSION,
            "count": args.count,
            "size": args.size,
            "steps": args.steps,
            "batch_size": args.batch_size,
            "augment": args.augment,
            "precision": args.precision,
            "rows": rows,
        },
        args.out,
    )


if __name__ == "__main__":
    main()
