"""Synthetic faces: a renderer of our own, with labels that need no annotator.

    head = synth.analytic_head()
    scene = synth.draw_scene(head, synth.SceneConfig(), seed=0, index=0)
    picture = synth.render(head, scene, 256)

Names load when they are first used: the renderer needs the extra `kerasalign[synth]`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasalign.synth.head.analytic import analytic_head
    from kerasalign.synth.head.ict import ict_facekit
    from kerasalign.synth.head.model import HeadModel
    from kerasalign.synth.rendering.picture import Rendered, render
    from kerasalign.synth.rendering.scene import Scene, draw_scene
    from kerasalign.synth.rendering.scene_config import SceneConfig

__all__ = ["HeadModel", "Rendered", "Scene", "SceneConfig", "analytic_head", "draw_scene", "ict_facekit", "render"]

_FILES = {
    "head.analytic": ("analytic_head",),
    "head.model": ("HeadModel",),
    "head.ict": ("ict_facekit",),
    "rendering.picture": ("Rendered", "render"),
    "rendering.scene": ("Scene", "draw_scene"),
    "rendering.scene_config": ("SceneConfig",),
}
_HOME = {name: file for file, names in _FILES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'kerasalign.synth' has no attribute {name!r}")
    value = getattr(import_module(f"kerasalign.synth.{_HOME[name]}"), name)
    globals()[name] = value
    return value
