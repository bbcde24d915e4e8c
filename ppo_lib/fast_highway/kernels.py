"""What Python calls: loops over environments ``start <= n < stop``, so that threads can share the work."""

import numpy as np

from ppo_lib.fast_highway.collisions import CORNERS
from ppo_lib.fast_highway.compilation import entry_point
from ppo_lib.fast_highway.dynamics import WORK_FIELDS, look_around
from ppo_lib.fast_highway.neighbours import on_lane
from ppo_lib.fast_highway.observations import observe_grid, observe_table
from ppo_lib.fast_highway.rendering import draw_picture
from ppo_lib.fast_highway.simulation import reward_terms, simulate, total_reward
from ppo_lib.fast_highway.spawning import spawn_road
from ppo_lib.fast_highway.state import CRASHED, LANE, SPEED, X, Y

SKIP, DRAW, RESTART, EMIT = range(4)  # what is `todo` for an environment's observation


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


@entry_point
def draw_roads(rules, camera, greys, masks, state, frames, newest, todo, out, start, stop):
    """A new picture for every environment, then its stack of the last ones into `out` (N, stack, W, H), oldest first.

    Each environment keeps its last pictures in a ring, `frames` (N, stack, W, H); `newest` (N,) is the place of the
    last one. `todo` (N,) says what to do: SKIP it, DRAW a picture, RESTART (after a reset, all pictures but the new
    one are black), or only EMIT the stack once more.
    """
    rules, camera = rules[0], camera[0]
    stack = frames.shape[1]
    kinds = np.zeros(camera.width, np.uint8)
    columns = np.zeros((4, camera.height), np.uint8)
    for n in range(start, stop):
        if todo[n] == SKIP:
            continue
        if todo[n] == RESTART:
            frames[n] = 0
        if todo[n] != EMIT:
            newest[n] = (newest[n] + 1) % stack
            image = frames[n, newest[n]]
            motion, intent = state.motion[n], state.intent[n]
            draw_picture(camera, rules.lanes_count, greys, masks, motion, intent, kinds, columns, image)
        for k in range(stack):
            out[n, k] = frames[n, (newest[n] + 1 + k) % stack]


@entry_point
def observe_tables(rules, table, features, ranges, state, todo, out, start, stop):
    """The Kinematics observation of the environments with something `todo` into `out` (N, vehicles, features) float32."""
    rules, table = rules[0], table[0]
    work = np.zeros((WORK_FIELDS, state.motion.shape[2]))
    nearest = np.zeros(table.vehicles, np.int64)
    for n in range(start, stop):
        if todo[n] != SKIP:
            motion, intent = state.motion[n], state.intent[n]
            look_around(rules, motion, work)
            observe_table(
                rules, table, features, ranges, motion, intent, work, state.generator[n], nearest, out[n]
            )


@entry_point
def observe_grids(rules, grid, features, ranges, state, todo, out, start, stop):
    """The OccupancyGrid of the environments with something `todo` into `out` (N, features, cells, cells) float64."""
    rules, grid = rules[0], grid[0]
    work = np.zeros((WORK_FIELDS, state.motion.shape[2]))
    for n in range(start, stop):
        if todo[n] != SKIP:
            motion, intent = state.motion[n], state.intent[n]
            look_around(rules, motion, work)
            observe_grid(rules, grid, features, ranges, motion, intent, work, out[n])
