"""The papers that the library knows, and models from plain dicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kerasalign.core.config import ModelConfig
from kerasalign.core.origin import Origin
from kerasalign.data.augment_config import register_presets
from kerasalign.models.ablation import Ablation
from kerasalign.models.paper import Paper
from kerasalign.runtimes.registry import register_format
from kerasalign.support.checks import one_of

if TYPE_CHECKING:
    from kerasalign.core.landmark_model import LandmarkModel

_PAPERS: dict[str, Paper] = {}


def register_paper(paper: Paper) -> Paper:
    """Makes a paper, its model classes, augmentation presets and file formats known by their names, and returns it.

    Raises:
        ValueError: If another paper has its name, or one of its models or presets has the name of another.
    """
    for other in _PAPERS.values():
        taken = sorted(set(paper.models) & set(other.models))
        if other != paper and (other.name == paper.name or taken):
            raise ValueError(
                f"Another paper has this name or models of these names. Received: name={paper.name!r}, models {taken}"
            )
    register_presets(paper.augmentation)
    for file_format in paper.formats:
        register_format(file_format, exist_ok=True)
    _PAPERS[paper.name] = paper
    return paper


def list_papers() -> list[str]:
    """Short names of the registered papers."""
    return list(_PAPERS)


def get_paper(name: str) -> Paper:
    """A registered paper by its short name.

    Raises:
        ValueError: If there is none.
    """
    one_of("name", name, _PAPERS)
    return _PAPERS[name]


def list_ablations() -> list[str]:
    """Names of the ablation tables of all papers."""
    return [ablation.name for paper in _PAPERS.values() for ablation in paper.ablations]


def get_ablation(name: str) -> Ablation:
    """An ablation table by its name, such as `"scc-table5"`.

    Raises:
        ValueError: If there is none.
    """
    tables = {ablation.name: ablation for paper in _PAPERS.values() for ablation in paper.ablations}
    one_of("name", name, tables)
    return tables[name]


def paper_of(model: LandmarkModel | ModelConfig) -> Paper:
    """The paper of a model or of its config.

    Raises:
        ValueError: If its class belongs to no registered paper.
    """
    config = model if isinstance(model, ModelConfig) else model.config
    return _paper_of_class(config.class_name())


def read_config(architecture: Mapping[str, Any]) -> ModelConfig:
    """The config of a plain dict `{"class": "MuSiCa", ...fields}`, the form of the manifest. It loads no Keras.

    Raises:
        ValueError: If the class or a field is unknown, or a field is out of range.
    """
    fields = dict(architecture)
    name = fields.pop("class", None)
    return _paper_of_class(name).models[name].from_json(fields)


def build(config: Mapping[str, Any]) -> LandmarkModel:
    """Builds an untrained model from a plain dict `{"class": "MuSiCa", ...fields}`.

    Args:
        config: As for `read_config`; `"name"` may name the Keras model, and `"origin"` be that of its `get_config`.

    Raises:
        ValueError: As in `read_config`.
    """
    fields = dict(config)
    name, origin = fields.pop("name", None), fields.pop("origin", None)
    model = read_config(fields).build(name)
    return model if origin is None else model.with_origin(Origin.from_json(origin))


def _paper_of_class(name: Any) -> Paper:
    papers = {model: paper for paper in _PAPERS.values() for model in paper.models}
    one_of("class", name, sorted(papers))
    return papers[name]
