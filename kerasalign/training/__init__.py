"""What every recipe's training shares: averaged weights, resumable runs, run cards."""

from kerasalign.training.averaged_adam import AveragedAdam
from kerasalign.training.coupled import CoupledAdam, CoupledSGD
from kerasalign.training.run import RunFolder, averaged_weights, save_weights

__all__ = ["AveragedAdam", "CoupledAdam", "CoupledSGD", "RunFolder", "averaged_weights", "save_weights"]
