"""Photos a second of `model.align`, frames a second of a video, and where the time goes; prints JSON.

    python benchmarks/throughput.py PHOTOS [--preset musica19-synth] [--runtime onnxruntime] [--detector kerasalign]
        [--weights FILE] [--count 64] [--side 640] [--threads 2] [--rounds 5] [--stream 0] [--video 0] [--note TEXT]
        [--out FILE]

Photos of the folder are brought to `--side` pixels along their longer side and saved as JPEG in a temporary folder.
Their faces are found once; runs with boxes are given these. Steps are timed one after the other in one thread,
milliseconds a photo: decoding, searching photo by photo and several together, cutting crops, landmarks in batches of
32. Runs are of whole `align` calls: each photo by itself, and all as a list; they take turns in every round, and
medians count. With `--stream N` an iterator of N photos is aligned too, with a box that costs nothing, and the resident
memory is noted after a tenth of them and at the end. With `--video N` a video of N frames, the portrait by NASA that
slides over gray, is followed and its drawn copy written: frame after frame by hand, without threads, and by
`align_video(...).save`. `--weights` are those of the library's own detector, by default the bundled ones.
"""

import argparse
import itertools
import os
import tempfile
import time
from pathlib import Path
from statistics import median

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from common import finish, load_pinned, medians, pin_threads
from PIL import Image

from kerasalign.inference import KerasAlignDetector, get_detector
from kerasalign.inference.video import FaceTracker, VideoSource, VideoWriter
from kerasalign.inference.video.video import Video
from kerasalign.runtimes.crops import PORTRAIT
from kerasalign.support.images import list_images, load_image

TOGETHER, BATCH = 4, 32


def prepared(folder: str, count: int, side: int, target: Path) -> list[Path]:
    """JPEG copies of the first photos of a folder."""
    files = []
    for number, source in enumerate(list_images(folder, recursive=True)[:count]):
        photo = Image.fromarray(load_image(source))
        photo.thumbnail((side, side))
        files.append(target / f"{number:05}.jpg")
        photo.save(files[-1], quality=92)
    return files


