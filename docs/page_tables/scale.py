"""Tables of docs/scale.md, from benchmarks/results."""

from __future__ import annotations

from page_tables.rows import markdown, measurement

# Photos that the costs are told for, and cores of a machine.
_BILLION, _CORES = 1e9, 64


def cost_table() -> str:
    """What a billion photos cost, from the processor time of one."""
    measured = measurement("cost")
    rows = [("preset", "runtime", "processor, ms a photo", "core hours", f"days of ten machines of {_CORES} cores")]
    for name, spent in measured["processor_ms_per_photo"].items():
        preset, runtime = name.split()
        hours = spent / 1e3 * _BILLION / 3600
        rows.append((f"`{preset}`", runtime, f"{spent:.1f}", f"{hours:,.0f}", f"{hours / (10 * _CORES * 24):.1f}"))
    heading = f"{measured['photos']} photos of {measured['side']} px with {measured['faces']} faces, on one core each:"
    return f"{heading}\n\n{markdown(rows)}"


def distributed_table() -> str:
    """Ray beside threads, and with an actor that is killed."""
    measured = measurement("distributed")
    runs = {
        "`model.align`, threads": measured["threads"],
        "`align_files`": measured["ray"],
        "`align_files`, an actor killed": measured["ray_with_a_kill"],
    }
    rows = [("", "photos a second", "from the first file on", "processor, ms a photo", "rows", "not readable")]
    for name, run in runs.items():
        steady = run.get("photos_per_second_from_the_first_file")
        rows.append(
            (
                name,
                f"{run['photos_per_second']:.1f}",
                "" if steady is None else f"{steady:.1f}",
                f"{run['processor_ms_per_photo']:.1f}",
                f"{run.get('rows', measured['photos']):,}",
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


def devices_table() -> str:
    """Steps on several devices, and their share of waiting for data."""
    measured = measurement("data_parallel")
    rows = [("devices", "a step, s", "without loading, s", "waiting")]
    for count, run in measured["by_number_of_devices"].items():
        share = f"{100 * run['waiting_share']:.1f} %"
        rows.append((count, f"{run['step_s']:.2f}", f"{run['step_without_loading_s']:.2f}", share))
    heading = (
        f"`{measured['preset']}`, {measured['batch']} faces a step; the devices are parts of one processor of "
        f"{measured['cores']} cores:"
    )
    return f"{heading}\n\n{markdown(rows)}"
