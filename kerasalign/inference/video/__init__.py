"""Faces in videos: detected once, followed from frame to frame, smoothed and drawn."""

from kerasalign.inference.video.frames import VideoSource
from kerasalign.inference.video.one_euro import OneEuroFilter, jitter
from kerasalign.inference.video.tracker import FaceTracker, Track
from kerasalign.inference.video.video import Video, VideoFrame, align_video
from kerasalign.inference.video.writer import VideoWriter

__all__ = [
    "FaceTracker",
    "OneEuroFilter",
    "Track",
    "Video",
    "VideoFrame",
    "VideoSource",
    "VideoWriter",
    "align_video",
    "jitter",
]
