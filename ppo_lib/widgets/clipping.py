"""PPO's clipped objective over the ratio, for any ε and advantage."""

import numpy as np

from ppo_lib.plotting import plot_clipped_objective
from ppo_lib.widgets.engine import InteractiveFigure, slider


def clipping_explorer(clip_eps=0.2, advantage=1.0) -> InteractiveFigure:
    """Sliders for ε, the advantage Â and the ratio: the objective, its gradient and where that is zero.

    Args:
        clip_eps: where the slider of ε starts, in [0.05, 0.8].
        advantage: where the slider of Â starts, in [-2, 2] and not 0.
    """

    def draw(ax, clip_eps, advantage, ratio):
        advantage = advantage or 0.1  # at exactly 0 there is nothing to see
        objective = min(ratio * advantage, np.clip(ratio, 1 - clip_eps, 1 + clip_eps) * advantage)
        plot_clipped_objective(advantage, clip_eps, ax=ax)
        ax.plot(ratio, objective, "D", color="black", markersize=8, label="the ratio of the slider")
        ax.legend(loc="upper left" if advantage > 0 else "lower left", frameon=False, fontsize=8)
        ax.set_ylim(-4, 4)
        gradient = surrogate_gradient(ratio, advantage, clip_eps)
        return f"Â = {advantage:+.1f}, ratio = {ratio:.2f}: gradient {gradient:+.1f}, {describe(gradient)}"

    controls = {
        "clip_eps": slider("ε", clip_eps, 0.05, 0.8, 0.05),
        "advantage": slider("advantage Â", advantage, -2, 2, 0.1),
        "ratio": slider("ratio ◆", 1.0, 0.0, 2.0, 0.05),
    }
    return InteractiveFigure(draw, controls, figsize=(8, 3.4))


def surrogate_gradient(ratio, advantage, clip_eps) -> float:
    """The derivative of min(ratio Â, clip(ratio) Â) in the ratio: Â, or 0 where the clip has taken over."""
    gone_far_enough = ratio > 1 + clip_eps if advantage > 0 else ratio < 1 - clip_eps
    return 0.0 if gone_far_enough else float(advantage)


def describe(gradient) -> str:
    """What the gradient asks for."""
    if gradient == 0:
        return "far enough"
    return f"make this action {'more' if gradient > 0 else 'less'} probable"
