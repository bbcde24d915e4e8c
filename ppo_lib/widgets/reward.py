"""The weights of highway-env's reward: drives that were recorded once are paid anew, and the drivers change places."""

from contextlib import closing

import numpy as np

from ppo_lib.envs import make_env, make_vector_env
from ppo_lib.evaluation import bootstrap_ci95, meta_actions
from ppo_lib.plotting import plot_ranking
from ppo_lib.widgets.engine import InteractiveFigure, slider

TERMS = ("right_lane_reward", "high_speed_reward", "collision_reward", "on_road_reward")
COLORS = ("#e69f00", "#56b4e9", "#cc79a7", "#d55e00", "#0072b2")  # Okabe and Ito's, one for each action


def reward_explorer(config=None, episodes=16, seed=1000, env_id="highway-fast-v0") -> InteractiveFigure:
    """Sliders for the weights of a crash, the right lane and the speed, over a bar for each driver's return.

    The drivers always do the same, whatever they are paid, so their drives can be recorded once. What a trained driver
    does depends on the weights: it would have to be trained anew.

    Args:
        config: highway-env's configuration dictionary; its weights are where the sliders start.
        episodes: E, recorded of each driver, all on the same roads.
        seed: of the first of these roads.
        env_id: highway-fast-v0 or highway-v0.
    """
    config = (config or {}) | {"observation": {"type": "Kinematics", "vehicles_count": 2}}  # what is seen counts not
    with closing(make_env(env_id, config)) as env:
        weights = env.unwrapped.config
    actions = meta_actions(env_id, config)
    drives = {
        f"always {name}": record_terms(number, config, episodes, seed, env_id) for number, name in enumerate(actions)
    }
    colors = dict(zip(drives, COLORS, strict=False))

    def draw(ax, crash, right_lane, high_speed):
        returns = [pay(terms, crash, right_lane, high_speed) for terms in drives.values()]
        means = [values.mean() for values in returns]
        plot_ranking(list(drives), means, [bootstrap_ci95(values) for values in returns], colors=colors, ax=ax)
        ax.set_xlim(0, weights["duration"] * weights["policy_frequency"])
        surviving = crash / (crash + right_lane + high_speed)
        return (
            f"Merely surviving pays {surviving:.2f} of at most 1 per step; first is {list(drives)[np.argmax(means)]}"
        )

    controls = {
        "crash": slider("a crash costs", -weights["collision_reward"], 0.05, 2, 0.05),
        "right_lane": slider("the right lane pays", weights["right_lane_reward"], 0, 1, 0.05),
        "high_speed": slider("high speed pays", weights["high_speed_reward"], 0, 1, 0.05),
    }
    return InteractiveFigure(draw, controls, figsize=(8, 3.2))


def record_terms(action, config, episodes, seed, env_id) -> np.ndarray:
    """(E, 4) sums over each of `episodes` drives of the unweighted TERMS, where one action is always taken.

    Off the road highway-env pays nothing, so a step there adds nothing to any sum.
    """
    sums, driving = np.zeros((len(TERMS), episodes)), np.ones(episodes, bool)
    with closing(make_vector_env(env_id, episodes, "fast", config)) as envs:
        envs.reset(seed=seed)
        while driving.any():
            _, _, terminated, truncated, infos = envs.step(np.full(episodes, action))
            ended = terminated | truncated
            earned = np.array([infos["rewards"][term] for term in TERMS])
            if ended.any():  # infos["rewards"] is of the next drive there
                earned[:, ended] = [infos["final_info"]["rewards"][term][ended] for term in TERMS]
            sums += earned * earned[-1] * driving
            driving &= ~ended
    return sums.T


def pay(terms, crash, right_lane, high_speed) -> np.ndarray:
    """(E,) returns of drives with these (E, 4) sums of TERMS, if a crash costs `crash` (above 0), and so on.

    Each step pays (right_lane ℓ + high_speed v - crash c + crash) / (right_lane + high_speed + crash), as
    HighwayEnv._reward does; a return is linear in the sums of ℓ, v, c and of the steps.
    """
    return terms @ np.array([right_lane, high_speed, -crash, crash]) / (right_lane + high_speed + crash)
