"""Synthetic faces: a renderer of our own, with labels that need no annotator.

    head = synth.analytic_head()
    scene = synth.draw_scene(head, synth.SceneConfig(), seed=0, index=0)
    picture = synth.render(head, scene, 256)

Names load when they are first used: the renderer needs the extra `kerasalign[synth]`.
"""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.synth.analytic import analytic_head as analytic_head
    from kerasalign.synth.head import HeadModel as HeadModel
    from kerasalign.synth.ict import ict_facekit as ict_facekit
    from kerasalign.synth.picture import Rendered as Rendered, render as render
    from kerasalign.synth.scene import Scene as Scene, SceneConfig as SceneConfig, draw_scene as draw_scene

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "analytic": ["analytic_head"],
        "head": ["HeadModel"],
        "ict": ["ict_facekit"],
        "picture": ["Rendered", "render"],
        "scene": ["Scene", "SceneConfig", "draw_scene"],
    },
)
