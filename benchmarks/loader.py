"""Speed and memory of the training loader on generated faces; prints JSON.

Compares, in images per CPU second (so that it hardly matters what else the machine does):

* `loader`: `FaceLoader` with every augmentation switched on, one thread;
* `opencv_loop`: a bare loop of `cv2.warpAffine`, `cv2.LUT`, a rectangle of noise and, for every second face,
  grayscale; maps, tables and rectangles are made beforehand, landmarks and the photo's outline are ignored;
* `opencv_loop_rgba`: the same with the four-channel warp that the loader uses;
* `tf_data`: `tf.data` with `ImageProjectiveTransformV3` and grayscale, maps made beforehand, no color tables.

    python benchmarks/loader.py --out benchmarks/results/loader.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import cv2
import numpy as np

from kerasalign.data import AugmentConfig, CropCache, FaceLoader, build_cache
from kerasalign.datasets.sample import FaceSample
from kerasalign.geometry import CropSpec
from kerasalign.markups import get_markup

FULL = AugmentConfig(geometric=1.0)


def generated_cache(count: int, spec: CropSpec, directory: str) -> CropCache:
    """Crops of smooth noise with noisy mean shapes."""
    rng = np.random.default_rng(0)
    side = spec.size / spec.scale
    mean = get_markup("68").mean_shape
    photos = [
        cv2.GaussianBlur(rng.integers(0, 256, (int(3 * side),) * 2 + (3,), "uint8"), (0, 0), 3) for _ in range(16)
    ]
    samples = []
    for i in range(count):
        points = mean * side + 1.5 * side + rng.normal(0, 0.02 * side, mean.shape)
        samples.append(FaceSample(Path(f"generated-{i}"), points, "68", str(i)))
    return build_cache(samples, spec, directory, reader=lambda s: photos[int(s.name) % 16], progress=False)


def rates(runs: dict, images: dict[str, int], rounds: int) -> dict:
    """Median images per CPU second and per second over some rounds, after one that is not counted.

    Contestants take turns in every round, so that a busy spell of the machine hits all of them.
    """
    cpu, wall = ({name: [] for name in runs} for _ in range(2))
    for turn in range(rounds + 1):
        for name, run in runs.items():
            cpu_start, start = time.process_time(), time.perf_counter()
            run()
            if turn:
                cpu[name].append(images[name] / (time.process_time() - cpu_start))
                wall[name].append(images[name] / (time.perf_counter() - start))
    return {
        name: {
            "images_per_cpu_second": round(statistics.median(cpu[name]), 1),
            "images_per_second": round(statistics.median(wall[name]), 1),
        }
        for name in runs
    }


def some_maps(count: int, wide: int, size: int) -> list[np.ndarray]:
    """Maps of the kind that augmentation makes."""
    rng = np.random.default_rng(1)
    maps = []
    for _ in range(count):
        angle = np.deg2rad(rng.uniform(-30, 30))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        linear = np.diag([rng.uniform(0.6, 1.4), 1.0]) @ turn
        maps.append(np.column_stack([linear, (size - 1) / 2 - linear @ np.full(2, (wide - 1) / 2)]))
    return maps


def opencv_loop(cache: CropCache, size: int, rgba: bool):
    """The least work that gives warped, jetted, partly covered crops of which half are gray."""
    n = len(cache)
    maps = some_maps(n, cache.spec.size, size)
    rng = np.random.default_rng(2)
    tables = rng.integers(0, 256, (n, 256, 1, 3), "uint8")
    # Sides as augmentation draws them: up to half of a turned and sheared picture, a quarter on average.
    places = (rng.random((n, 2)) * size).astype(int)
    sides = 1 + (rng.random((n, 2)) * 0.6 * cache.spec.size).astype(int)

    images = np.empty((n, size, size, 3), "uint8")

    def run() -> None:
        for i in range(n):
            crop = cache.crops[i]
            if rgba:
                crop = cv2.cvtColor(crop, cv2.COLOR_RGB2RGBA)
            image = cv2.warpAffine(crop, maps[i], (size, size), flags=cv2.INTER_LINEAR)
            if rgba:
                image = cv2.cvtColor(image, cv2.COLOR_RGBA2RGB)
            image = cv2.LUT(image, tables[i])
            (x, y), (w, h) = places[i], sides[i]
            region = image[max(y - h // 2, 0) : y + h // 2, max(x - w // 2, 0) : x + w // 2]
            region[:] = np.frombuffer(rng.bytes(region.size), "uint8").reshape(region.shape)
            if i % 2:
                image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
            images[i] = image

    return run


def tf_data(cache: CropCache, size: int, batch: int):
    """TensorFlow's own projective transform on batches."""
    import tensorflow as tf

    n = len(cache) // batch * batch
    inverses = [np.linalg.inv(np.vstack([m, [0, 0, 1]])).ravel()[:8] for m in some_maps(n, cache.spec.size, size)]
    inverses = np.asarray(inverses, "float32")

    def warp(crops, transforms):
        images = tf.raw_ops.ImageProjectiveTransformV3(
            images=crops,
            transforms=transforms,
            output_shape=[size, size],
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode="CONSTANT",
        )
        half = batch // 2
        gray = tf.image.grayscale_to_rgb(tf.image.rgb_to_grayscale(images[:half]))
        return tf.concat([gray, images[half:]], 0)

    rows = tf.data.Dataset.from_tensor_slices((cache.crops[:n], inverses)).batch(batch, drop_remainder=True)
    data = rows.map(warp)

    def run() -> None:
        for _ in data:
            pass

    return run