def in_groups(items: list, size: int) -> list[list]:
    """Consecutive groups."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def timed(times: dict, name: str, run):
    """Runs a step and notes its seconds."""
    start = time.perf_counter()
    result = run()
    times.setdefault(name, []).append(time.perf_counter() - start)
    return result


def steps(model, detector, files: list[Path], rounds: int) -> dict[str, float]:
    """Median milliseconds a photo of each step."""
    times, spec = {}, model.crop_spec
    box_map = detector.map_to(spec.box)
    for turn in range(rounds + 1):
        noted = times if turn else {}
        photos = timed(noted, "decode", lambda: [load_image(file) for file in files])
        found = timed(noted, "detect_one_by_one", lambda p=photos: [detector.detect(photo) for photo in p])
        timed(
            noted,
            f"detect_{TOGETHER}_together",
            lambda p=photos: [detector.detect_many(group) for group in in_groups(p, TOGETHER)],
        )
        crops = timed(
            noted,
            "crop",
            lambda p=photos, f=found: [
                spec.extract(photo, box_map(face.box), face.angle)[0] for photo, faces in zip(p, f) for face in faces
            ],
        )
        if crops:
            timed(noted, "landmarks", lambda c=crops: model.predict_crops(np.stack(c), batch_size=BATCH))
    return {name: round(1e3 * median(seconds) / len(files), 2) for name, seconds in times.items()}


def resident() -> float:
    """Megabytes of this process in memory."""
    line = next(line for line in Path("/proc/self/status").read_text("utf-8").splitlines() if line.startswith("VmRSS"))
    return round(int(line.split()[1]) / 1024, 1)


def stream(model, files: list[Path], count: int) -> dict:
    """Resident memory while an iterator of many photos is aligned."""

    def middle(photo: np.ndarray) -> list:
        height, width = photo.shape[:2]
        return [(width / 4, height / 4, width * 3 / 4, height * 3 / 4)]

    start, early, done = time.perf_counter(), 0.0, 0
    for done, _ in enumerate(model.align(itertools.islice(itertools.cycle(files), count), detector=middle), start=1):
        if done == max(count // 10, 1):
            early = resident()
    return {
        "photos": done,
        "resident_mb_after_a_tenth": early,
        "resident_mb_at_the_end": resident(),
        "photos_per_second": round(done / (time.perf_counter() - start), 1),
    }


def write_portrait(path: Path, frames: int, side: int) -> None:
    """A video in which the bundled portrait slides to the right and back."""
    portrait = load_image(PORTRAIT)
    room = max(2 * side - portrait.shape[1], 1)
    with VideoWriter(path, 25) as writer:
        for index in range(frames):
            frame = np.full((max(side, portrait.shape[0]), room + portrait.shape[1], 3), 128, "uint8")
            place = 2 * index % (2 * room)
            left = min(place, 2 * room - place)
            frame[: portrait.shape[0], left : left + portrait.shape[1]] = portrait
            writer.write(frame)


def by_hand(model, detector, source: Path, target: Path) -> None:
    """A drawn video without any thread: a frame is read, followed, drawn and written before the next one is."""
    video = Video(VideoSource(iter(image for _, image in VideoSource(source))), FaceTracker(model, detector))
    with VideoWriter(target, 25) as writer:
        for frame in video:
            writer.write(frame.draw())


def videos(model, detector, folder: Path, frames: int, side: int, rounds: int) -> dict:
    """Frames a second of a drawn video, with and without threads."""
    source, target = folder / "portrait.avi", folder / "drawn.mp4"
    write_portrait(source, frames, side)
    wall, cpu = medians(
        {
            "by hand": lambda: by_hand(model, detector, source, target),
            "save": lambda: model.align_video(source, detector=detector).save(target, progress=False),
        },
        rounds,
        warm_up=1,
    )
    return {
        "frames": frames,
        "frames_per_second": {name: round(frames / seconds, 1) for name, seconds in wall.items()},
        "cpu_ms_per_frame": {name: round(1e3 * seconds / frames, 2) for name, seconds in cpu.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", help="folder of photos, with its sub-folders")
    parser.add_argument("--preset", default="musica19-synth")
    parser.add_argument("--runtime", default="onnxruntime", help="keras, onnxruntime or litert")
    parser.add_argument("--detector", default="kerasalign")
    parser.add_argument("--weights", help="of the library's own detector")
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--side", type=int, default=640)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stream", type=int, default=0, help="photos of an iterator, to watch the memory")
    parser.add_argument("--video", type=int, default=0, help="frames of a video")
    parser.add_argument("--note", default="", help="kept in the result")
    parser.add_argument("--out", help="JSON file")
    args = parser.parse_args()

    pin_threads(args.threads)
    model = load_pinned(args.preset, args.runtime, args.threads)
    detector = get_detector(args.detector, args.runtime)
    if args.weights:
        detector = KerasAlignDetector(args.weights, runtime=args.runtime)
    with tempfile.TemporaryDirectory() as folder:
        files = prepared(args.photos, args.count, args.side, Path(folder))
        if not files:
            parser.error(f"there are no photos in {args.photos}")
        to_crop = detector.map_to(model.crop_spec.box)
        faces = [[to_crop(face.box) for face in detector.detect(load_image(file))] for file in files]
        split = steps(model, detector, files, args.rounds)
        wall, cpu = medians(
            {
                "detector, one by one": lambda: [model.align(file, detector=detector) for file in files],
                "detector, a list": lambda: model.align(files, detector=detector, progress=False),
                "boxes, one by one": lambda: [model.align(file, boxes=boxes) for file, boxes in zip(files, faces)],
                "boxes, a list": lambda: model.align(files, boxes=faces, progress=False),
            },
            args.rounds,
            warm_up=1,
        )
        streamed = stream(model, files, args.stream) if args.stream else None
        filmed = videos(model, detector, Path(folder), args.video, args.side, args.rounds) if args.video else None
    finish(
        {
            "note": args.note,
            "preset": args.preset,
            "runtime": args.runtime,
            "detector": args.detector,
            "photos": len(files),
            "faces": sum(map(len, faces)),
            "side": args.side,
            "threads": args.threads,
            "rounds": args.rounds,
            "ms_per_photo_by_step": split,
            "photos_per_second": {name: round(len(files) / seconds, 2) for name, seconds in wall.items()},
            "cpu_ms_per_photo": {name: round(1e3 * seconds / len(files), 2) for name, seconds in cpu.items()},
            "list_over_one_by_one": {
                kind: round(wall[f"{kind}, one by one"] / wall[f"{kind}, a list"], 2) for kind in ("detector", "boxes")
            },
            "stream": streamed,
            "video": filmed,
        },
        args.out,
    )


if __name__ == "__main__":
    main()
