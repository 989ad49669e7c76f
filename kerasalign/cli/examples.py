"""Two examples in the help text of every command."""

from __future__ import annotations

from collections.abc import Iterable

import typer

EXAMPLES = {
    "list": ("kerasalign list --commercial-use", "kerasalign list --paper scc --all"),
    "info": ("kerasalign info musica19-synth", "kerasalign info hf://user/repo@commit --json"),
    "align": ("kerasalign align photos --out drawn --format csv", "kerasalign align clip.mp4 --smooth --format jsonl"),
    "demo": ("kerasalign demo me.jpg --out drawn.png", "kerasalign demo --web"),
    "train": (
        "kerasalign train musica19-300w --data 300W",
        "kerasalign train musica19-synth --data points.csv --markup mine.yaml --steps 2000",
    ),
    "evaluate": (
        "kerasalign evaluate musica19-synth --data 300W",
        "kerasalign evaluate ./mine --data 300W --boxes detector:kerasalign --out report",
    ),
    "sweep": (
        "kerasalign sweep musica19-300w --data 300W",
        "kerasalign sweep musica19-300w --data 300W --out sweep",
    ),
    "ablation": ("kerasalign ablation", "kerasalign ablation scc-table5 --data 300W --steps 2000"),
    "ced": (
        "kerasalign ced first/300w-common.csv second/300w-common.csv",
        "kerasalign ced first/300w-common.csv second/300w-common.csv --out curves.png",
    ),
    "prepare": (
        "kerasalign prepare 300W --check",
        "kerasalign prepare 300W --model musica19-300w --cache cache/300w",
    ),
    "synth": ("kerasalign synth --out renders --count 5000", "kerasalign synth --sheet sheet.png --markup 98"),
    "confidence": (
        "kerasalign confidence lwbafa128-300w --renders renders --out ./mine",
        "kerasalign confidence sdu-300w --weights runs/sdu-300w/best.weights.h5 --renders renders --out ./mine",
    ),
    "download": (
        "kerasalign download musica19-synth --to preset",
        "kerasalign download hf://user/repo@commit --to preset",
    ),
    "cache": ("kerasalign cache", "kerasalign cache --remove all"),
    "publish": (
        "kerasalign publish mine --repo user/mine --dry-run",
        "kerasalign publish mine --repo user/mine --private",
    ),
    "export": (
        "kerasalign export musica19-synth -o musica19.onnx",
        "kerasalign export musica19-synth -o musica19.tflite --quantize int8",
    ),
    "doctor": ("kerasalign doctor", "kerasalign doctor --json"),
    "detector heads": (
        "kerasalign detector heads --out heads",
        "kerasalign detector heads --out heads --count 500 --workers 2",
    ),
    "detector train": (
        "kerasalign detector train --heads heads",
        "kerasalign detector train --heads heads --negatives mined --run runs/second",
    ),
    "detector faces": (
        "kerasalign detector faces --photos photos --out faces",
        "kerasalign detector faces --photos photos --out faces --size 160 --seed 1",
    ),
    "detector distractors": (
        "kerasalign detector distractors --out negatives --backgrounds photos",
        "kerasalign detector distractors --out negatives --count 200 --parts 40",
    ),
    "detector mine": (
        "kerasalign detector mine --photos landscapes --out mined",
        "kerasalign detector mine --photos landscapes --out mined --min-score 0.4",
    ),
    "detector measure": (
        "kerasalign detector measure --data 300W",
        "kerasalign detector measure --data 300W --degrees 45 --detector mtcnn",
    ),
    "detector export": (
        "kerasalign detector export --out detector.onnx",
        "kerasalign detector export --out detector.tflite --size 320",
    ),
}


def add_examples(app: typer.Typer, group: str = "") -> None:
    """Puts the examples below the help texts of an app's commands and of its groups."""
    for command in app.registered_commands:
        found = EXAMPLES.get(f"{group} {command.name}".strip())
        if found:
            command.epilog = _epilog(found)
    for inner in app.registered_groups:
        if inner.typer_instance is not None and inner.name:
            add_examples(inner.typer_instance, inner.name)


def _epilog(lines: Iterable[str]) -> str:
    return "\n\n".join(["Examples:", *(f"- `{line}`" for line in lines)])
