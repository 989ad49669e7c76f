"""Deformable convolution."""

import math

import keras
import numpy as np
from keras import ops

from kerasalign.layers.rows import take_rows
from kerasalign.support.checks import at_least, one_of

BOUNDARIES = ("zeros", "mxnet")


@keras.saving.register_keras_serializable(package="kerasalign")
class DeformConv2D(keras.layers.Layer):
    """Deformable convolution (v1): a convolution predicts an offset for every kernel tap at every position.

    Taps read the image by bilinear interpolation. Initial offsets are zero, which makes the layer an ordinary `Conv2D`.
    Inference processes one tap after the other, so that memory holds less than one im2col matrix.

    Offsets are in pixels of the input. Channel `2 k` of a deformable group moves tap `k`, in row-major order, down;
    channel `2 k + 1` moves it right. This is the order of MXNet, torchvision and ONNX.

    Args:
        filters: Number of output channels.
        kernel_size: Sides of the kernel, or one number for a square.
        strides: Step between windows.
        padding: `"same"`, as Keras pads, or `"valid"`.
        dilation_rate: Step between the taps of a window.
        groups: Number of channel groups, each with filters of its own.
        deformable_groups: Number of groups of consecutive input channels, each with offsets of its own.
        boundary: Values outside the image: `"zeros"`, the continuous rule of torchvision and ONNX, or `"mxnet"`:
            0 before pixel 0, and the last pixel continues for less than a pixel.
        use_bias: Whether a bias is added.
        kernel_initializer: Initializer of the kernel; by default He's.

    Call arguments:
        images: `(B, H, W, C)`; H and W must be known.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, H', W', filters)`, as of `keras.layers.Conv2D`.

    Raises:
        ValueError: If an argument is out of range or channels do not fit the groups.

    Example:

        out = DeformConv2D(68)(np.ones((1, 64, 64, 256), "float32"))      # (1, 64, 64, 68)

    Reference: Dai et al., "Deformable Convolutional Networks" (arXiv 1703.06211), section 2.1; the inside transformer
    of SDU (arXiv 1812.01936), section 3.1.
    """

    def __init__(
        self,
        filters: int,
        kernel_size=3,
        strides=1,
        padding: str = "same",
        dilation_rate=1,
        groups: int = 1,
        deformable_groups: int = 1,
        boundary: str = "zeros",
        use_bias: bool = True,
        kernel_initializer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        pairs = {"kernel_size": kernel_size, "strides": strides, "dilation_rate": dilation_rate}
        pairs = {name: (value, value) if isinstance(value, int) else tuple(value) for name, value in pairs.items()}
        at_least(1, filters=filters, groups=groups, deformable_groups=deformable_groups, **pairs)
        one_of("padding", padding, ("same", "valid"))
        one_of("boundary", boundary, BOUNDARIES)
        if filters % groups:
            raise ValueError(f"`filters` must be a multiple of `groups`. Received: filters={filters}, groups={groups}")
        self.filters = filters
        self.kernel_size, self.strides, self.dilation_rate = (list(pair) for pair in pairs.values())
        self.padding = padding
        self.groups = groups
        self.deformable_groups = deformable_groups
        self.boundary = boundary
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer or "he_normal")

    @property
    def taps(self) -> int:
        """Number of kernel taps."""
        return math.prod(self.kernel_size)

    def build(self, input_shape):
        _, height, width, channels = input_shape
        if not height or not width or channels % self.groups or channels % self.deformable_groups:
            raise ValueError(
                "DeformConv2D needs known sides and channels that are divisible by "
                f"groups={self.groups} and deformable_groups={self.deformable_groups}. "
                f"Received: input_shape={input_shape}"
            )
        self.offset = keras.layers.Conv2D(
            2 * self.taps * self.deformable_groups,
            self.kernel_size,
            self.strides,
            self.padding,
            dilation_rate=self.dilation_rate,
            kernel_initializer="zeros",
            dtype=self.dtype_policy,
            name="offset",
        )
        self.offset.build(input_shape)
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        self.kernel = self.add_weight(shape=shape, initializer=self.kernel_initializer, name="kernel")
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")

    def predict_offsets(self, images):
        """Offsets `(B, H', W', G, T, 2)`, down then right, in pixels: G deformable groups, T taps; float32."""
        offsets = ops.cast(self.offset(images), "float32")
        return ops.reshape(offsets, (-1, *offsets.shape[1:3], self.deformable_groups, self.taps, 2))

    def call(self, images, training=None):
        return self.deformed(images, self.predict_offsets(images), training)

    def deformed(self, images, offsets, training=None):
        """The convolution of `(B, H, W, C)` images with given offsets `(B, H', W', G, T, 2)`."""
        _, height, width, channels = images.shape
        parts = self.deformable_groups
        pixels = ops.reshape(images, (-1, channels // parts))
        first = ops.arange(ops.shape(images)[0], dtype="int32") * (height * width)
        first = ops.reshape(first, (-1, 1, 1, 1, 1))
        down, right = (ops.convert_to_tensor(grid) for grid in self._grid(height, width))
        part_number = ops.convert_to_tensor(np.arange(parts, dtype="int32"))
        out, order = None, np.int32(0)

        def product(pixels, y, x, weights):
            read = 0
            for row, column, share in self._corners(y, x, height, width):
                place = first + ops.clip(row + order, 0, height - 1) * width + ops.clip(column, 0, width - 1)
                place = place * parts + part_number
                value = take_rows(pixels, ops.reshape(place, (-1,)))
                read = read + value * ops.reshape(ops.cast(share, images.dtype), (-1, 1))
            return self._product(ops.reshape(read, (-1, y.shape[-2], channels)), weights)

        # Training reads all taps in one pass: a graph of many small steps takes minutes to compile, and the backward
        # pass would keep what each has read anyway. Inference goes tap by tap, in a fraction of the memory.
        step = self.taps if training else 1
        # The backward pass gathers pixels again instead of keeping four for every tap.
        once = keras.remat(product) if training else product
        # LiteRT slices no more than five dimensions.
        shifts = ops.reshape(offsets, (-1, *offsets.shape[1:4], 2 * self.taps))
        for tap in range(0, self.taps, step):
            part, end = slice(tap, tap + step), 2 * (tap + step)
            # Positions far outside are all alike, and integers must not overflow.
            y = ops.clip(shifts[..., 2 * tap : end : 2] + down[:, :, None, part], -2.0, height + 1.0)
            x = ops.clip(shifts[..., 2 * tap + 1 : end : 2] + right[:, :, None, part], -2.0, width + 1.0)
            y, x = (ops.transpose(axis, (0, 1, 2, 4, 3)) for axis in (y, x))
            made = once(pixels, y, x, self._weights_of(part))
            out = made if out is None else out + made
            if tap + step < self.taps:
                # Zero, but known only when this tap is done: otherwise all would be gathered first and fill memory.
                order = ops.cast(ops.isnan(ops.stop_gradient(out[0, 0])), "int32")
        out = ops.reshape(out, (-1, *offsets.shape[1:3], self.filters))
        return out + self.bias if self.use_bias else out

    def _grid(self, height: int, width: int):
        """Row and column that each tap reads at zero offset, `(H', W', T)` each."""
        axes = []
        for side, kernel, step, spread in zip((height, width), self.kernel_size, self.strides, self.dilation_rate):
            reach = (kernel - 1) * spread + 1
            count = -(-side // step) if self.padding == "same" else (side - reach) // step + 1
            missing = max((count - 1) * step + reach - side, 0) if self.padding == "same" else 0
            axes.append(np.arange(count)[:, None] * step - missing // 2 + np.arange(kernel) * spread)
        (down, right), shape = axes, (len(axes[0]), len(axes[1]), *self.kernel_size)
        down = np.broadcast_to(down[:, None, :, None], shape)
        right = np.broadcast_to(right[None, :, None, :], shape)
        return (grid.reshape(*shape[:2], -1).astype("float32") for grid in (down, right))

    def _corners(self, y, x, height: int, width: int):
        """The four pixels around each position: row, column and interpolation weight."""
        top, left = ops.floor(y), ops.floor(x)
        below, beside = y - top, x - left
        top, left = ops.cast(top, "int32"), ops.cast(left, "int32")
        if self.boundary == "mxnet":
            inside = ops.cast((y >= 0) & (y < height) & (x >= 0) & (x < width), "float32")
        for row, share_y in ((top, 1 - below), (top + 1, below)):
            for column, share_x in ((left, 1 - beside), (left + 1, beside)):
                if self.boundary == "zeros":
                    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
                    inside = ops.cast(inside, "float32")
                yield row, column, share_y * share_x * inside

    def _weights_of(self, part: slice):
        """The weights of a range of taps, `(t, g, C / g, F / g)`."""
        shape = (self.taps, -1, self.groups, self.filters // self.groups)
        return ops.transpose(ops.reshape(self.kernel, shape), (0, 2, 1, 3))[part]

    def _product(self, read, weights):
        """`(M, t, C)` pixels times `(t, g, C / g, F / g)` weights: `(M, F)`."""
        taps, groups, inner, outer = weights.shape
        if groups == 1:
            return ops.matmul(ops.reshape(read, (-1, taps * inner)), ops.reshape(weights, (-1, outer)))
        read = ops.transpose(ops.reshape(read, (-1, taps, groups, inner)), (2, 0, 1, 3))
        weights = ops.reshape(ops.transpose(weights, (1, 0, 2, 3)), (groups, -1, outer))
        made = ops.matmul(ops.reshape(read, (groups, -1, taps * inner)), weights)
        return ops.reshape(ops.transpose(made, (1, 0, 2)), (-1, self.filters))

    def count_macs(self, images):
        """Multiply-adds with the kernel, without interpolation. The offsets' convolution counts its own."""
        return math.prod(self.compute_output_shape(images)) * self.taps * images[-1] // self.groups

    def compute_output_shape(self, input_shape):
        _, height, width, _ = input_shape
        down, _ = self._grid(height, width)
        return (input_shape[0], *down.shape[:2], self.filters)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "deformable_groups": self.deformable_groups,
            "boundary": self.boundary,
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
