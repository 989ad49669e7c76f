"""What can go wrong between a network and its exported file."""


class ParityError(ValueError):
    """An exported file does not give the network's results; it was not kept."""
