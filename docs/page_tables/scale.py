"""Tables of docs/scale.md, from benchmarks/results."""

from __future__ import annotations

from page_tables.rows import markdown, measurement

# Photos that the costs are told for, and cores of a machine.
_BILLION, _CORES = 1e9, 64
# Faces of a pass in the files of measurements.
_BATCH = 32


def cost_table() -> str:
    """What a billion photos cost: the measured time of a photo, with the network's part exchanged."""
    photo, networks = measurement("throughput"), measurement("runtimes")
    whole = photo["cpu_ms_per_photo"]["detector, a list"]
    # Faces of a photo, each in two passes, and the threads that a pass keeps busy.
    passes = photo["faces"] / photo["photos"] * 2 * networks["threads"]

    def spent(preset: str, runtime: str) -> float:
        return passes * networks["presets"][preset]["ms"][str(_BATCH)][runtime] / _BATCH

    rest = whole - spent(photo["preset"], photo["runtime"])
    rows = [("preset", "runtime", "processor, ms a photo", "core hours", f"days of ten machines of {_CORES} cores")]
    for preset, measured in networks["presets"].items():
        for runtime in measured["ms"][str(_BATCH)]:
            each = rest + spent(preset, runtime)
            hours = each / 1e3 * _BILLION / 3600
            days = hours / (10 * _CORES * 24)
            rows.append((f"`{preset}`", runtime, f"{each:.0f}", f"{round(hours, -2):,.0f}", f"{days:.1f}"))
    return markdown(rows)


def distributed_table() -> str:
    """Ray beside threads, and with an actor that is killed."""
    measured = measurement("distributed")
    runs = {
        "`model.align`, threads": measured["threads"],
        "`align_files`": measured["ray"],
        "`align_files`, an actor killed": measured["ray_with_a_kill"],
    }
    rows = [("", "photos a second", "from the first file on", "rows", "each once", "not readable")]
    for name, run in runs.items():
        steady = run.get("photos_per_second_from_the_first_file")
        rows.append(
            (
                name,
                f"{run['photos_per_second']:.1f}",
                "" if steady is None else f"{steady:.1f}",
                f"{run.get('rows', measured['photos']):,}",
                f"{run['paths_once']:,}" if "paths_once" in run else "",
                str(run["problems"]),
            )
        )
    memory = "; ".join(
        f"{actor['after_a_third']:.0f} MB after a third of the files, {actor['at_the_end']:.0f} MB at the end"
        for actor in measured["ray"]["resident_mb_of_actors"]
    )
    heading = (
        f"{measured['photos']:,} photos of {measured['side']} px, {measured['broken']} of them broken, "
        f"`{measured['preset']}` in {measured['runtime']}, {measured['workers']} actors or threads on "
        f"{measured['cores']} cores with a load of {measured['load_average']:.0f}:"
    )
    return f"{heading}\n\n{markdown(rows)}\n\nThe actors held {memory}."


def serving_table() -> str:
    """The example server under load."""
    rows = [("photos a pass, at most", "connections", "requests a second", "p50, ms", "p99, ms")]
    for together, by_connections in measurement("serving")["by_photos_together_and_connections"].items():
        for connections, run in by_connections.items():
            figures = (f"{run[key]:.0f}" for key in ("requests_per_second", "p50_ms", "p99_ms"))
            rows.append((together.split()[0], connections, *figures))
    return markdown(rows)


def data_parallel_table() -> str:
    """A step of training on virtual devices that share the cores."""
    rows = [("devices", "step, s", "the same batch again, s", "waiting for photos")]
    for devices, run in measurement("data_parallel")["by_number_of_devices"].items():
        times = f"{run['step_s']:.2f}", f"{run['step_without_loading_s']:.2f}"
        rows.append((devices, *times, f"{run['waiting_share']:.0%}"))
    return markdown(rows)
