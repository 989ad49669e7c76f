"""Writes the pictures of the site into docs/images: `build_pictures.py PHOTOS [--head HEAD]`.

PHOTOS is what `kerasalign.example_photos("photos")` makes: `group.jpg` and `portraits/`, in the public domain. HEAD is
a checkout of ICT-FaceKit, or its compact form; without one the rendered pictures stay as they are. The charts come from
benchmarks/results. `--only NAME ...` writes some of the pictures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pictures import charts, faces, rendered

from kerasalign.synth import ict_facekit

IMAGES = Path(__file__).resolve().parent / "images"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--head", type=Path)
    parser.add_argument("--only", nargs="*", help="names of pictures")
    args = parser.parse_args()

    writers = {
        "charts": lambda: charts.save_charts(IMAGES),
        "group": lambda: faces.save_group(args.photos, IMAGES),
        "cascade": lambda: faces.save_cascade(args.photos, IMAGES),
        "boundaries": lambda: faces.save_boundaries(args.photos, IMAGES),
        "attention": lambda: faces.save_attention(args.photos, IMAGES),
        "heatmaps": lambda: faces.save_heatmaps(args.photos, IMAGES),
        "crops": lambda: faces.save_crops(args.photos, IMAGES),
    }
    if args.head:
        head = ict_facekit(args.head)
        writers["clip"] = lambda: rendered.save_clip(head, IMAGES)
        writers["graph"] = lambda: rendered.save_graph(head, args.photos, IMAGES)
    for name in args.only or writers:
        writers[name]()


if __name__ == "__main__":
    main()
