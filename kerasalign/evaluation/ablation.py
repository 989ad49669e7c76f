"""Training and measuring the rows of an ablation table alike."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerasalign.core.landmark_model import LandmarkModel
from kerasalign.core.profile import profile
from kerasalign.evaluation.early_exit import Cascade, cascade_errors, sweep
from kerasalign.evaluation.evaluate import evaluate_model
from kerasalign.models.ablation import Ablation, Row
from kerasalign.support.files import write_json
from kerasalign.support.tables import Table
from kerasalign.training.versions import versions

if TYPE_CHECKING:
    from kerasalign.training.recipe import Recipe
    from kerasalign.training.sources import FaceSource

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class AblationReport:
    """What the rows of a table came to.

    Args:
        ablation: The table.
        preset: The preset that the rows changed.
        schedule: What all rows share: steps, batch size, augmentation, precision, seeds.
        protocols: Names of the protocols.
        rows: Row to its result: `parameters`, and `seeds`, a list of what each run measured.
    """

    ablation: Ablation
    preset: str
    schedule: Mapping[str, Any]
    protocols: Sequence[str]
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def table(self) -> Table:
        """Mean and spread over the seeds of every row, the change against the table's own network, and the paper's."""
        columns = ["network", "parameters"]
        for protocol in self.protocols:
            columns += [f"{protocol}, NME %", "change", "paper"]
        rows, base = [], self._base()
        for name, result in self.rows.items():
            cells = [name, f"{result['parameters']:,}"]
            for protocol in self.protocols:
                nmes = [run["nme"][protocol] for run in result["seeds"]]
                change = "" if base is None or name == base else self._change(name, base, protocol)
                paper = self.ablation.row(name).paper.get(protocol)
                cells += [_mean_and_spread(nmes), change, "" if paper is None else f"{paper:.2f}"]
            rows.append(cells)
        shared = ", ".join(f"{key} {value}" for key, value in self.schedule.items())
        notes = [f"Every row: {shared}.", "NME is the mean over the seeds, behind ± their standard deviation."]
        notes += [f"{name}: {note}" for name in self.rows if (note := self.ablation.row(name).note)]
        return Table(f"{self.ablation.name}: {self.ablation.title} ({self.preset})", columns, rows, notes)

    def __str__(self) -> str:
        return str(self.table())

    def _base(self) -> str | None:
        """The row that changes nothing, or the last one: the paper's own network."""
        if not self.rows:
            return None
        plain = [name for name in self.rows if not self.ablation.row(name).model and not self.ablation.row(name).recipe]
        return plain[0] if plain else list(self.rows)[-1]

    def _change(self, name: str, base: str, protocol: str) -> str:
        means = (np.mean([run["nme"][protocol] for run in self.rows[row]["seeds"]]) for row in (name, base))
        return f"{100 * (next(means) / next(means) - 1):+.1f} %"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "ablation": self.ablation.name,
            "preset": self.preset,
            "schedule": dict(self.schedule),
            "protocols": list(self.protocols),
            "rows": {name: dict(result) for name, result in self.rows.items()},
            "versions": versions(),
        }

    def save(self, path: str | Path, command: str = "") -> None:
        """Writes the report as JSON.

        Args:
            path: The file.
            command: The command that made the numbers.
        """
        write_json(path, {"command": command} | self.to_dict())


