"""Tables of face detection: time, and what the boxes are worth to the landmarks."""

from __future__ import annotations

from page_tables.rows import markdown, measurement


def detector_table() -> str:
    """Milliseconds of finding the faces of a photo."""
    times = measurement("detector")["ms_per_photo"]
    together = next(name.rpartition(" of ")[2] for name in times if " of " in name)
    rows = [("", "network", f"a share of {together}", "with one look", "with both", f"a share of {together}")]
    for runtime in ("keras", "onnxruntime", "litert"):
        names = (
            f"{runtime}: {part}"
            for part in ("network", f"network of {together}", "first look", "all", f"all of {together}")
        )
        rows.append((runtime, *(f"{times[name]:.1f}" for name in names)))
    if "mtcnn: all" in times:
        rows.append(("mtcnn", "", "", "", f"{times['mtcnn: all']:.1f}", ""))
    return markdown(rows)


def boxes_table() -> str:
    """What detectors find on real photos, and what their boxes are worth to the landmarks."""
    rows = [("boxes", "found, test", "found, train", "middle off", "size", "turned", "false boxes", "NME", "refine=1")]
    for name, row in measurement("detector_accuracy")["detectors"].items():
        test, train, faceless = (row.get(key, {}) for key in ("test", "train", "faceless"))
        off = (
            (
                f"{100 * test['middle']['median']:.1f} %",
                f"{test['size']['median']:.2f}",
                f"{test['degrees']['median']:.1f}°",
            )
            if test
            else ("", "", "")
        )
        nme = (f"{once['nme']:.2f} ({once['faces']} faces)" for once in row["landmarks"].values())
        found = (f"{100 * part['recall']:.1f} %" if part else "" for part in (test, train))
        false = f"{faceless['boxes']} in {faceless['images']}" if faceless else ""
        rows.append((name, *found, *off, false, *nme))
    return markdown(rows)


def turned_table() -> str:
    """Faces found in photos that were turned."""
    (turned,) = (row["turned"] for row in measurement("detector_accuracy")["detectors"].values() if "turned" in row)
    return markdown(
        [
            ("turned by", *(f"{degrees}°" for degrees in turned)),
            ("found", *(f"{100 * row['recall']:.1f} %" for row in turned.values())),
        ]
    )


def whole_photos_table() -> str:
    """Recall and false boxes on whole photos, by detector."""
    reports = {name: rows[0] for name, rows in measurement("detector_whole_photos")["detectors"].items()}
    ranges = next(iter(reports.values()))["pixels"]
    rows = [("detector", "20 px and more", "40 px and more", *(f"from {row['from']} px" for row in ranges), "false")]
    rows.append(("faces", "", "", *(str(row["faces"]) for row in ranges), ""))
    for name, report in reports.items():
        recalls = (report["recall_20px"], report["recall_40px"], *(row["recall"] for row in report["pixels"]))
        rows.append((name, *(f"{100 * recall:.1f} %" for recall in recalls), f"{report['false_per_photo']:.3f}"))
    return markdown(rows)


def whole_turned_table() -> str:
    """Recall, and false boxes per photo, in turned photos."""
    detectors = measurement("detector_whole_photos")["detectors"]
    degrees = [report["degrees"] for report in next(iter(detectors.values()))]
    rows = [("detector", *(f"{value:g}°" for value in degrees))]
    for name, reports in detectors.items():
        rows.append((name, *(f"{100 * row['recall']:.1f} % ({row['false_per_photo']:.3f})" for row in reports)))
    return markdown(rows)


def min_score_table() -> str:
    """Recall and false boxes by the lowest score."""
    curve = measurement("detector_min_score")["curve"]
    return markdown(
        [
            ("min_score", *(f"{row['min_score']:.2f}" for row in curve)),
            ("found", *(f"{100 * row['recall_20px']:.1f} %" for row in curve)),
            ("false", *(f"{row['false_per_photo']:.2f}" for row in curve)),
        ]
    )


def refine_table() -> str:
    """NME and cost of cropping faces again."""
    rows = [("cropped again", "faces", "of them again", "NME")]
    for name, row in measurement("refine")["refine"].items():
        rows.append((name, str(row["faces"]), f"{100 * row['cropped_again']:.0f} %", f"{row['nme']:.2f} %"))
    return markdown(rows)
