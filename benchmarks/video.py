"""How much landmarks tremble on a still face, and how far smoothing lags behind a moving one.

    python benchmarks/video.py [OUT.json]

A portrait by NASA stands still under fresh sensor noise in every frame, or slides sideways; `musica19-300w` follows
it.
"""

import json
import platform
import sys
from pathlib import Path

import numpy as np
from skimage import data

import kerasalign
from kerasalign.geometry import warp
from kerasalign.inference.video import jitter

FRAMES, FPS, NOISE = 75, 25.0, 6.0


def clip(speed: float) -> np.ndarray:
    """Frames of the portrait, `speed` pixels further right in each."""
    photo, rng = data.astronaut()[:300, 60:420], np.random.default_rng(0)
    frames = []
    for index in range(FRAMES):
        moved = warp(photo, np.array([[1, 0, speed * index - 40], [0, 1, 0]]), (360, 300))
        frames.append(np.clip(moved + rng.normal(0, NOISE, moved.shape), 0, 255).astype("uint8"))
    return np.stack(frames)


def follow(model, frames: np.ndarray, smooth: bool) -> tuple[np.ndarray, int]:
    """Landmarks of every frame, and how often the detector was used."""
    video = model.align_video(frames, smooth=smooth, fps=FPS, max_faces=1)
    return np.stack([frame.faces[0].landmarks for frame in video]), video.tracker.detector_runs


def main() -> None:
    model = kerasalign.load("musica19-300w")
    still, moving = clip(0.0), clip(1.0)
    found = {smooth: follow(model, still, smooth) for smooth in (False, True)}
    paths = {smooth: follow(model, moving, smooth)[0] for smooth in (False, True)}
    size = np.ptp(paths[False][0], axis=0).max()
    report = {
        "model": "musica19-300w",
        "frames": FRAMES,
        "fps": FPS,
        "noise": NOISE,
        "detector_used": found[False][1],
        "jitter_percent_of_face": {
            name: round(jitter(found[on][0][10:]), 4) for name, on in (("no smoothing", False), ("One-Euro", True))
        },
        "speed_faces_per_second": round(FPS / size, 3),
        "lag_percent_of_face": round(100 * float((paths[False] - paths[True])[25:, :, 0].mean()) / size, 3),
        "machine": platform.machine(),
    }
    print(json.dumps(report, indent=1))
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(report, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
