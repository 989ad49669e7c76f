"""Early exit of a cascade: errors by iteration, operating points, calibration, report. Names load on first use."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.evaluation.early_exit.calibration import (
        Calibration as Calibration,
        calibrate as calibrate,
    )
    from kerasalign.evaluation.early_exit.iteration_errors import (
        Cascade as Cascade,
        CascadeErrors as CascadeErrors,
        cascade_errors as cascade_errors,
    )
    from kerasalign.evaluation.early_exit.operating_points import (
        OperatingPoint as OperatingPoint,
        Sweep as Sweep,
        sweep as sweep,
    )
    from kerasalign.evaluation.early_exit.plots import plot_cost as plot_cost, plot_policies as plot_policies
    from kerasalign.evaluation.early_exit.report import ExitReport as ExitReport

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            "calibration": ["Calibration", "calibrate"],
            "iteration_errors": ["Cascade", "CascadeErrors", "cascade_errors"],
            "operating_points": ["OperatingPoint", "Sweep", "sweep"],
            "plots": ["plot_cost", "plot_policies"],
            "report": ["ExitReport"],
        },
    )
