"""What every recipe's training shares: averaged weights, resumable runs, run cards."""

from kerasalign.training.averaged_adam import AveragedAdam
from kerasalign.training.run import RunFolder, averaged_weights, save_weights

__all__ = ["AveragedAdam", "RunFolder", "averaged_weights", "save_weights"]
