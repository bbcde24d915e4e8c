"""What every interactive figure is made of: controls, a picture that they redraw, and a line of text below it."""

from base64 import b64encode
from io import BytesIO

import ipywidgets
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI = 90


class PictureBox(ipywidgets.VBox):
    """A widget around one picture and a line of text, which pages without a kernel show in its place.

    Attributes:
        picture: ipywidgets.Image, a PNG.
        caption: ipywidgets.Label.

    Args:
        above, below: widgets around the two.
    """

    def __init__(self, *, above=(), below=()):
        self.picture = ipywidgets.Image(format="png", layout={"max_width": "100%", "align_self": "flex-start"})
        self.caption = ipywidgets.Label()
        super().__init__([*above, self.picture, self.caption, *below])
        self.add_class("picture-box")  # by which pages and tests may find it

    def _repr_mimebundle_(self, **kwargs):
        """The widget for a page with a kernel; for all others the picture as it is now, and the caption."""
        still = {"image/png": b64encode(self.picture.value).decode(), "text/plain": self.caption.value}
        return super()._repr_mimebundle_(**kwargs) | still


class InteractiveFigure(PictureBox):
    """A figure that is drawn anew, in well under 100 ms, whenever one of its controls moves.

    Attributes:
        controls: {name: ipywidgets widget with a value}, as given.
        figure: the matplotlib Figure behind the picture.

    Args:
        draw: called as draw(*axes, **values) with empty Axes and the value of each control by its name; returns the
            caption.
        controls: {name: widget}, shown above the picture in this order.
        extra: further widgets beside the controls, such as a button; what they change they show by `redraw`.
        figsize: in inches; a page is about 9 wide.
        subplots: how many Axes, as for Figure.subplots (nrows, ncols, width_ratios, ...).
    """

    def __init__(self, draw, controls, *, extra=(), figsize=(8, 3), **subplots):
        self.controls = dict(controls)
        row = ipywidgets.HBox([*self.controls.values(), *extra], layout={"flex_flow": "row wrap"})
        super().__init__(above=[row])
        self._draw = draw
        # Not of pyplot: it would keep every figure, and the notebook would show it a second time.
        self.figure = Figure(figsize, DPI, layout="constrained")
        FigureCanvasAgg(self.figure)
        self._axes = self.figure.subplots(squeeze=False, **subplots).ravel()
        self.redraw()
        # The first drawing has found room for all labels. To look for it at every move would double the time.
        self.figure.set_layout_engine("none")
        for control in self.controls.values():
            control.observe(self.redraw, "value")

    def redraw(self, _change=None):
        """Draw the picture for the values that the controls have now."""
        for ax in self._axes:
            _empty(ax)
        self.caption.value = self._draw(*self._axes, **{name: c.value for name, c in self.controls.items()})
        png = BytesIO()
        self.figure.canvas.print_png(png, pil_kwargs={"compress_level": 1})  # stronger takes longer than it saves
        self.picture.value = png.getvalue()


def _empty(ax):
    """Take out what was drawn but keep the ticks and labels, whose making is the slowest part of `ax.clear()`."""
    legend = [ax.legend_] if ax.legend_ else []
    for artist in [*ax.lines, *ax.patches, *ax.collections, *ax.images, *ax.texts, *legend]:
        artist.remove()
    ax.containers.clear()
    ax.set_prop_cycle(None)  # begin again with the first colour
    ax.relim()


def slider(description, value, low, high, step, **options):
    """A slider for a float, wide enough for its description; `options` as for ipywidgets.FloatSlider."""
    options = {"style": {"description_width": "initial"}, "layout": {"width": "320px"}} | options
    return ipywidgets.FloatSlider(value, min=low, max=high, step=step, description=description, **options)
