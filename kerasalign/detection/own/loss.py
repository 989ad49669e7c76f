"""The training loss of the face detector."""

# Keras declares that an operation may return None.
# pyright: reportOptionalSubscript=false, reportOptionalOperand=false, reportOperatorIssue=false

from __future__ import annotations

from keras import ops

from kerasalign.detection.own.coding import FACE, REFERENCE, STRIDE

#: Standard deviation of the Gaussian at a face's center, in units of the face's side, and the smallest one in pixels.
_SPREAD, _SMALLEST_SPREAD = 0.1, 3.0
#: Cells where a face's Gaussian is lower than this do not learn its numbers.
_NEAR = 0.05


def detection_loss(faces, maps) -> dict:
    """Loss of a batch, by part.

    The score learns by the focal loss with a Gaussian at each face's center. The cells of that Gaussian learn the
    numbers of the face. Every face has the same weight, whatever its size. A cell between two faces learns the one
    whose Gaussian is higher.

    Args:
        faces: `(B, M, 17)` float32: the 16 numbers of a face in pixels, and 1 for a face that must be found, 0 for one
            that is ignored. A row of NaN is no face.
        maps: `(B, h, w, 17)` float32 maps of the network.

    Returns:
        Dict of scalars: `score`, `overlap` (generalized IoU of upright boxes), `box`, `turn` (rotation), `points`.

    Reference: focal loss with Gaussians: Law and Deng, "CornerNet" (arXiv 1808.01244), section 3.2. Generalized IoU:
    Rezatofighi et al. (arXiv 1902.09630).
    """
    rows, columns = ops.shape(maps)[1], ops.shape(maps)[2]
    present = ops.logical_not(ops.isnan(faces[..., 0]))
    required = ops.logical_and(present, faces[..., FACE] > 0.5)
    ignored = ops.cast(ops.logical_and(present, ops.logical_not(required)), "float32")
    required = ops.cast(required, "float32")
    faces = ops.where(present[..., None], faces, 1.0)[..., :FACE]
    count = ops.maximum(ops.sum(required), 1.0)

    x = ops.cast(ops.arange(columns), "float32") * STRIDE + (STRIDE - 1) / 2
    y = ops.cast(ops.arange(rows), "float32") * STRIDE + (STRIDE - 1) / 2
    dx = x[None, None] - faces[..., :1]
    dy = y[None, None] - faces[..., 1:2]
    side = ops.sqrt(faces[..., 2] * faces[..., 3])
    spread = ops.maximum(_SPREAD * side, _SMALLEST_SPREAD)[..., None]
    # (B, M, h, w) Gaussians, 1 in the cell of the center.
    gaussians = (
        ops.exp(-0.5 * ops.square(dy / spread))[..., None] * ops.exp(-0.5 * ops.square(dx / spread))[..., None, :]
    )
    center_cell = _inside(dy)[..., None] * _inside(dx)[..., None, :]
    gaussians = ops.maximum(gaussians, center_cell)
    covered = ops.max(gaussians * ignored[..., None, None], 1)
    gaussians = gaussians * required[..., None, None]
    target = ops.max(gaussians, 1)

    score = _focal(maps[..., 0], target, ops.cast(covered > _NEAR, "float32")) / count

    cells = ops.where(ops.logical_and(gaussians >= target[:, None], gaussians > _NEAR), gaussians, 0.0)
    cells = cells / ops.maximum(ops.sum(cells, (2, 3), keepdims=True), 1e-6)
    weight = ops.sum(cells, 1) / count
    # The face that a cell learns: wherever the weight is positive, exactly one face has a share.
    share = ops.where(cells > 0, 1.0, 0.0)
    share = share / ops.maximum(ops.sum(share, 1, keepdims=True), 1.0)
    goal = ops.einsum("bmhw,bmc->bhwc", share, faces)
    goal = ops.where(weight[..., None] > 0, goal, 1.0)
    grid = ops.stack(ops.meshgrid(x, y), -1)[None]
    return {"score": score} | _regression(maps[..., 1:], goal, grid, weight)


def _inside(distance):
    """1 where a position lies in the cell whose center is that far away, in pixels; otherwise 0."""
    return ops.cast(ops.logical_and(distance > -STRIDE / 2, distance <= STRIDE / 2), "float32")


def _focal(logit, target, unknown):
    """Sum of the focal loss over cells. Cells near a center weigh less; unknown ones are skipped, except centers."""
    log_p, log_q = -ops.softplus(-logit), -ops.softplus(logit)
    p = ops.sigmoid(logit)
    center = ops.cast(target >= 1.0, "float32")
    positive = center * ops.square(1 - p) * log_p
    negative = (1 - center) * (1 - unknown) * ops.power(1 - target, 4.0) * ops.square(p) * log_q
    return -ops.sum(positive + negative)


def _regression(coded, goal, grid, weight) -> dict:
    """Losses of the faces' numbers, weighted by cell."""
    size = goal[..., 2:4]
    side = ops.sqrt(size[..., :1] * size[..., 1:])
    position = (goal[..., :2] - grid) / side
    scale = ops.log(size / REFERENCE)
    points = (ops.reshape(goal[..., 6:], (*ops.shape(goal)[:3], 5, 2)) - grid[..., None, :]) / side[..., None]
    points = ops.reshape(points, (*ops.shape(goal)[:3], 10))

    def mean(error):
        return ops.sum(ops.mean(error, -1) * weight)

    return {
        "overlap": ops.sum((1 - _giou(coded, goal, grid)) * weight),
        "box": mean(ops.abs(coded[..., :2] - position)) + mean(ops.abs(coded[..., 2:4] - scale)),
        "turn": mean(ops.abs(coded[..., 4:6] - goal[..., 4:6])),
        "points": 2 * mean(ops.abs(coded[..., 6:] - points)),
    }


def _giou(coded, goal, grid):
    """Generalized IoU of the upright boxes of the coded faces and of the goals; rotations are ignored."""
    size = REFERENCE * ops.exp(ops.clip(coded[..., 2:4], -4.0, 4.0))
    center = grid + coded[..., :2] * ops.sqrt(size[..., :1] * size[..., 1:])
    low, high = center - size / 2, center + size / 2
    goal_low, goal_high = goal[..., :2] - goal[..., 2:4] / 2, goal[..., :2] + goal[..., 2:4] / 2
    both = ops.relu(ops.minimum(high, goal_high) - ops.maximum(low, goal_low))
    hull = ops.maximum(high, goal_high) - ops.minimum(low, goal_low)
    common, whole = both[..., 0] * both[..., 1], hull[..., 0] * hull[..., 1]
    union = size[..., 0] * size[..., 1] + goal[..., 2] * goal[..., 3] - common
    return common / union - (whole - union) / whole
