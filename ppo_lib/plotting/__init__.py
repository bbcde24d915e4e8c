"""One function per figure: arrays in, Axes out. Each draws into `ax`, or into a new figure where that is None."""

from ppo_lib.plotting.classes import plot_class
from ppo_lib.plotting.comparisons import (
    plot_convergence,
    plot_drivers,
    plot_intervals,
    plot_speeds,
)
from ppo_lib.plotting.curves import (
    contestant_colors,
    plot_ablations,
    plot_contest,
    plot_learning_curve,
    running_mean,
)
from ppo_lib.plotting.estimates import (
    plot_advantage_estimates,
    plot_bias_and_variance,
    plot_clipped_objective,
    plot_kl_estimates,
    plot_step_bars,
)
from ppo_lib.plotting.networks import (
    plot_action_probabilities,
    plot_drift,
    plot_feature_maps,
    plot_layers,
    plot_occlusion,
    plot_policies,
    plot_sampling,
    plot_signals,
    plot_values,
)
from ppo_lib.plotting.road import (
    plot_filmstrip,
    plot_gallery,
    plot_observation_stack,
    plot_race,
    plot_reward_components,
    plot_roads,
    plot_view,
)
from ppo_lib.plotting.style import AGENT_COLOR, CRASH_COLOR, short_name

__all__ = [
    "AGENT_COLOR",
    "CRASH_COLOR",
    "contestant_colors",
    "plot_ablations",
    "plot_action_probabilities",
    "plot_advantage_estimates",
    "plot_bias_and_variance",
    "plot_class",
    "plot_clipped_objective",
    "plot_contest",
    "plot_convergence",
    "plot_drift",
    "plot_drivers",
    "plot_feature_maps",
    "plot_filmstrip",
    "plot_gallery",
    "plot_intervals",
    "plot_kl_estimates",
    "plot_layers",
    "plot_learning_curve",
    "plot_observation_stack",
    "plot_occlusion",
    "plot_policies",
    "plot_race",
    "plot_reward_components",
    "plot_roads",
    "plot_sampling",
    "plot_signals",
    "plot_speeds",
    "plot_step_bars",
    "plot_values",
    "plot_view",
    "running_mean",
    "short_name",
]
