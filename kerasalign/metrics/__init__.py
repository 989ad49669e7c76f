"""NME, failure rate, AUC, CED, and the `Protocol` that says how a number was made.

`NormalisedMeanError`, the Keras metric, loads Keras when it is first named.
"""

from kerasalign.metrics import standard_protocols as _standard_protocols  # noqa: F401  (registers them)
from kerasalign.metrics.evaluation import Evaluation, combine, evaluate_landmarks
from kerasalign.metrics.nme import nme, part_nme, point_errors
from kerasalign.metrics.normalisers import (
    get_normaliser,
    list_normalisers,
    normalising_length,
    register_normaliser,
)
from kerasalign.metrics.protocol import Protocol, get_protocol, list_protocols, register_protocol
from kerasalign.metrics.scores import auc, bootstrap_interval, ced, failure_rate, weighted_mean
from kerasalign.metrics.tables import part_table, score_table

__all__ = [
    "Evaluation",
    "NormalisedMeanError",
    "Protocol",
    "auc",
    "bootstrap_interval",
    "ced",
    "combine",
    "evaluate_landmarks",
    "failure_rate",
    "get_normaliser",
    "get_protocol",
    "list_normalisers",
    "list_protocols",
    "nme",
    "normalising_length",
    "part_nme",
    "part_table",
    "point_errors",
    "register_normaliser",
    "register_protocol",
    "score_table",
    "weighted_mean",
]


def __getattr__(name: str):
    if name == "NormalisedMeanError":
        from kerasalign.metrics.nme_metric import NormalisedMeanError

        return NormalisedMeanError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
