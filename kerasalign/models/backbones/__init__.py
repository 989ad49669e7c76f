"""Feature extractors that several papers share."""

from kerasalign.models.backbones.resnet34 import resnet34

__all__ = ["resnet34"]
