"""Synthetic faces: a renderer of our own, with labels that need no annotator.

    head = synth.analytic_head()
    scene = synth.draw_scene(head, synth.SceneConfig(), seed=0, index=0)
    picture = synth.render(head, scene, 256)

Names load when they are first used: the renderer needs the extra `kerasalign[synth]`.
"""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.synth.head.analytic import analytic_head as analytic_head
    from kerasalign.synth.head.ict import ict_facekit as ict_facekit
    from kerasalign.synth.head.model import HeadModel as HeadModel
    from kerasalign.synth.rendering.picture import Rendered as Rendered, render as render
    from kerasalign.synth.rendering.scene import Scene as Scene, draw_scene as draw_scene
    from kerasalign.synth.rendering.scene_config import SceneConfig as SceneConfig

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            "head.analytic": ["analytic_head"],
            "head.ict": ["ict_facekit"],
            "head.model": ["HeadModel"],
            "rendering.picture": ["Rendered", "render"],
            "rendering.scene": ["Scene", "draw_scene"],
            "rendering.scene_config": ["SceneConfig"],
        },
    )
