"""From birth to skill: what one driver's networks say of one situation, at a dozen moments of its training."""

import ipywidgets
import numpy as np

from ppo_lib.plotting import AGENT_COLOR, plot_action_probabilities, plot_filter_bank
from ppo_lib.plotting.style import PICKED_COLOR
from ppo_lib.widgets.distribution import ACTIONS
from ppo_lib.widgets.engine import InteractiveFigure

WIDTH = {"style": {"description_width": "initial"}, "layout": {"width": "420px"}}


def birth_explorer(looks, actions=ACTIONS, moment=0) -> InteractiveFigure:
    """A slider over the moments of a training: the same situation, its policy, V so far, and the first layer's maps.

    Args:
        looks: {name: array} as results/birth.py stores it, K moments first: env_steps (K,), gamma (K,), probs (K, A),
            value (K,), filters (K, F, C, k, k), maps (K, F, H, W) after the ReLU; and obs (C, W, H), the situation.
        actions: (A,) names.
        moment: shown at first, from 0 to K - 1.
    """
    steps, gammas, values, probs, maps = (
        np.asarray(looks[name]) for name in ("env_steps", "gamma", "value", "probs", "maps")
    )
    moved = filter_changes(looks["filters"])
    strongest = float(maps.max())
    newest = looks["obs"][-1].T

    def draw(road, bars, bank, line, *, moment):
        road.imshow(newest, cmap="gray", vmin=0, vmax=255)
        road.set(xticks=[], yticks=[], title="the situation, always the same")
        _draw_values(line, values, moment, steps[moment])
        plot_action_probabilities(probs[moment], actions, picked=probs[moment].argmax(), ax=bars)
        bars.set_title("what the actor says")
        plot_filter_bank(maps[moment], strongest=strongest, ax=bank)
        bank.set_title("the first layer's maps, after the ReLU")
        return (
            f"After {steps[moment]:,} steps: V = {values[moment]:.2f} for the policy of that moment and γ = "
            f"{gammas[moment]:.2f}; the filters have changed by {moved[moment]:.0%} of their length at birth"
        )

    slider = ipywidgets.IntSlider(moment, 0, len(steps) - 1, description="moment of the training", **WIDTH)
    return InteractiveFigure(draw, {"moment": slider}, figsize=(9.5, 4.2), nrows=2, ncols=2, width_ratios=(1.3, 1))


def filter_changes(filters) -> np.ndarray:
    """(K,) the length of what changed in filters (K, ...) since the first moment, as a share of their length then."""
    flat = np.asarray(filters, np.float64).reshape(len(filters), -1)
    return np.linalg.norm(flat - flat[0], axis=1) / np.linalg.norm(flat[0])


def _draw_values(ax, values, moment, steps):
    """V at every moment up to the one that is shown: what comes later is not given away."""
    ax.plot(values[: moment + 1], "o-", color=AGENT_COLOR)
    ax.plot(moment, values[moment], "s", color=PICKED_COLOR, markersize=9)
    ax.set(
        xlim=(-0.5, len(values) - 0.5), ylim=(min(values.min(), 0) - 2, values.max() + 1), ylabel="V of the situation"
    )
    ax.set(xlabel="moment of the training", title="what the critic said so far")
