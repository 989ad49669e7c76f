"""Settings of every test process."""

import gc

# Keras' networks are many small objects that refer to each other: looking for garbage as often as Python does by
# default took a sixth of the suite's time.
gc.set_threshold(50_000, 20, 20)
