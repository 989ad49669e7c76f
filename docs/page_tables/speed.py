"""Tables of time: one face, many photos, videos, training."""

from __future__ import annotations

from page_tables.rows import markdown, measurement


def latency_table() -> str:
    """Time of one face beside what memory allows."""
    rows = [("preset", "ms", "floor, ms", "times the floor")]
    for name, row in measurement("latency")["presets"].items():
        rows.append((f"`{name}`", f"{row['ms']:.1f}", f"{row['floor_ms']:.1f}", f"{row['times_floor']:.1f}"))
    return markdown(rows)


def scc_table() -> str:
    """What SCC costs beside its own backbone."""
    rows = [("precision", "training step, s", "a classifier's", "ratio", "one face, ms", "backbone alone", "above it")]
    for precision, row in measurement("scc")["precisions"].items():
        step, plain = (f"{row[name]:.2f}" for name in ("scc_step_s", "classifier_step_s"))
        rows.append(
            (
                precision,
                step,
                plain,
                f"{row['step_ratio']:.2f}",
                f"{row['scc_ms']:.0f}",
                f"{row['backbone_ms']:.0f}",
                f"{100 * row['after_backbone']:.0f} %",
            )
        )
    return markdown(rows)


def cold_start_table() -> str:
    """From the first import to the first landmarks, a process for each run."""
    rows = [("runtime", "detector", "import to landmarks, s", "slowest of all", "whole process, s", "imports")]
    for name, row in measurement("cold_start")["seconds"].items():
        runtime, detector = name.split(", ")
        rows.append(
            (
                runtime,
                "box given" if detector == "boxes" else detector,
                f"{row['import_to_landmarks']:.2f}",
                f"{row['slowest']:.2f}",
                f"{row['process']:.2f}",
                ", ".join(row["imported"]),
            )
        )
    return markdown(rows)


def group_photo_table() -> str:
    """A photo of many people, by step."""
    measured = measurement("group_photo")
    steps = {
        "search": "finding the faces",
        "network": "the network on their crops",
        "network, early exit": "the same with early exit",
        "photo": "photo to landmarks, default settings",
        "photo, once": "photo to landmarks without a second crop",
    }
    rows = [(f"{measured['threads']} threads", "ms", "CPU ms")]
    rows += [(title, f"{measured['ms'][name]:.0f}", f"{measured['cpu_ms'][name]:.0f}") for name, title in steps.items()]
    return markdown(rows)


def peers_table() -> str:
    """One face in our runtimes and by what a user would pick instead."""
    measured = measurement("peers")
    rows = [("on one core", "ms", "iterations")]
    for name, row in measured["ms"].items():
        runtime, _, way = name.partition(": ")
        if way != "align":
            rounds = measured["mean_iterations"].get(runtime)
            label = f"{runtime}, with its detector" if way == "photo" else runtime
            rows.append((label, f"{row['median']:.1f}", f"{rounds:.1f}" if rounds else ""))
    return markdown(rows)


def runtimes_table() -> str:
    """Every paper's network in every runtime, one crop and a batch, and ONNX Runtime beside its own operators."""
    presets = measurement("runtimes")["presets"]
    times = next(iter(presets.values()))["ms"]
    rows = [
        (
            "ms",
            *(f"{runtime}, {batch}" for batch, row in times.items() for runtime in row),
            "times its operators",
            "times a plain network",
        )
    ]
    for name, row in presets.items():
        milliseconds = (f"{value:.1f}" for batch in row["ms"].values() for value in batch.values())
        rows.append((f"`{name}`", *milliseconds, f"{row['times_operators']:.2f}", f"{row['times_plain']:.2f}"))
    return markdown(rows)


def training_table() -> str:
    """A training step of every paper's network."""
    measured = measurement("training_step")
    precisions = measured["precisions"]
    rows = [
        (
            f"a step of {measured['batch']} faces",
            "parameters",
            *(f"{precision}{what}" for precision in precisions for what in (", s", ", faces a second")),
        )
    ]
    for name, first in next(iter(precisions.values())).items():
        cells = (
            text
            for row in precisions.values()
            for text in (f"{row[name]['step_s']:.2f}", f"{row[name]['faces_per_second']:.1f}")
        )
        rows.append((f"`{name}`", f"{first['parameters']:,}", *cells))
    return markdown(rows)


def throughput_table() -> str:
    """Where a photo's time goes, and what many photos, a long stream and a video gain by threads."""
    measured = measurement("throughput")
    heading = (
        f"{measured['photos']} photos of {measured['side']} px with {measured['faces']} faces, "
        f"`{measured['preset']}` in {measured['runtime']}, detector {measured['detector']}, "
        f"{measured['threads']} threads:"
    )
    split = [("step, one after the other", "ms a photo")]
    split += [(name.replace("_", " "), f"{spent:.2f}") for name, spent in measured["ms_per_photo_by_step"].items()]
    runs = [("`align`", "a second", "processor, ms each")]
    for name, rate in measured["photos_per_second"].items():
        runs.append((f"{name}, photos", f"{rate:.0f}", f"{measured['cpu_ms_per_photo'][name]:.1f}"))
    filmed, streamed = measured["video"], measured["stream"]
    for name, rate in filmed["frames_per_second"].items():
        runs.append((f"a drawn video, {name}, frames", f"{rate:.0f}", f"{filmed['cpu_ms_per_frame'][name]:.1f}"))
    early, late = streamed["resident_mb_after_a_tenth"], streamed["resident_mb_at_the_end"]
    memory = f"A stream of {streamed['photos']:,} photos held {early:.0f} MB after a tenth, {late:.0f} MB at the end."
    return f"{heading}\n\n{markdown(split)}\n\n{markdown(runs)}\n\n{memory}"


def video_table() -> str:
    """Trembling on a still face, and lag behind a moving one, in percent of the face."""
    measured = measurement("video")
    still = measured["jitter_percent_of_face"]
    rows = [
        (f"`{measured['model']}`, percent of the face", *still),
        ("movement from frame to frame on a still face", *(f"{value:.2f}" for value in still.values())),
        (
            f"lag behind one that moves by {measured['speed_faces_per_second']:.2f} of its size a second",
            "",
            f"{measured['lag_percent_of_face']:.2f}",
        ),
    ]
    return markdown(rows)
