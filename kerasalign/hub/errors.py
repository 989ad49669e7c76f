"""What can go wrong between a preset's name and its weights."""


class UnknownPreset(ValueError):
    """No preset of that name is in the manifest."""


class WeightsError(RuntimeError):
    """A preset's weights cannot be used."""


class WeightsNotPublished(WeightsError):
    """The preset is known, but its weights are published nowhere that this installation could take them from."""


class WeightsNotInstalled(WeightsError):
    """The preset's weights are in the package kerasalign-weights, which is not installed."""


class WeightsCorrupted(WeightsError):
    """A weights file is missing bytes or is not the file that the manifest names."""


class DownloadFailed(WeightsError):
    """A file could not be fetched from the Hugging Face Hub; the message says what to do."""
