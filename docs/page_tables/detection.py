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