def run_ablation(
    ablation: Ablation,
    recipe: Recipe,
    data: str | Path,
    work: str | Path,
    protocols: Sequence[str],
    *,
    rows: Sequence[str] = (),
    seeds: int = 1,
    preset: str = "",
    test_data: str | Path | None = None,
    reader_options: Mapping[str, object] | None = None,
    sources: Sequence[FaceSource] = (),
    verbose: str | int = 2,
    on_row: Callable[[AblationReport], None] | None = None,
) -> AblationReport:
    """Trains every row of a table by one recipe, once per seed, and measures it.

    Rows that are done are read from the work folder, and a run that was stopped goes on there.

    Args:
        ablation: The table.
        recipe: The recipe of its preset; what is changed here is the same for all rows.
        data: Folder of the training data set.
        work: Folder of the runs: `<row>/seed-<n>`.
        protocols: Names of protocols of one data set.
        rows: Names of the rows; by default all.
        seeds: Runs of each row, with the seeds 0, 1, ...
        preset: Name of the preset, for the report.
        test_data: Folder of the protocols' data set; by default `data`.
        reader_options: Options of the reader of the test faces.
        sources: Several data sets to train on, instead of `data`.
        verbose: As in `keras.Model.fit`.
        on_row: Called with the report after every run, such as to save it.

    Raises:
        ValueError: If a row is unknown or cannot be built for the points of the preset, or a run's folder holds
            another one.
    """
    chosen = [ablation.row(name) for name in rows] or list(ablation.rows)
    plans = {row.name: row.apply(recipe) for row in chosen}
    report = AblationReport(ablation, preset or ablation.preset, _schedule(recipe, seeds), list(protocols), {})
    results: dict[str, dict[str, Any]] = {}
    for row in chosen:
        for seed in range(seeds):
            plan = plans[row.name].with_settings(seed=seed)
            folder = Path(work) / _folder_name(row) / f"seed-{seed}"
            done = _done(folder, plan, protocols)
            if done is None:
                logger.info("%s, seed %d", row.name, seed)
                cache = Path(work) / f"crops-{_cache_name(plan)}"
                model = plan.fit(list(sources) or data, folder, cache_dir=cache, verbose=verbose)
                done = _measured(model, test_data or data, protocols, row.name, reader_options)
                write_json(folder / "result.json", {"of": _identity(plan, protocols), **done})
                # Networks are circles of references, and a gigabyte each with their compiled steps.
                del model
                gc.collect()
            entry = results.setdefault(row.name, {"parameters": done["parameters"], "seeds": []})
            entry["seeds"].append({key: value for key, value in done.items() if key not in ("parameters", "of")})
            report = AblationReport(ablation, report.preset, report.schedule, report.protocols, dict(results))
            if on_row is not None:
                on_row(report)
    return report


def _measured(
    model: LandmarkModel,
    data: str | Path,
    protocols: Sequence[str],
    name: str,
    reader_options: Mapping[str, object] | None,
) -> dict[str, Any]:
    """Test numbers of a trained row; of networks that estimate their error, early exit against random exit too."""
    report = evaluate_model(model, data, protocols, name=name, n_bootstrap=1, reader_options=reader_options)
    result: dict[str, Any] = {
        "parameters": profile(model).parameters,
        "nme": {e.protocol.name: round(float(e.nme), 4) for e in report.evaluations},
        "faces": {e.protocol.name: len(e.nmes) for e in report.evaluations},
    }
    if isinstance(model, Cascade):
        errors = cascade_errors(model, data, protocols[0], name=name, reader_options=reader_options)
        gain = asdict(sweep(errors).gain_over_random())
        result["early_exit"] = {
            key: np.round(value, 4).tolist() if np.isfinite(value).all() else None for key, value in gain.items()
        }
    return result


def _schedule(recipe: Recipe, seeds: int) -> dict[str, Any]:
    names = ("steps", "epochs", "batch_size", "schedule", "augment", "precision", "validation")
    settings = {name: getattr(recipe, name) for name in names}
    # `None`: the row's network decides.
    return {name: value for name, value in settings.items() if value is not None} | {"seeds": seeds}


def _identity(plan: Recipe, protocols: Sequence[str]) -> str:
    """Digest of everything that decides a row's number but the data."""
    content = json.dumps([plan.to_json(), sorted(protocols)], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def _cache_name(plan: Recipe) -> str:
    """Rows whose crops are alike share a cache."""
    plan = plan.resolved()
    content = [plan.model.crop.get_config(), plan.augment, plan.margin, plan.boxes]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]


def _done(folder: Path, plan: Recipe, protocols: Sequence[str]) -> dict[str, Any] | None:
    """The result that a folder holds of this very row, or `None`."""
    try:
        result = json.loads((folder / "result.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return result if result.get("of") == _identity(plan, protocols) else None


def _folder_name(row: Row) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", row.name).strip("-").lower()


def _mean_and_spread(nmes: Sequence[float]) -> str:
    spread = f" ± {np.std(nmes, ddof=1):.2f}" if len(nmes) > 1 else ""
    return f"{np.mean(nmes):.2f}{spread}"
