"""A video in, the landmarks of every frame and an annotated video out. Runs on a drawn clip of its own."""

import numpy as np

import kerasalign
from kerasalign.datasets.miniature import draw_clip, write_clip
from kerasalign.inference.video import jitter

frames, truth = draw_clip(np.random.default_rng(0), "68", 40)
write_clip("clip.avi", frames)

# A photo of a person needs no such hint: without `detector`, the library's own finds the faces.
first = np.concatenate([truth[0].min(0), truth[0].max(0)])
model = kerasalign.load("musica19-synth")
video = model.align_video("clip.avi", detector=lambda image: [first], smooth=True, redetect_every=0)

found = video.save("clip_landmarks.mp4")
landmarks = np.stack([frame.faces[0].landmarks for frame in found if len(frame.faces)])
print(f"{len(found)} frames, {len(landmarks)} with a face; the detector was used {video.tracker.detector_runs} time(s)")
print(f"points move by {jitter(landmarks):.2f} % of the face from frame to frame; drawn in clip_landmarks.mp4")
