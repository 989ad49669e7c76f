"""What is written in a plot."""

import pytest


def plot_texts(monkeypatch, draw):
    """Every text of the plot that `draw()` makes, and what `draw` returns."""
    matplotlib = pytest.importorskip("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    found = []

    class Spy(FigureCanvasAgg):
        def print_png(self, *arguments, **options):
            found.extend(text.get_text() for text in self.figure.findobj(matplotlib.text.Text))
            return super().print_png(*arguments, **options)

    monkeypatch.setattr("matplotlib.backends.backend_agg.FigureCanvasAgg", Spy)
    picture = draw()
    return found, picture
