"""What Python calls: loops over environments ``start <= n < stop``, so that threads can share the work."""

import numpy as np

from ppo_lib.fast_highway.collisions import CORNERS
from ppo_lib.fast_highway.compilation import entry_point
from ppo_lib.fast_highway.dynamics import WORK_FIELDS, look_around
from ppo_lib.fast_highway.neighbours import on_lane
from ppo_lib.fast_highway.simulation import reward_terms, simulate, total_reward
from ppo_lib.fast_highway.spawning import spawn_road
from ppo_lib.fast_highway.state import CRASHED, LANE, SPEED, X, Y


@entry_point
def reset_roads(rules, target_speeds, state, outcome, chosen, start, stop):
    """``reset`` of the environments that are `chosen`, from their own random generators."""
    rules = rules[0]
    work = np.zeros((WORK_FIELDS, state.motion.shape[2]))
    for n in range(start, stop):
        if chosen[n]:
            motion, intent = state.motion[n], state.intent[n]
            spawn_road(rules, target_speeds, motion, intent, state.generator[n])
            state.time[n] = 0.0
            look_around(rules, motion, work)
            reward_terms(rules, motion, intent, work, outcome.terms[:, n])
            outcome.speed[n] = motion[SPEED, 0]
            outcome.crashed[n] = False


@entry_point
def step_roads(rules, target_speeds, state, outcome, skipped, commands, start, stop):
    """``step`` of the environments that are not `skipped`, with the meta actions `commands`."""
    rules = rules[0]
    count = state.motion.shape[2]
    work = np.zeros((WORK_FIELDS, count))
    order, rank, swerving = np.arange(count), np.zeros(count, np.int64), np.zeros(count, np.int64)
    polygons = np.zeros((2, CORNERS + 1, 2))
    for n in range(start, stop):
        if skipped[n]:
            continue
        motion, intent = state.motion[n], state.intent[n]
        state.time[n] += rules.time_step
        simulate(rules, target_speeds, motion, intent, commands[n], work, order, rank, swerving, polygons)
        terms = outcome.terms[:, n]
        reward_terms(rules, motion, intent, work, terms)
        outcome.reward[n] = total_reward(rules, terms)
        crashed = intent[CRASHED, 0] != 0
        off_road = not on_lane(motion[X, 0], motion[Y, 0], intent[LANE, 0], 0.0)
        outcome.speed[n] = motion[SPEED, 0]
        outcome.crashed[n] = crashed
        outcome.terminated[n] = crashed or (rules.offroad_terminal != 0 and off_road)
        outcome.truncated[n] = state.time[n] >= rules.duration
