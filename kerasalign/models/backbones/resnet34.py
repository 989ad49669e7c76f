"""ResNet-34 as a feature pyramid."""

from __future__ import annotations

from keras import layers

from kerasalign.layers import FusedBatchNormalization


def resnet34(images, width: int = 64, blocks=(3, 4, 6, 3), dtype=None, name: str = "backbone") -> list:
    """Post-activation residual network without its classifier.

    Args:
        images: Symbolic `(B, S, S, C)`, standardized.
        width: Channels of the first stage; each further stage has twice as many.
        blocks: Residual blocks of the four stages.
        dtype: Dtype policy of the layers.
        name: Prefix of the layers' names.

    Returns:
        Five maps: `(B, S/2, S/2, width)`, `(B, S/4, S/4, width)` and so on to `(B, S/32, S/32, 8 width)`.

    Reference: He et al., "Deep Residual Learning for Image Recognition" (CVPR 2016). Strided windows are padded
    alike on both sides, and statistics of stem and shortcuts move by 0.01, as in SCC's released code.
    """
    x = convolution(images, width, 7, 2, momentum=0.99, name=f"{name}_stem", dtype=dtype)
    maps = [x]
    x = layers.ZeroPadding2D(1, name=f"{name}_stem_edge", dtype=dtype)(x)
    x = layers.MaxPooling2D(3, 2, name=f"{name}_stem_pool", dtype=dtype)(x)
    for stage, count in enumerate(blocks):
        for index in range(count):
            strides = 2 if stage and not index else 1
            x = _block(x, width * 2**stage, strides, f"{name}_stage{stage + 1}_block{index + 1}", dtype)
        maps.append(x)
    return maps


def _block(x, filters: int, strides: int, name: str, dtype):
    y = convolution(x, filters, 3, strides, name=f"{name}_conv1", dtype=dtype)
    y = convolution(y, filters, 3, 1, activation=False, name=f"{name}_conv2", dtype=dtype)
    if strides > 1 or x.shape[-1] != filters:
        x = convolution(x, filters, 1, strides, activation=False, momentum=0.99, name=f"{name}_shortcut", dtype=dtype)
    x = layers.Add(name=f"{name}_add", dtype=dtype)([x, y])
    return layers.ReLU(name=f"{name}_relu", dtype=dtype)(x)


def convolution(
    x, filters: int, kernel: int, strides: int = 1, activation: bool = True, momentum: float = 0.9, *, name: str, dtype
):
    """Convolution without bias, batch normalization and, if wanted, ReLU; padded by half a kernel on every side."""
    if strides > 1 and kernel > 1:
        x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad", dtype=dtype)(x)
    x = layers.Conv2D(
        filters,
        kernel,
        strides,
        "valid" if strides > 1 else "same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
        dtype=dtype,
    )(x)
    x = FusedBatchNormalization(momentum=momentum, name=f"{name}_norm", dtype=dtype)(x)
    return layers.ReLU(name=f"{name}_relu", dtype=dtype)(x) if activation else x
