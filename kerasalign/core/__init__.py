"""What all models share: base class and config, the crop contract, origin of weights, counts, adaptation."""
