"""Pictures: landmarks on photos, contact sheets, CED curves."""

from kerasalign.plots.ced import plot_ced
from kerasalign.plots.contact_sheet import contact_sheet
from kerasalign.plots.draw import draw_faces

__all__ = ["contact_sheet", "draw_faces", "plot_ced"]
