"""What every model is: the base class, the crop contract, where weights come from, counts, other points."""
