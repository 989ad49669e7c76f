"""The training loop."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import keras

from kerasalign.data.epochs import EpochDataset
from kerasalign.support.drafts import remove_abandoned
from kerasalign.support.files import sha256
from kerasalign.support.locks import Locked, locked
from kerasalign.training.divergence import StopAtNaN, TrainingDiverged
from kerasalign.training.run_card import RunCard
from kerasalign.training.run_folder import RunFolder

logger = logging.getLogger(__name__)

Model = TypeVar("Model", bound=keras.Model)


def train(
    model: Model,
    loader: EpochDataset,
    validation: Callable[[], Any] | None,
    run_dir: str | Path,
    *,
    recipe: str,
    settings: Mapping[str, Any],
    optimizer: keras.optimizers.Optimizer,
    steps: int,
    watch: str = "nme",
    skipped: Mapping[str, str] | None = None,
    initial_weights: str | Path | None = None,
    validation_batch_size: int | None = None,
    verbose: str | int = "auto",
    callbacks: Iterable[keras.callbacks.Callback] = (),
    **compile_options: Any,
) -> Model:
    """Trains a network in a run folder. A run that is in the folder goes on.

    A run is a whole number of epochs, each as long as the loader. After every epoch the folder holds the state to
    resume from: a resumed run ends with the same weights as one that was never stopped.

    Args:
        model: The untrained network.
        loader: Training batches, numbered by epoch.
        validation: Makes the validation data, such as a loader of held-out faces or a pair of arrays. It is called
            only if there are epochs left. `None`: no validation.
        run_dir: The folder; see `RunFolder`.
        recipe: `recipe` of the run card.
        settings: `settings` of the run card. They must be those of the run that goes on.
        optimizer: A new optimizer.
        steps: Optimizer steps of the run; they are rounded up to whole epochs.
        watch: Name of the log that decides which epoch is best: on validation data, or without them on training data.
        skipped: `skipped` of the run card.
        initial_weights: Weights file of the same network to start from, instead of random weights.
        validation_batch_size: Batch size of a validation that is a pair of arrays.
        verbose: As in `keras.Model.fit`.
        callbacks: Further Keras callbacks.
        **compile_options: As in the `compile` of the model.

    Returns:
        A network in float32 with the last weights, averaged where the optimizer averages; it is not compiled.

    Raises:
        ValueError: If the folder holds a run with other settings, or a damaged one.
        Locked: If another training runs in the folder.
        TrainingDiverged: If the loss or a weight is NaN or infinite. The last states before that stay in the folder.
        OSError: If a file cannot be written, for example on a full disk. The states before stay.
    """
    with _alone_in(Path(run_dir)):
        config = {key: value for key, value in model.get_config().items() if key != "origin"}
        card = RunCard(recipe, dict(settings), config | {"dtype": "float32"}, dict(skipped or {}))
        if initial_weights is not None:
            model.load_weights(initial_weights)
            card = replace(card, settings=card.settings | {"initial_weights": sha256(initial_weights)})
        folder = RunFolder(run_dir, card, watch if validation is None else f"val_{watch}")
        model.compile(optimizer, **compile_options)
        epoch, epochs = folder.restore(model), -(-steps // len(loader))
        if epoch:
            logger.info("Going on after epoch %d of %d", epoch, epochs)
        if epoch < epochs:
            loader.set_epoch(epoch)
            averages = validation is not None and optimizer.use_ema
            swap = [keras.callbacks.SwapEMAWeights()] if averages else []
            # The loader has its own seeded order; Keras' shuffling of batches would not survive a restart.
            model.fit(
                loader,
                epochs=epochs,
                initial_epoch=epoch,
                validation_data=None if validation is None else validation(),
                shuffle=False,
                validation_batch_size=validation_batch_size,
                verbose=verbose,
                callbacks=[StopAtNaN(), loader.epoch_callback(), *swap, folder, *callbacks],
            )
        return folder.finished(model)


@contextmanager
def _alone_in(run_dir: Path) -> Iterator[None]:
    """Holds the lock of a run folder, whose drafts of killed runs are removed."""
    remove_abandoned(run_dir)
    try:
        with locked(run_dir / "run.lock", wait=False):
            yield
    except Locked as error:
        raise Locked(f"Another training runs in this folder: {error}. Received: run_dir={str(run_dir)!r}") from error
    except TrainingDiverged as error:
        states = sorted(path.name for path in run_dir.glob("state-*.weights.h5"))
        kept = f"the last good states, {states}, stay in {run_dir}" if states else "no state was saved before"
        raise TrainingDiverged(f"{error}; {kept}") from error
