"""A cascade's early exit on test faces: table, calibration, files and pictures."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from kerasalign.evaluation.early_exit.calibration import Calibration, calibrate
from kerasalign.evaluation.early_exit.operating_points import Sweep
from kerasalign.support.files import write_json, written_beside
from kerasalign.support.tables import Table
from kerasalign.training.versions import versions

logger = logging.getLogger(__name__)

_FALSE_ALARMS = 0.05
_FACES_PER_EXIT = 2
_POINT_COLUMNS = (
    "T_s %",
    "Iterations",
    "M multiply-adds",
    "by the paper's count",
    "NME % estimated",
    "random",
    "oracle",
    "best choice",
    "all faces alike",
)
_CALIBRATION_COLUMNS = (
    "Iteration",
    "NME % inter-ocular",
    "own unit %",
    "MAE",
    "bias",
    "MAE x pi/4",
    "bias x pi/4",
    "fitted scale",
    "Spearman",
    "Failures",
    "AUROC",
    f"T_f % for {100 * _FALSE_ALARMS:g} % false alarms",
    "failures caught",
)


@dataclass(frozen=True, eq=False)
class ExitReport:
    """Operating points of early exit, and the calibration of its error estimates.

    Args:
        sweep: The operating points.
        mean_shape: `(N, 2)` start shape of the model, for the picture of its attention.
        patches: Landmarks that have a patch.
        at: Mean numbers of iterations to report; by default steps of 0.5.
    """

    sweep: Sweep
    mean_shape: np.ndarray
    patches: Sequence[int]
    at: Sequence[float] = field(default=())

    def __post_init__(self) -> None:
        if not len(self.at):
            object.__setattr__(self, "at", np.arange(1, self.sweep.errors.iterations + 0.25, 0.5).tolist())

    @cached_property
    def calibrations(self) -> list[Calibration]:
        """One per iteration."""
        errors = self.sweep.errors
        return [calibrate(errors, i + 1) for i in range(errors.iterations)]

    def rows(self) -> list[dict]:
        """The operating points nearest to `at`, with the NME of the others at as many iterations."""
        errors = self.sweep.errors
        rows = []
        for iterations in self.at:
            point = self.sweep.nearest(iterations)
            # As many iterations for all faces needs no estimate: what early exit has to beat.
            alike = float(errors.nmes[:, int(iterations) - 1].mean()) if iterations == int(iterations) else None
            curves = {"random_nme": self.sweep.random, "oracle_nme": self.sweep.oracle}
            curves["clairvoyant_nme"] = self.sweep.clairvoyant
            others = {key: curve.nme_at(point.iterations) for key, curve in curves.items()}
            rows.append(asdict(point) | others | {"all_alike_nme": alike})
        return rows

    def tables(self) -> list[Table]:
        """Operating points with the gain over random exit, then the calibration of the estimates."""
        return [self._points_table(), self._calibration_table()]

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.tables()))

    def _points_table(self) -> Table:
        errors = self.sweep.errors
        rows = []
        for row in self.rows():
            threshold = "off" if row["threshold"] is None else f"{row['threshold']:.3f}"
            cost = [f"{row['macs'][name] / 1e6:.2f}" for name in ("full", "paper")]
            nmes = [
                _text(row[name]) for name in ("nme", "random_nme", "oracle_nme", "clairvoyant_nme", "all_alike_nme")
            ]
            rows.append([threshold, f"{row['iterations']:.2f}", *cost, *nmes])
        gain = self.sweep.gain_over_random()
        notes = [
            f"At {gain.iterations:g} iterations on average: {gain.nme_saved:.1f} % less NME than random exit "
            f"({gain.nme_saved_ci[0]:.1f}..{gain.nme_saved_ci[1]:.1f}; paper: about 10 %). The true error in place of "
            f"the estimate would save {gain.oracle_saved:.1f} %, the best choice {gain.clairvoyant_saved:.1f} %."
        ]
        if math.isfinite(gain.equal_iterations):
            notes.append(
                f"As good as random exit there with {gain.equal_iterations:.2f} iterations: "
                f"{gain.iterations_saved:.0f} % fewer (paper: about 50 %)."
            )
        return Table(f"{errors.model}, {errors.protocol}", _POINT_COLUMNS, rows, notes)

    def _calibration_table(self) -> Table:
        errors = self.sweep.errors
        rows = []
        for calibration in self.calibrations:
            numbers = calibration.to_dict(_FALSE_ALARMS)
            keys = ("raw_mae", "raw_bias", "mae", "bias", "fitted_scale", "spearman")
            caught = "-" if numbers["caught"] is None else f"{100 * numbers['caught']:.0f} %"
            rows.append(
                [
                    str(calibration.iteration),
                    f"{calibration.truth.mean():.3f}",
                    f"{calibration.own.mean():.3f}",
                    *(_text(numbers[key]) for key in keys),
                    str(numbers["failures"]),
                    _text(numbers["auroc"]),
                    _text(numbers["failure_threshold"]),
                    caught,
                ]
            )
        notes = [f"The detector missed {len(errors.missed)} faces, which are left out."] if errors.missed else []
        title = f"Estimates on {len(errors)} faces; a failure is an NME above {errors.protocol.fr_threshold:g} %"
        return Table(title, _CALIBRATION_COLUMNS, rows, notes)

    def to_dict(self) -> dict:
        """All but the curves, ready for JSON."""
        errors = self.sweep.errors
        gain = {
            name: value if np.isfinite(value).all() else None
            for name, value in asdict(self.sweep.gain_over_random()).items()
        }
        attention = [
            {"values": np.round(values, 4).tolist(), "most_at": int(self.patches[int(values.argmax())])}
            for values in errors.attention
        ]
        return {
            "model": errors.model,
            "protocol": errors.protocol.to_dict(),
            "faces": len(errors),
            "missed": list(errors.missed),
            "nme": errors.nmes.mean(0).tolist(),
            "nme_inter_ocular": errors.ocular.mean(0).tolist(),
            "macs": {name: list(values) for name, values in errors.macs.items()},
            "points": self.rows(),
            "gain_over_random": gain,
            "calibration": [calibration.to_dict(_FALSE_ALARMS) for calibration in self.calibrations],
            "attention": {"patches": [int(index) for index in self.patches], "iterations": attention},
            "versions": versions(),
        }

    def save(self, directory, command: str = "") -> None:
        """Writes `report.json`, `sweep.csv`, `cascade.jpg`, `attention.png`, and the curves if matplotlib is there.

        Args:
            directory: Folder; made if needed.
            command: What made the numbers, for the report.
        """
        from kerasalign.evaluation.early_exit.plots import plot_cost, plot_policies
        from kerasalign.models.musica.plots import attention_map

        directory = Path(directory)
        errors = self.sweep.errors
        markup = errors.protocol.markup
        write_json(directory / "report.json", self.to_dict() | {"command": command})
        self.sweep.to_csv(directory / "sweep.csv")
        pictures = {
            "cascade.jpg": self.cascade,
            "attention.png": lambda: attention_map(errors.attention, self.mean_shape, self.patches, markup),
            "policies.png": lambda: plot_policies(self.sweep),
            "cost.png": lambda: plot_cost([self.sweep]),
        }
        for name, draw in pictures.items():
            try:
                picture = draw()
            except ImportError as error:
                logger.warning("No %s: %s", name, error)
                continue
            with written_beside(directory / name) as draft:
                picture.save(draft)

    def cascade(self):
        """Faces that quit after each iteration at the middle of the range, with their estimates; a PIL image."""
        from kerasalign.models.musica.plots import cascade_sheet

        errors = self.sweep.errors
        threshold = self.sweep.nearest((1 + errors.iterations) / 2).threshold
        quits = errors.quits(threshold)
        shown = []
        for iteration in range(1, errors.iterations + 1):
            group = np.flatnonzero(quits == iteration)
            group = group[np.argsort(errors.estimates[group, iteration - 1], kind="stable")]
            # Evenly over the group's estimates: neither the best nor the worst of it.
            places = (np.arange(_FACES_PER_EXIT) + 0.5) / _FACES_PER_EXIT * len(group)
            shown += [int(face) for face in group[np.unique(places.astype(int))]] if len(group) else []
        return cascade_sheet(
            [errors.samples[face].read_image() for face in shown],
            errors.landmarks[shown],
            errors.estimates[shown],
            threshold,
            errors.protocol.markup,
            titles=[f"NME {errors.nmes[face, quits[face] - 1]:.1f} %" for face in shown],
        )


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
