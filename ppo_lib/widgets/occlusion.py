"""Where the agent looks, step by step along one drive."""

from functools import lru_cache

import ipywidgets
import torch

from ppo_lib.occlusion import occlusion_map
from ppo_lib.plotting import plot_action_probabilities, plot_occlusion
from ppo_lib.widgets.engine import InteractiveFigure


def occlusion_explorer(actor, observations, actions, *, scaling=1.25, step=0) -> InteractiveFigure:
    """The occlusion map over the frames of a drive: sliders for the step and for the side of the hidden square.

    Args:
        actor: observations (B, C, W, H) to a Categorical.
        observations: (T, C, W, H) uint8 of one drive.
        actions: names of the actions, by index.
        scaling: pixels per metre of the images.
        step: shown at first.
    """
    device = next(actor.parameters()).device

    @lru_cache
    @torch.no_grad()
    def ask(step, patch):
        probs = actor(torch.as_tensor(observations[step, None], device=device)).probs[0].cpu().numpy()
        return probs, occlusion_map(actor, observations[step], patch, stride=max(patch // 2, 2))

    def draw(road, bars, *, step, patch):
        probs, heat = ask(step, patch)
        plot_occlusion(observations[step, -1], heat, scaling=scaling, ax=road)
        plot_action_probabilities(probs, actions, picked=probs.argmax(), ax=bars)
        bars.tick_params(axis="x", labelsize=8)  # else the names of neighbours meet
        side = f"{patch / scaling:.0f} m"
        return (
            f"Step {step}: {actions[probs.argmax()]} with {probs.max():.0%}. In the reddest place, hiding a square of "
            f"{side} x {side} moves {heat.max():.0%} of the probability to other actions (mean over the squares that "
            "cover the place)."
        )

    controls = {
        "step": ipywidgets.IntSlider(step, 0, len(observations) - 1, description="step"),
        "patch": ipywidgets.IntSlider(8, 4, 16, 2, description="square (px)"),
    }
    return InteractiveFigure(draw, controls, figsize=(9.5, 2.6), ncols=2, width_ratios=(2.4, 1))
