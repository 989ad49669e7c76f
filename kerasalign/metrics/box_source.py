"""The source of the face boxes of an evaluation."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORM = re.compile(
    r"(landmarks)|(dataset)(?::(\w+))?|(detector):(\w+)|(scaled):(\d+(?:\.\d+)?)"
    r"|(jittered):(\d+(?:\.\d+)?(?:,roll=\d+(?:\.\d+)?)?(?:#\d+)?)"
)


@dataclass(frozen=True)
class BoxSource:
    """The source of the face boxes of an evaluation, written `KIND` or `KIND:DETAIL`.

    Args:
        kind: `"landmarks"` (tight box of the ground truth), `"scaled"` (that box, enlarged about its center),
            `"jittered"` (that box, enlarged, moved and turned at random; see `kerasalign.data.boxes.source_face`),
            `"dataset"` (a box that comes with the data set) or `"detector"`.
        detail: The factor; for `"jittered"` the range, then `,roll=` and degrees if it is turned, and a seed behind `#`
            if it is not 0; the kind of the data set's box (empty: its first one); or the detector's name.

    Example:

        BoxSource.parse("scaled:1.2").factor  # 1.2
        BoxSource.parse("jittered:0.2,roll=30").roll  # 30.0
    """

    kind: str
    detail: str = ""

    @classmethod
    def parse(cls, text: str) -> BoxSource:
        """Reads `"landmarks"`, `"scaled:FACTOR"`, `"jittered:RANGE"`, `"jittered:RANGE,roll=DEGREES"`, `"dataset"`,
        `"dataset:KIND"` or `"detector:NAME"`.

        Raises:
            ValueError: If the text has another form.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(
                "`box_source` must be 'landmarks', 'scaled:FACTOR', 'jittered:RANGE', 'jittered:RANGE,roll=DEGREES', "
                f"'dataset', 'dataset:KIND' or 'detector:NAME'. Received: box_source={text!r}"
            )
        kind, *detail = (group for group in match.groups() if group)
        return cls(kind, *detail)

    @property
    def factor(self) -> float:
        """The factor of a `"scaled"` source, or the range of a `"jittered"` one."""
        return float(re.split("[,#]", self.detail)[0])

    @property
    def roll(self) -> float:
        """Most degrees by which a `"jittered"` source turns the crop either way."""
        return float(self.detail.partition("#")[0].partition(",roll=")[2] or 0) if self.kind == "jittered" else 0.0

    @property
    def seed(self) -> int:
        """The seed of a `"jittered"` source."""
        return int(self.detail.partition("#")[2] or 0)

    def __str__(self) -> str:
        return f"{self.kind}:{self.detail}" if self.detail else self.kind

    def describe(self) -> str:
        """The source in words."""
        if self.kind == "landmarks":
            return "tight ground-truth"
        if self.kind == "scaled":
            return f"tight ground-truth x {self.detail}"
        if self.kind == "jittered":
            return f"tight ground-truth, jittered by {self.detail.replace(',roll=', ' and turned by up to ')}"
        if self.kind == "dataset":
            return f"data set's {self.detail}" if self.detail else "data set's own"
        return f"detector {self.detail}"
