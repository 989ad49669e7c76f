"""Synthetic faces: a renderer of our own, with labels that need no annotator.

    head = synth.analytic_head()
    scene = synth.draw_scene(head, synth.SceneConfig(), seed=0, index=0)
    picture = synth.render(head, scene, 256)

Names load when they are first used: the renderer needs the extra `kerasalign[synth]`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerasalign.synth.analytic import analytic_head
    from kerasalign.synth.head import HeadModel
    from kerasalign.synth.ict import ict_facekit
    from kerasalign.synth.picture import Rendered, render
    from kerasalign.synth.scene import Scene, SceneConfig, draw_scene

__all__ = ["HeadModel", "Rendered", "Scene", "SceneConfig", "analytic_head", "draw_scene", "ict_facekit", "render"]

_FILES = {
    "analytic": ("analytic_head",),
    "head": ("HeadModel",),
    "ict": ("ict_facekit",),
    "picture": ("Rendered", "render"),
    "scene": ("Scene", "SceneConfig", "draw_scene"),
}
_HOME = {name: file for file, names in _FILES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'kerasalign.synth' has no attribute {name!r}")
    value = getattr(import_module(f"kerasalign.synth.{_HOME[name]}"), name)
    globals()[name] = value
    return value
