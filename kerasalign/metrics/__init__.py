"""NME, failure rate, AUC, CED, and the `Protocol` that defines how a number is measured.

`NormalizedMeanError`, the Keras metric, imports Keras on first use.
"""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach
from kerasalign.metrics import standard_protocols as _standard_protocols  # noqa: F401  (registers them)
from kerasalign.metrics.box_source import BoxSource
from kerasalign.metrics.evaluation import Evaluation, combine, evaluate_landmarks
from kerasalign.metrics.nme import nme, part_nme, point_errors
from kerasalign.metrics.normalizers import (
    get_normalizer,
    list_normalizers,
    normalizing_length,
    register_normalizer,
    unregister_normalizer,
)
from kerasalign.metrics.probabilities import ProbabilityScores, probability_scores
from kerasalign.metrics.protocol import (
    Protocol,
    get_protocol,
    list_protocols,
    register_protocol,
    unregister_protocol,
)
from kerasalign.metrics.scores import auc, bootstrap_interval, ced, failure_rate, weighted_mean

if TYPE_CHECKING:
    from kerasalign.metrics.nme_metric import NormalizedMeanError

__all__ = [
    "BoxSource",
    "Evaluation",
    "NormalizedMeanError",
    "ProbabilityScores",
    "Protocol",
    "auc",
    "bootstrap_interval",
    "ced",
    "combine",
    "evaluate_landmarks",
    "failure_rate",
    "get_normalizer",
    "get_protocol",
    "list_normalizers",
    "list_protocols",
    "nme",
    "normalizing_length",
    "part_nme",
    "point_errors",
    "probability_scores",
    "register_normalizer",
    "register_protocol",
    "unregister_normalizer",
    "unregister_protocol",
    "weighted_mean",
]

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, _, _ = attach(__name__, {"nme_metric": ["NormalizedMeanError"]})
