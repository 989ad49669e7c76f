"""A paper's ablation on one short, equal schedule: trains every row, measures it on the test faces; prints JSON.

    python benchmarks/ablation.py PRESET --data DIR --work DIR [--rows NAME ...] [--steps N] [--out FILE]

Rows that were trained before are taken from the work folder, and a row that was interrupted goes on there. Of networks
that estimate their own error the result holds early exit too, beside random exit.
"""

import argparse
import logging
import os
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from common import finish

from kerasalign.core.profile import profile
from kerasalign.evaluation import evaluate_model
from kerasalign.evaluation.early_exit import cascade_errors, sweep
from kerasalign.hub import get_recipe

# Settings of the recipe; `model` holds arguments of the network.
ROWS = {
    "musica": {
        "paper": {},
        "no local patch attention": {"model": {"local_attention": False}},
        "balanced by pose (PDB)": {"balance": "pdb"},
        "not balanced": {"balance": "none"},
        "inverted bottlenecks": {"model": {"extractor": "inverted_bottleneck"}},
        "global attention, FC": {"model": {"global_attention": "fc"}},
        "global attention, GCN": {"model": {"global_attention": "gcn"}},
    },
    "aan": {
        "paper": {},
        "no attention": {"model": {"attention": False}},
        "no embedding": {"model": {"embedding": None}},
        "neither": {"model": {"attention": False, "embedding": None}},
    },
}


def measure(model, data: str, protocol: str, name: str) -> dict:
    """Test numbers of a trained row."""
    report = evaluate_model(model, data, [protocol], name=name)
    row = {
        "nme": round(float(report.evaluations[0].nme), 4),
        "faces": len(report.evaluations[0].nmes),
        "parameters": profile(model).parameters,
    }
    if hasattr(model, "with_thresholds"):
        errors = cascade_errors(model, data, protocol, name=name)
        gain = sweep(errors).gain_over_random()
        row |= {
            "nme_of_iterations": [round(float(value), 4) for value in errors.nmes.mean(0)],
            "early_exit": {key: round(value, 4) for key, value in asdict(gain).items()},
        }
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset")
    parser.add_argument("--data", required=True, help="folder of its data set")
    parser.add_argument("--work", required=True, help="folder of the runs")
    parser.add_argument("--rows", nargs="*", help="by default all of the paper's")
    parser.add_argument("--protocol", default="300w-common-inter_pupil")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--augment", help="augmentation preset; by default the recipe's")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO)

    recipe = get_recipe(args.preset).with_settings(
        steps=args.steps,
        schedule="cosine",
        augment=args.augment,
        precision=args.precision,
        seed=args.seed,
    )
    known = ROWS[recipe.paper]
    unknown = sorted(set(args.rows or ()) - set(known))
    if unknown:
        parser.error(f"rows of {args.preset} are {list(known)}, not {unknown}")
    rows = {}
    for name in args.rows or known:
        change = dict(known[name])
        model = recipe.model.replace(**change.pop("model", {}))
        row = recipe.with_settings(model=model, **change)
        folder = Path(args.work) / name.replace(" ", "-")
        trained = row.fit(args.data, folder, cache_dir=Path(args.work) / "crops", verbose=2)
        rows[name] = measure(trained, args.data, args.protocol, f"{args.preset}, {name}")
    finish(
        {
            "preset": args.preset,
            "protocol": args.protocol,
            "steps": args.steps,
            "batch_size": recipe.batch_size,
            "augment": recipe.augment,
            "precision": args.precision,
            "seed": args.seed,
            "rows": rows,
        },
        args.out,
    )


if __name__ == "__main__":
    main()