def memory(count: int, epochs: int, size: int) -> dict:
    """Private memory after every epoch; pages of the memory-mapped file are the system's to drop."""
    spec = CropSpec(size, 1.6)
    with tempfile.TemporaryDirectory() as folder:
        cache = generated_cache(count, spec, folder + "/cache")
        loader = FaceLoader(cache, spec, augment=FULL, batch_size=64)
        after = []
        for epoch in range(epochs):
            loader.set_epoch(epoch)
            for i in range(len(loader)):
                loader[i]
            after.append(private_memory())
    return {
        "faces": count,
        "crop": size,
        "private_mb_after_epoch": after,
        "growth_mb_after_first_epoch": round(after[-1] - after[0], 2),
    }


def private_memory() -> float:
    """Resident memory of this process that is backed by no file, in MB (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return round(int(line.split()[1]) / 1024, 2)
    raise RuntimeError("/proc/self/status has no RssAnon: memory is measured on Linux")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=512, help="faces of the speed test")
    parser.add_argument("--size", type=int, default=256, help="crop in pixels")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--memory-faces", type=int, default=5000)
    parser.add_argument("--memory-epochs", type=int, default=10)
    parser.add_argument("--memory-size", type=int, default=96, help="crop of the memory test in pixels")
    parser.add_argument("--note", default="", help="kept in the result")
    parser.add_argument("--out", type=Path, help="also write the JSON there")
    args = parser.parse_args()

    result = {
        "command": shlex.join(["python", *sys.argv]),
        "note": args.note,
        "versions": {"python": platform.python_version(), "opencv": cv2.__version__, "numpy": np.__version__},
        "cores": os.cpu_count(),
        "load_average_before": os.getloadavg()[0],
        "memory": memory(args.memory_faces, args.memory_epochs, args.memory_size),
    }
    spec = CropSpec(args.size, 1.6)
    with tempfile.TemporaryDirectory() as folder:
        cache = generated_cache(args.faces, spec, folder + "/cache")

        def loaded(config, threads):
            loader = FaceLoader(cache, spec, augment=config, batch_size=args.batch, threads=threads)

            def run() -> None:
                for i in range(len(loader)):
                    loader[i]

            return run

        runs = {
            "loader": loaded(FULL, 1),
            "loader_two_threads": loaded(FULL, 2),
            "loader_musica_preset": loaded(AugmentConfig(), 1),
            "opencv_loop": opencv_loop(cache, args.size, False),
            "opencv_loop_rgba": opencv_loop(cache, args.size, True),
            "tf_data": tf_data(cache, args.size, args.batch),
        }
        speed = rates(runs, dict.fromkeys(runs, args.faces // args.batch * args.batch), args.rounds)
    import tensorflow

    result["versions"]["tensorflow"] = tensorflow.__version__
    ours = speed["loader"]["images_per_cpu_second"]
    result |= {
        "crop": args.size,
        "cached_crop": cache.spec.size,
        "speed": speed,
        "loader_over": {
            name: round(ours / speed[name]["images_per_cpu_second"], 3)
            for name in ("opencv_loop", "opencv_loop_rgba", "tf_data")
        },
        "load_average_after": os.getloadavg()[0],
    }
    text = json.dumps(result, indent=1)
    print(text)
    if args.out:
        beside = args.out.with_name(args.out.name + ".part")
        beside.write_text(text + "\n", "utf-8")
        beside.replace(args.out)


if __name__ == "__main__":
    main()
