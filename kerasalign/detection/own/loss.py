"""What the detector's maps cost beside the faces that are there."""

from __future__ import annotations

from keras import ops

from kerasalign.detection.own.coding import FACE, REFERENCE, STRIDE

#: Spread of a face's middle in units of its side, and the least one in pixels.
_SPREAD, _LEAST = 0.1, 3.0
#: Cells where a face's bump is lower than this do not learn its numbers.
_NEAR = 0.05


def detection_loss(faces, maps) -> dict:
    """Loss of a batch, by part.

    The score learns by the focal loss with bumps about middles; the face's numbers are learnt by the cells of its
    bump, each face counting alike whatever its size, and a cell between two faces learning the one whose bump is
    higher.

    Args:
        faces: `(B, M, 17)` float32 faces in pixels, and whether they are to be found; NaN rows are no face.
        maps: `(B, h, w, 17)` float32 from the network.

    Returns:
        Dict of scalars: `score`, `overlap` (generalised IoU of upright boxes), `box`, `turn`, `points`.

    Reference: focal loss with bumps: Law and Deng, "CornerNet" (arXiv 1808.01244), section 3.2. Generalised IoU:
    Rezatofighi et al. (arXiv 1902.09630).
    """
    rows, columns = ops.shape(maps)[1], ops.shape(maps)[2]
    present = ops.logical_not(ops.isnan(faces[..., 0]))
    wanted = ops.logical_and(present, faces[..., FACE] > 0.5)
    ignored = ops.cast(ops.logical_and(present, ops.logical_not(wanted)), "float32")
    wanted = ops.cast(wanted, "float32")
    faces = ops.where(present[..., None], faces, 1.0)[..., :FACE]
    count = ops.maximum(ops.sum(wanted), 1.0)

    x = ops.cast(ops.arange(columns), "float32") * STRIDE + (STRIDE - 1) / 2
    y = ops.cast(ops.arange(rows), "float32") * STRIDE + (STRIDE - 1) / 2
    dx = x[None, None] - faces[..., :1]
    dy = y[None, None] - faces[..., 1:2]
    side = ops.sqrt(faces[..., 2] * faces[..., 3])
    spread = ops.maximum(_SPREAD * side, _LEAST)[..., None]
    # (B, M, h, w) bumps, 1 in the cell of the middle.
    bumps = ops.exp(-0.5 * ops.square(dy / spread))[..., None] * ops.exp(-0.5 * ops.square(dx / spread))[..., None, :]
    here = _inside(dy)[..., None] * _inside(dx)[..., None, :]
    bumps = ops.maximum(bumps, here)
    covered = ops.max(bumps * ignored[..., None, None], 1)
    bumps = bumps * wanted[..., None, None]
    target = ops.max(bumps, 1)

    score = _focal(maps[..., 0], target, ops.cast(covered > _NEAR, "float32")) / count

    own = ops.where(ops.logical_and(bumps >= target[:, None], bumps > _NEAR), bumps, 0.0)
    own = own / ops.maximum(ops.sum(own, (2, 3), keepdims=True), 1e-6)
    weight = ops.sum(own, 1) / count
    # Every cell's face: a mixture by `own`, which is one face wherever the weight is not nothing.
    share = ops.where(own > 0, 1.0, 0.0)
    share = share / ops.maximum(ops.sum(share, 1, keepdims=True), 1.0)
    goal = ops.einsum("bmhw,bmc->bhwc", share, faces)
    goal = ops.where(weight[..., None] > 0, goal, 1.0)
    grid = ops.stack(ops.meshgrid(x, y), -1)[None]
    return {"score": score} | _regression(maps[..., 1:], goal, grid, weight)


def _inside(distance):
    """1 where a place lies in the cell whose middle is that far away."""
    return ops.cast(ops.logical_and(distance > -STRIDE / 2, distance <= STRIDE / 2), "float32")


def _focal(logit, target, unknown):
    """Sum of the focal loss over cells; cells near a middle count less, unknown ones not unless they are sure."""
    log_p, log_q = -ops.softplus(-logit), -ops.softplus(logit)
    p = ops.sigmoid(logit)
    sure = ops.cast(target >= 1.0, "float32")
    found = sure * ops.square(1 - p) * log_p
    other = (1 - sure) * (1 - unknown) * ops.power(1 - target, 4.0) * ops.square(p) * log_q
    return -ops.sum(found + other)


def _regression(coded, goal, grid, weight) -> dict:
    """Losses of a face's numbers, weighted by cell."""
    size = goal[..., 2:4]
    side = ops.sqrt(size[..., :1] * size[..., 1:])
    place = (goal[..., :2] - grid) / side
    scale = ops.log(size / REFERENCE)
    spots = (ops.reshape(goal[..., 6:], (*ops.shape(goal)[:3], 5, 2)) - grid[..., None, :]) / side[..., None]
    spots = ops.reshape(spots, (*ops.shape(goal)[:3], 10))

    def mean(error):
        return ops.sum(ops.mean(error, -1) * weight)

    return {
        "overlap": ops.sum((1 - _giou(coded, goal, grid)) * weight),
        "box": mean(ops.abs(coded[..., :2] - place)) + mean(ops.abs(coded[..., 2:4] - scale)),
        "turn": mean(ops.abs(coded[..., 4:6] - goal[..., 4:6])),
        "points": 2 * mean(ops.abs(coded[..., 6:] - spots)),
    }


def _giou(coded, goal, grid):
    """Generalised IoU of the coded faces' upright boxes and the goals', as if neither were turned."""
    size = REFERENCE * ops.exp(ops.clip(coded[..., 2:4], -4.0, 4.0))
    middle = grid + coded[..., :2] * ops.sqrt(size[..., :1] * size[..., 1:])
    low, high = middle - size / 2, middle + size / 2
    goal_low, goal_high = goal[..., :2] - goal[..., 2:4] / 2, goal[..., :2] + goal[..., 2:4] / 2
    both = ops.relu(ops.minimum(high, goal_high) - ops.maximum(low, goal_low))
    hull = ops.maximum(high, goal_high) - ops.minimum(low, goal_low)
    common, whole = both[..., 0] * both[..., 1], hull[..., 0] * hull[..., 1]
    union = size[..., 0] * size[..., 1] + goal[..., 2] * goal[..., 3] - common
    return common / union - (whole - union) / whole
