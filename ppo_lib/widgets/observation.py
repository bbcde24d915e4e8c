"""The shape and the scaling of an image, and what of the road it still shows."""

import ipywidgets
import numpy as np
from highway_env.envs.common.observation import GrayscaleObservation

from ppo_lib.envs import make_env
from ppo_lib.highway import LUMINANCE
from ppo_lib.plotting import plot_view
from ppo_lib.widgets.engine import InteractiveFigure, slider

SHAPES = ((32, 20), (48, 20), (64, 20), (96, 24), (128, 64), (192, 64))
WIDE = {"observation_shape": (840, 200), "scaling": 4.0}  # 210 m of road
LANE, CAR = 4.0, 5.0  # m: a lane's width and a car's length in highway-env


def observation_explorer(seed=3, steps=3, env_id="highway-fast-v0") -> InteractiveFigure:
    """A choice of image shapes and a slider for the scaling, over one moment of one drive.

    The picture shows the road with a frame around what the image covers, and the image. The caption says what it costs
    in bytes, how far it looks ahead, and how many pixels are left for a lane and for a car.

    Args:
        seed: of the traffic.
        steps: decisions into the drive, all IDLE.
        env_id: highway-fast-v0 or highway-v0.
    """
    env = make_env(env_id)
    env.reset(seed=seed)
    for _ in range(steps):
        env.step(1)  # IDLE
    road = see(env, **WIDE)

    def draw(above, below, *, shape, scaling):
        image = see(env, shape, scaling)
        plot_view(road, WIDE["scaling"], image, scaling, axes=(above, below))
        return (
            f"{image.size:,} bytes an image; {0.7 * shape[0] / scaling:.0f} m ahead, {shape[1] / scaling / 2:.0f} m "
            f"to each side; a lane is {LANE * scaling:.1f} pixels wide, a car {CAR * scaling:.1f} long"
        )

    names = {f"{width} × {height}": (width, height) for width, height in SHAPES}
    controls = {
        "shape": ipywidgets.SelectionSlider(options=names, value=(96, 24), description="pixels"),
        "scaling": slider("scaling (pixels per m)", 1.25, 0.5, 3, 0.25),
    }
    return InteractiveFigure(draw, controls, figsize=(8, 4.6), nrows=2, height_ratios=[2, 3])


def see(env, observation_shape, scaling) -> np.ndarray:
    """(W, H) uint8: the road as highway-env's grayscale observation would show it now."""
    observer = GrayscaleObservation(env.unwrapped, observation_shape, stack_size=1, weights=LUMINANCE, scaling=scaling)
    return observer.observe()[-1]
