"""Turns a training run into a preset with weights: a float16 file and the manifest entry.

    python tools/bundle_weights.py PRESET RUN --about FILE                        the weights
    python tools/bundle_weights.py PRESET --measured benchmarks/results/*.json    the numbers
    python tools/bundle_weights.py PRESET --confidence FOLDER                     the head of `kerasalign confidence`
    python tools/bundle_weights.py PRESET                                         the training curves

The first form writes PRESET.weights.h5 from RUN/best.weights.h5 and fills architecture, crop and weights of the entry
from RUN/run.json, and from FILE what no run knows: JSON with `license`, `commercial_use`, `training_data`, `training`
(how the weights came about) and, where it has one, `caution`. The weights go to weights/kerasalign_weights/, and so
into the package kerasalign-weights; with --bundled to kerasalign/weights/, and so into the wheel of kerasalign itself,
which holds nothing but small files that may be used commercially. tests/test_packaging.py has the limits of size. The
second form fills `measured` from reports of `kerasalign evaluate --out`, which must have been made with that file. The
third form takes the weights of a folder that `kerasalign confidence` wrote for the preset as it is: all weights but the
head's must be equal, so that `measured` stays true. Every form fills the `curve` of each run of `training` that names
its `card`. Then run docs/build_tables.py.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from pathlib import Path

import numpy as np

import kerasalign
from kerasalign.core.origin import PACKAGE
from kerasalign.hub.training_curve import curve_of_run
from kerasalign.models import paper_of, read_config
from kerasalign.support.files import sha256, written_beside
from kerasalign.training import save_weights
from kerasalign.training.run_card import RunCard

TOP = Path(__file__).resolve().parents[1]
MANIFEST = TOP / "weights_manifest.json"


def bundle(entry: dict, preset: str, run: Path, about: dict, bundled: bool) -> None:
    """Writes the weights file and describes it in the entry."""
    model = kerasalign.load(preset, weights=run / "best.weights.h5")
    if kerasalign.get_recipe(preset).trained_with:
        # The preset is for photos: it has no layers that only training needs.
        model = model.inference_network()
    path = TOP / ("kerasalign/weights" if bundled else "weights/kerasalign_weights") / f"{preset}.weights.h5"
    save_weights(model, path, "float16")
    config, own = model.config.to_json(), read_config(entry["architecture"]).resolved().to_json()
    # What the training faces decided; a default that was kept stays the default.
    learned = [key for key in paper_of(model).learned if config[key] != own[key]]
    entry["architecture"] |= {key: config[key] for key in learned}
    entry["crop"] = model.crop_spec.get_config()
    entry["weights"] = {
        "file": path.name,
        "source": "bundled" if bundled else PACKAGE,
        "sha256": sha256(path),
        "bytes": path.stat().st_size,
        "dtype": "float16",
        **about,
    }
    entry["measured"] = []


def measure(entry: dict, reports: list[Path]) -> None:
    """Fills `measured` from evaluation reports."""
    entry["measured"] = []
    for path in reports:
        report = json.loads(path.read_text("utf-8"))
        for evaluation in report["evaluations"]:
            entry["measured"].append(
                {
                    "protocol": evaluation["protocol"]["name"],
                    "nme": round(evaluation["nme"], 3),
                    "box_source": evaluation["protocol"]["box_source"],
                    "faces": evaluation["faces"],
                    "fr": round(evaluation["fr"], 3),
                    "auc": round(evaluation["auc"], 4),
                    "iterations": report["iterations"],
                    "command": report["command"],
                    "file": path.resolve().relative_to(TOP).as_posix(),
                }
            )


def add_confidence(entry: dict, preset: str, folder: Path) -> None:
    """Puts a taught preset's weights in the place of the preset's own, and its head into the entry."""
    old, new = kerasalign.load(preset), kerasalign.load(folder)
    kept = [weight for weight in new.weights if not weight.path.startswith("visibility/")]
    for weight, other in zip(kept, old.weights, strict=True):
        if not np.array_equal(np.asarray(weight), np.asarray(other)):
            raise SystemExit(f"{weight.path} of {folder} is not that of {preset}")
    taught = json.loads((folder / "preset.json").read_text("utf-8"))["preset"]
    weights = entry["weights"]
    path = TOP / ("kerasalign/weights" if weights["source"] == "bundled" else "weights/kerasalign_weights")
    shutil.copyfile(folder / "model.weights.h5", path / weights["file"])
    entry["architecture"]["visibility"] = True
    weights |= {key: taught["weights"][key] for key in ("sha256", "bytes", "dtype", "training_data")}
    weights["training"] = weights.get("training", {}) | {"confidence": taught["weights"]["training"]["confidence"]}


def add_curves(entry: dict) -> None:
    """Takes the training curve of each run from its card."""
    for run in entry["weights"]["training"].values():
        if isinstance(run, dict) and "card" in run:
            run["curve"] = curve_of_run(RunCard.read(TOP / run["card"]).curve)


def compact(manifest: dict) -> str:
    """JSON with every list of numbers, or of pairs of numbers, on one line."""

    def one_line(match: re.Match) -> str:
        return "[" + " ".join(match[1].split()) + "]"

    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    for item in (r"-?[\d.]+(?:e-?\d+)?", r"\[[^\[\]{}\"]+\]"):
        text = re.sub(rf"\[\s+((?:{item},\s+)*{item})\s+\]", one_line, text)
    return text + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset")
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--about", type=Path, help="JSON of license, training data and training")
    parser.add_argument("--bundled", action="store_true", help="into the wheel of kerasalign itself")
    parser.add_argument("--confidence", type=Path, help="folder that `kerasalign confidence` wrote")
    parser.add_argument("--measured", nargs="+", type=Path)
    args = parser.parse_args()
    manifest = json.loads(MANIFEST.read_text("utf-8"))
    entry = manifest["presets"][args.preset]
    if args.run:
        if args.about is None:
            parser.error("the weights of a run need --about")
        about = json.loads(args.about.read_text("utf-8"))
        if args.bundled and not about["commercial_use"]:
            parser.error("what the wheel of kerasalign holds may be used commercially, which --about denies")
        bundle(entry, args.preset, args.run, about, args.bundled)
    if args.confidence:
        add_confidence(entry, args.preset, args.confidence)
    if args.measured:
        measure(entry, args.measured)
    add_curves(entry)
    with written_beside(MANIFEST) as draft:
        draft.write_text(compact(manifest), "utf-8")


if __name__ == "__main__":
    main()
