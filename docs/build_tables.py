"""Writes docs/zoo.md, weights/LICENSE.txt and the tables of README.md and of the pages: `python docs/build_tables.py`.

They come from the manifest and from benchmarks/results; sizes are counted on the networks, which are built for it.
"""

from __future__ import annotations

import re
from pathlib import Path

from page_tables import (
    accuracy,
    confidence,
    detection,
    exports,
    own_points,
    pose,
    reliability,
    reproduce,
    robustness,
    scale,
    speed,
    terms,
    which,
    zoo,
)
from page_tables.rows import TOP

PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
BLOCK = re.compile(r"<!-- (\w+)([ \w-]*): made by docs/build_tables.py -->.*?<!-- /\1 -->", re.DOTALL)
# What stands in the opening comment of a block, and the function that writes the block.
TABLES = {
    "which": which.which_table,
    "which_short": which.short_table,
    "beside": which.beside_table,
    "accuracy_peers": which.peers_table,
    "latency": speed.latency_table,
    "scc": speed.scc_table,
    "export": exports.export_table,
    "peers": speed.peers_table,
    "group_photo": speed.group_photo_table,
    "default": accuracy.default_table,
    "exports": exports.exports_table,
    "cold_start": speed.cold_start_table,
    "detector": detection.detector_table,
    "boxes": detection.boxes_table,
    "whole_photos": detection.whole_photos_table,
    "whole_turned": detection.whole_turned_table,
    "min_score": detection.min_score_table,
    "refine": detection.refine_table,
    "turned": detection.turned_table,
    "photos": accuracy.photos_table,
    "ablation": accuracy.ablation_table,
    "video": speed.video_table,
    "runtimes": speed.runtimes_table,
    "training": speed.training_table,
    "throughput": speed.throughput_table,
    "renderer": accuracy.renderer_table,
    "short_runs": accuracy.short_runs_table,
    "lw_bafa": accuracy.lw_bafa_table,
    "errors": robustness.errors_table,
    "thresholds": robustness.thresholds_table,
    "false_finds": robustness.false_finds_table,
    "robustness": robustness.robustness_table,
    "faults": reliability.faults_table,
    "pose": pose.pose_table,
    "own_points": own_points.own_points_table,
    "early_exit": accuracy.early_exit_table,
    "reproduce": reproduce.reproduce_table,
    "rows": reproduce.rows_table,
    "pose_labels": pose.labels_table,
    "confidence": confidence.confidence_table,
    "confidence_photos": confidence.photos_table,
    "cost": scale.cost_table,
    "distributed": scale.distributed_table,
    "serving": scale.serving_table,
    "data_parallel": scale.data_parallel_table,
}


def updated(page: Path) -> str:
    """The text of a page with the tables of today between its markers."""

    def write_block(block: re.Match) -> str:
        name, arguments = block[1], block[2]
        table = TABLES[name](*arguments.split())
        return f"<!-- {name}{arguments}: made by docs/build_tables.py -->\n{table}\n<!-- /{name} -->"

    return BLOCK.sub(write_block, page.read_text("utf-8"))


if __name__ == "__main__":
    (TOP / "docs" / "zoo.md").write_text(zoo.zoo_page(), "utf-8")
    (TOP / "weights" / "LICENSE.txt").write_text(terms.license_text(), "utf-8")
    for page in PAGES:
        page.write_text(updated(page), "utf-8")
