"""Protocols: data set, subset, normalizer, thresholds and boxes of a number."""

from __future__ import annotations

import difflib
from dataclasses import asdict, dataclass, replace

from kerasalign.metrics.box_source import BoxSource
from kerasalign.metrics.normalizers import list_normalizers
from kerasalign.metrics.scores import AUC_METHODS
from kerasalign.support.checks import one_of, positive

# Fields that must agree before two numbers may be compared, averaged or drawn on one axis.
_MEASURE = (
    "dataset",
    "normalizer",
    "normalizer_box",
    "markup",
    "points",
    "strata",
    "fr_threshold",
    "auc_threshold",
    "auc_method",
)


@dataclass(frozen=True)
class Protocol:
    """Everything that defines how an NME is measured.

    Args:
        name: Key in the registry, `<dataset>-<subset>-<normalizer>`.
        dataset: Data set, such as `"300W"`.
        subset: Part of its test set, such as `"common"`.
        num_faces: Faces of the official subset; `None` where no official count exists.
        markup: Name of the markup.
        normalizer: Name of the normalizer.
        normalizer_box: Which box a box normalizer measures: `"landmarks"`, the tight box of the ground truth,
            or `"dataset"`, the box that comes with the data set.
        points: `"all"` annotated points, or `"visible"` ones alone.
        strata: Attribute of the data set's faces that divides them into groups of equal weight, such as
            `"yaw_bin"`: every score is the mean of the groups' scores. Empty: every face weighs the same.
        fr_threshold: A face fails when its NME is above this, percent.
        auc_threshold: End of the range of the AUC, percent.
        auc_method: As for `auc`.
        box_source: Where the boxes that crops are cut by came from: `"landmarks"` (tight box of the ground
            truth), `"scaled:1.2"` (that box about its center, 1.2 times as large), `"jittered:0.2"` (enlarged and
            moved at random), `"dataset"` or `"dataset:KIND"` (a box that comes with the data set),
            `"detector:NAME"`.
        reference: Who defined the subset or the measure.

    Raises:
        ValueError: If a field is not one of its known values.
    """

    name: str
    dataset: str
    subset: str
    num_faces: int | None
    markup: str
    normalizer: str
    normalizer_box: str = "landmarks"
    points: str = "all"
    strata: str = ""
    fr_threshold: float = 10.0
    auc_threshold: float = 10.0
    auc_method: str = "exact"
    box_source: str = "landmarks"
    reference: str = ""

    def __post_init__(self) -> None:
        one_of("normalizer", self.normalizer, list_normalizers())
        one_of("normalizer_box", self.normalizer_box, ("landmarks", "dataset"))
        one_of("points", self.points, ("all", "visible"))
        one_of("auc_method", self.auc_method, AUC_METHODS)
        positive(fr_threshold=self.fr_threshold, auc_threshold=self.auc_threshold)
        BoxSource.parse(self.box_source)

    def with_box_source(self, box_source: str) -> Protocol:
        """The same protocol with another source of face boxes."""
        return replace(self, box_source=box_source)

    def differences(self, other: Protocol) -> list[str]:
        """Names of the fields that make two numbers incomparable; subset and box source do not count."""
        return [field for field in _MEASURE if getattr(self, field) != getattr(other, field)]

    def to_dict(self) -> dict:
        """Plain dict, for JSON."""
        return asdict(self)

    def describe(self, subset: bool = True, box: bool = True) -> str:
        """The protocol as one line of text.

        Args:
            subset: Whether to name the subset.
            box: Whether to name the box source.
        """
        size = f" ({self.num_faces})" if self.num_faces else ""
        parts = [f"{self.dataset} {self.subset}{size}" if subset else self.dataset, self._normalizer_text()]
        if self.points == "visible":
            parts.append("visible points")
        if self.strata:
            parts.append(f"mean over {self.strata.replace('_', ' ')}s")
        method = "" if self.auc_method == "exact" else f" ({self.auc_method})"
        if self.fr_threshold == self.auc_threshold:
            parts.append(f"FR/AUC{method} at {self.fr_threshold:g} %")
        else:
            parts.append(f"FR at {self.fr_threshold:g} %, AUC{method} at {self.auc_threshold:g} %")
        if box:
            parts.append(f"box: {self.boxes.describe()}")
        return ", ".join(parts)

    def __str__(self) -> str:
        return self.describe()

    @property
    def boxes(self) -> BoxSource:
        """The parsed `box_source`."""
        return BoxSource.parse(self.box_source)

    def _normalizer_text(self) -> str:
        text = self.normalizer.replace("_", "-")
        if not self.normalizer.startswith("box_"):
            return text
        owner = "tight ground-truth box" if self.normalizer_box == "landmarks" else "data set's box"
        return f"{text} of the {owner}"


_REGISTRY: dict[str, Protocol] = {}


def register_protocol(protocol: Protocol) -> Protocol:
    """Registers a protocol by its name.

    Raises:
        ValueError: If a different protocol holds that name.
    """
    if _REGISTRY.get(protocol.name, protocol) != protocol:
        raise ValueError(f"Another protocol of that name is registered already. Received: name={protocol.name!r}")
    _REGISTRY[protocol.name] = protocol
    return protocol


def unregister_protocol(name: str) -> None:
    """Removes a protocol from the registry; does nothing where no protocol has that name."""
    _REGISTRY.pop(name, None)


def get_protocol(protocol: str | Protocol) -> Protocol:
    """Returns a registered protocol by name; a `Protocol` is returned as it is.

    Raises:
        ValueError: If no protocol has that name.
    """
    if isinstance(protocol, Protocol):
        return protocol
    if protocol not in _REGISTRY:
        near = difflib.get_close_matches(str(protocol), _REGISTRY, n=3, cutoff=0.4) or list(_REGISTRY)[:3]
        raise ValueError(
            f"`protocol` must be a Protocol or the name of one; close names are {near}, and "
            f"`list_protocols()` has all {len(_REGISTRY)}. Received: protocol={protocol!r}"
        )
    return _REGISTRY[protocol]


def list_protocols(dataset: str | None = None) -> list[str]:
    """Names of the registered protocols, of one data set (`"300W"`) or all."""
    return [name for name, protocol in _REGISTRY.items() if dataset in (None, protocol.dataset)]
