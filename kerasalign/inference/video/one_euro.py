"""Smoothing of landmarks over time: little jitter at rest, little lag in motion."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasalign.geometry import box_size, tight_box


class OneEuroFilter:
    """The One-Euro filter over the landmarks of one face: a low-pass whose cutoff rises with speed.

    Speeds are in sizes of the face (longer side of its box) per second, so that one setting serves near and far faces.

    Args:
        min_cutoff: Cutoff at rest in Hz: a lower one gives less jitter and more lag.
        beta: Increase of the cutoff with speed, in Hz per size of the face per second: a higher one gives less lag in
            motion.
        derivative_cutoff: Cutoff in Hz of the filter that smooths the speed.

    Raises:
        ValueError: If a cutoff is not positive or `beta` is negative.

    Example:

        smooth = OneEuroFilter()
        steady = [smooth(landmarks, index / 25) for index, landmarks in enumerate(sequence)]

    Reference: Casiez, Roussel, Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
    Interactive Systems", CHI 2012.
    """

    def __init__(self, min_cutoff: float = 1.0, beta: float = 15.0, derivative_cutoff: float = 1.0):
        for name, value in (("min_cutoff", min_cutoff), ("derivative_cutoff", derivative_cutoff)):
            if not value > 0:
                raise ValueError(f"`{name}` must be positive. Received: {name}={value!r}")
        if beta < 0:
            raise ValueError(f"`beta` must not be negative. Received: beta={beta!r}")
        self.min_cutoff = min_cutoff
        self.beta = beta
        self.derivative_cutoff = derivative_cutoff
        self.reset()

    def reset(self) -> None:
        """Forgets the past: the next landmarks pass unchanged."""
        self._time: float | None = None

    def fresh(self) -> OneEuroFilter:
        """A new filter with the same settings, for another face."""
        return OneEuroFilter(self.min_cutoff, self.beta, self.derivative_cutoff)

    def __call__(self, landmarks: np.ndarray, seconds: float) -> np.ndarray:
        """Smooths the landmarks of the next frame.

        Args:
            landmarks: `(N, 2)` in pixels.
            seconds: Time of the frame; it must grow from call to call.

        Returns:
            `(N, 2)` float64.
        """
        landmarks = np.asarray(landmarks, "float64")
        if self._time is None or not seconds > self._time:
            self._time, self._points, self._velocity = seconds, landmarks, np.zeros_like(landmarks)
            return landmarks.copy()
        step = seconds - self._time
        velocity = (landmarks - self._points) / step
        self._velocity = self._velocity + _share(self.derivative_cutoff, step) * (velocity - self._velocity)
        speed = np.linalg.norm(self._velocity, axis=-1, keepdims=True) / max(_size(landmarks), 1e-6)
        cutoff = self.min_cutoff + self.beta * speed
        self._points = self._points + _share(cutoff, step) * (landmarks - self._points)
        self._time = seconds
        return self._points.copy()


def jitter(landmarks: np.ndarray) -> float:
    """Jitter of a sequence: mean movement of a point from frame to frame, in percent of the face's size.

    For a face at rest it measures noise alone; for a moving one also the movement.

    Args:
        landmarks: `(T, N, 2)` in pixels, T at least 2.

    Raises:
        ValueError: If the landmarks have another shape.
    """
    landmarks = np.asarray(landmarks, "float64")
    if landmarks.ndim != 3 or len(landmarks) < 2 or landmarks.shape[-1] != 2:
        raise ValueError(f"`landmarks` must be (T, N, 2) with two frames or more. Received: shape {landmarks.shape}")
    moved = np.linalg.norm(np.diff(landmarks, axis=0), axis=-1).mean(1)
    return float(100 * np.mean(moved / [_size(face) for face in landmarks[1:]]))


def _share(cutoff: Any, step: float) -> Any:
    """Weight of a new value in a low-pass filter with a cutoff in Hz, after a step in seconds."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff * step))


def _size(landmarks: np.ndarray) -> float:
    """Longer side of the tight box of landmarks."""
    return float(box_size(tight_box(landmarks)).max())
