"""One function per figure: arrays in, Axes out. Each draws into `ax`, or into a new figure where that is None."""

from ppo_lib.plotting.classes import plot_class
from ppo_lib.plotting.comparisons import (
    plot_convergence,
    plot_drivers,
    plot_intervals,
    plot_ranking,
    plot_speeds,
)
from ppo_lib.plotting.curves import (
    contestant_colors,
    plot_ablations,
    plot_contest,
    plot_learning_curve,
    running_mean,
)
from ppo_lib.plotting.diagnostics import DIAGNOSTICS, plot_diagnostics
from ppo_lib.plotting.diagrams import plot_flow
from ppo_lib.plotting.estimates import (
    label_steps,
    plot_action_advantages,
    plot_bias_and_variance,
    plot_clipped_objective,
    plot_kl_estimates,
    plot_step_bars,
)
from ppo_lib.plotting.gradients import (
    plot_credit,
    plot_gradient_cloud,
    plot_gradient_spread,
    plot_objective,
    plot_total_variance,
    plot_variance_over_baseline,
)
from ppo_lib.plotting.networks import (
    plot_action_probabilities,
    plot_convolution,
    plot_feature_maps,
    plot_filter_bank,
    plot_layers,
    plot_occlusion,
    plot_policies,
    plot_relu,
    plot_sampling,
    plot_shares,
    plot_signals,
)
from ppo_lib.plotting.road import (
    plot_filmstrip,
    plot_gallery,
    plot_observation_stack,
    plot_race,
    plot_reward_components,
    plot_roads,
    plot_space_time,
    plot_view,
)
from ppo_lib.plotting.style import AGENT_COLOR, CRASH_COLOR, short_name
from ppo_lib.plotting.surrogate import plot_gain_over_kl, plot_gains, plot_ratios
from ppo_lib.plotting.uncertainty import plot_repeated_intervals, plot_resampled_means, plot_seeds

__all__ = [
    "AGENT_COLOR",
    "CRASH_COLOR",
    "DIAGNOSTICS",
    "contestant_colors",
    "label_steps",
    "plot_ablations",
    "plot_action_advantages",
    "plot_action_probabilities",
    "plot_bias_and_variance",
    "plot_class",
    "plot_clipped_objective",
    "plot_contest",
    "plot_convergence",
    "plot_convolution",
    "plot_credit",
    "plot_diagnostics",
    "plot_drivers",
    "plot_feature_maps",
    "plot_filmstrip",
    "plot_filter_bank",
    "plot_flow",
    "plot_gain_over_kl",
    "plot_gains",
    "plot_gallery",
    "plot_gradient_cloud",
    "plot_gradient_spread",
    "plot_intervals",
    "plot_kl_estimates",
    "plot_layers",
    "plot_learning_curve",
    "plot_objective",
    "plot_observation_stack",
    "plot_occlusion",
    "plot_policies",
    "plot_race",
    "plot_ranking",
    "plot_ratios",
    "plot_relu",
    "plot_repeated_intervals",
    "plot_resampled_means",
    "plot_reward_components",
    "plot_roads",
    "plot_sampling",
    "plot_seeds",
    "plot_shares",
    "plot_signals",
    "plot_space_time",
    "plot_speeds",
    "plot_step_bars",
    "plot_total_variance",
    "plot_variance_over_baseline",
    "plot_view",
    "running_mean",
    "short_name",
]
