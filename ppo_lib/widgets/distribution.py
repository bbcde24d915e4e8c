"""Five logits, and the distribution over actions that they make."""

import numpy as np
import torch

from ppo_lib.plotting import plot_action_probabilities, plot_sampling, short_name
from ppo_lib.widgets.engine import InteractiveFigure, slider

ACTIONS = ("LANE_LEFT", "IDLE", "LANE_RIGHT", "FASTER", "SLOWER")


def distribution_explorer(logits=(0.5, 1.0, -0.5, 2.0, 0.0), actions=ACTIONS) -> InteractiveFigure:
    """A slider for each logit and one for the random number that picks the action.

    The picture shows the probabilities and how the random number u in [0, 1] picks one of them: the action whose
    stretch of the line holds u. The caption gives the entropy and the picked action's log-probability, in nats.

    Args:
        logits: (A,) where the sliders start, each in [-4, 4].
        actions: (A,) names.
    """

    def draw(bars, line, *, u, **logits):
        probabilities = torch.tensor(list(logits.values()), dtype=torch.float64).softmax(0).numpy()
        picked = pick(probabilities, u)
        plot_action_probabilities(probabilities, actions, picked=picked, ax=bars)
        plot_sampling(probabilities, actions, u, ax=line)
        return describe(probabilities, actions, picked)

    controls = {name: slider(short_name(name), start, -4, 4, 0.1) for name, start in zip(actions, logits, strict=True)}
    controls["u"] = slider("random number u", 0.5, 0, 1, 0.01)
    return InteractiveFigure(draw, controls, figsize=(8, 3.8), nrows=2, height_ratios=[4, 1])


def pick(probabilities, u) -> int:
    """The action that the uniform random number u in [0, 1] falls on."""
    return int(np.searchsorted(probabilities.cumsum()[:-1], u, side="right"))


def describe(probabilities, actions, picked) -> str:
    """The caption: entropy, and the picked action with its log-probability."""
    entropy = -(probabilities * np.log(probabilities)).sum()
    return (
        f"entropy {entropy:.2f} of at most {np.log(len(actions)):.2f} nats; "
        f"picked: {short_name(actions[picked])}, log-probability {np.log(probabilities[picked]):.2f}"
    )
