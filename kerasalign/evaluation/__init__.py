"""Measuring a model by a protocol: reports, tables, occlusion, tracking, early exit. Names load on first use."""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.evaluation.evaluate import evaluate_model as evaluate_model
    from kerasalign.evaluation.occlusion import OcclusionCurve as OcclusionCurve, occlusion_curve as occlusion_curve
    from kerasalign.evaluation.occlusion_plot import plot_occlusion as plot_occlusion
    from kerasalign.evaluation.protocols import (
        network_differences as network_differences,
        preset_protocols as preset_protocols,
        usable_protocols as usable_protocols,
    )
    from kerasalign.evaluation.report import ModelReport as ModelReport
    from kerasalign.evaluation.tables import part_table as part_table, score_table as score_table
    from kerasalign.evaluation.tracking import evaluate_tracking as evaluate_tracking

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            "evaluate": ["evaluate_model"],
            "occlusion": ["OcclusionCurve", "occlusion_curve"],
            "occlusion_plot": ["plot_occlusion"],
            "protocols": ["network_differences", "preset_protocols", "usable_protocols"],
            "report": ["ModelReport"],
            "tables": ["part_table", "score_table"],
            "tracking": ["evaluate_tracking"],
        },
    )
