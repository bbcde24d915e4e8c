"""What Python calls: compiled loops over a batch of environments, which several threads may run together.

Each takes the next environment off a `counter` that all threads share (see `threads`).
"""

import numpy as np

from ppo_lib.fast_highway.compilation import entry_point, kernel
from ppo_lib.fast_highway.dynamics import update_directions
from ppo_lib.fast_highway.numpy_math import copy_bytes
from ppo_lib.fast_highway.observations import observe_grid, observe_table
from ppo_lib.fast_highway.rendering import render_image
from ppo_lib.fast_highway.simulation import new_workspace, reward_terms, simulate, total_reward
from ppo_lib.fast_highway.spawning import spawn_road
from ppo_lib.fast_highway.state import CAR, ON_ROAD, STEERING, THROTTLE
from ppo_lib.fast_highway.threads import next_index

# The task of an environment's observation: leave it, the present road, the first of an episode, the last one again.
SKIP, UPDATE, RESTART, REPEAT = range(4)
ROADS_PER_BLOCK = 4  # simulated side by side: as many as the fastest memory holds


@kernel
def copy_vehicles(source, target):
    """Copy what lasts of every vehicle between the two kinds of record, `state.SAVED_CAR` and `state.CAR`."""
    for i in range(len(source)):
        car, copy = source[i], target[i]
        copy.x, copy.y, copy.heading, copy.speed = car.x, car.y, car.heading, car.speed
        copy.target_speed, copy.timer, copy.delta = car.target_speed, car.timer, car.delta
        copy.push_x, copy.push_y = car.push_x, car.push_y
        copy.lane, copy.target_lane, copy.crashed = car.lane, car.target_lane, car.crashed


@entry_point
def reset_batch(rules, target_speeds, state, outcome, chosen, counter, total):
    """``reset`` of the environments that are `chosen` (N,), from their own random generators."""
    reset_each(rules[0], target_speeds, state, outcome, chosen, np.empty(state.cars.shape[1], CAR), counter, total)


@kernel
def reset_each(rules, target_speeds, state, outcome, chosen, cars, counter, total):
    """The loop of `reset_batch`; cars (K,) are scratch."""
    n = next_index(counter)
    while n < total:
        if chosen[n]:
            spawn_road(rules, target_speeds, cars, state.generator[n])
            state.time[n] = state.steering[n] = 0.0
            update_directions(rules, cars)
            reward_terms(rules, cars[0], outcome.terms[:, n])
            outcome.speed[n] = cars[0].speed
            outcome.crashed[n] = False
            copy_vehicles(cars, state.cars[n])
        n = next_index(counter)


@entry_point
def step_batch(rules, target_speeds, state, outcome, skipped, meta_actions, controls, counter, total):
    """``step`` of the environments that are not `skipped` (N,).

    With their `meta_actions` (N,) or, under continuous control, `controls` (N, 2); the other of the two is empty.
    """
    workspace = new_workspace(ROADS_PER_BLOCK, state.cars.shape[1], rules[0].lanes_count)
    asked = (meta_actions, controls)
    step_blocks(rules[0], target_speeds, state, outcome, skipped, asked, workspace, counter, total)


@kernel
def step_blocks(rules, target_speeds, state, outcome, skipped, asked, workspace, counter, total):
    """The loop of `step_batch`: a few environments are taken and simulated side by side, until none is left."""
    meta_actions, controls = asked
    cars, indices, actions = workspace.cars, workspace.indices, workspace.meta_actions
    count = state.cars.shape[1]
    n = next_index(counter)
    while n < total:
        roads = 0
        while roads < ROADS_PER_BLOCK and n < total:
            if not skipped[n]:
                copy_vehicles(state.cars[n], cars[roads * count : (roads + 1) * count])
                indices[roads] = n
                if rules.continuous:
                    workspace.controls[roads, THROTTLE] = controls[n, THROTTLE]
                    workspace.controls[roads, STEERING] = controls[n, STEERING]
                else:
                    actions[roads] = meta_actions[n]
                roads += 1
            n = next_index(counter)
        simulate(rules, target_speeds, cars[: roads * count], actions[:roads], workspace)
        for road in range(roads):
            finish_step(rules, cars[road * count : (road + 1) * count], state, outcome, indices[road])
            if rules.continuous and rules.frames > 0:
                state.steering[indices[road]] = workspace.controls[road, STEERING]


@kernel
def finish_step(rules, cars, state, outcome, n):
    """The rest of ``AbstractEnv.step`` for environment n: reward, end of the episode, info."""
    ego, terms = cars[0], outcome.terms[:, n]
    reward_terms(rules, ego, terms)
    state.time[n] += rules.time_step
    outcome.reward[n] = total_reward(rules, terms)
    outcome.speed[n] = ego.speed
    outcome.crashed[n] = ego.crashed != 0
    outcome.terminated[n] = ego.crashed != 0 or (rules.offroad_terminal != 0 and terms[ON_ROAD] == 0.0)
    outcome.truncated[n] = state.time[n] >= rules.duration
    copy_vehicles(cars, state.cars[n])


@entry_point
def render_batch(rules, camera, greys, masks, tyre_grey, tyre_mask, state, frames, newest, tasks, out, counter, total):
    """A new picture for every environment, then its stack of the last ones into `out` (N, stack, W, H), oldest first.

    Each environment keeps its last pictures in a ring, `frames` (N, stack, W, H); `newest` (N,) is the place of the
    last one. `tasks` (N,): SKIP it, UPDATE it with a new picture, RESTART it (after a reset, all pictures but the new
    one are black), or only REPEAT the stack.
    """
    kinds, columns = np.zeros(camera[0].width, np.uint8), np.zeros((4, camera[0].height), np.uint8)
    drawn = np.zeros_like(greys[0]), np.zeros_like(masks[0])
    sprites, ring = (greys, masks, (tyre_grey, tyre_mask), drawn), (frames, newest)
    render_each(rules[0], camera[0], sprites, state, ring, tasks, out, kinds, columns, counter, total)


@kernel
def render_each(rules, camera, sprites, state, ring, tasks, out, kinds, columns, counter, total):
    """The loop of `render_batch`; kinds and columns are scratch, see `rendering`."""
    frames, newest = ring
    stack = frames.shape[1]
    n = next_index(counter)
    while n < total:
        if tasks[n] == RESTART:
            for k in range(stack):
                frames[n, k] = 0
        if tasks[n] in (UPDATE, RESTART):
            newest[n] = (newest[n] + 1) % stack
            image = frames[n, newest[n]]
            cars, steering = state.cars[n], state.steering[n]
            render_image(camera, rules.lanes_count, sprites, cars, steering, kinds, columns, image)
        if tasks[n] != SKIP:
            for k in range(stack):
                oldest_first = (newest[n] + 1 + k) % stack
                copy_bytes(out[n, k].ctypes.data, frames[n, oldest_first].ctypes.data, camera.width * camera.height)
        n = next_index(counter)


@entry_point
def observe_table_batch(rules, table, features, ranges, state, tasks, out, counter, total):
    """Kinematics of the environments whose task is not SKIP into `out` (N, vehicles, features) float32."""
    cars, nearest = np.empty(state.cars.shape[1], CAR), np.zeros(table[0].vehicles, np.int64)
    observe_each_table(rules[0], table[0], features, ranges, state, tasks, out, cars, nearest, counter, total)


@kernel
def observe_each_table(rules, table, features, ranges, state, tasks, out, cars, nearest, counter, total):
    """The loop of `observe_table_batch`; cars (K,) and nearest (vehicles,) are scratch."""
    n = next_index(counter)
    while n < total:
        if tasks[n] != SKIP:
            copy_vehicles(state.cars[n], cars)
            update_directions(rules, cars)
            observe_table(rules, table, features, ranges, cars, state.generator[n], nearest, out[n])
        n = next_index(counter)


@entry_point
def observe_grid_batch(rules, grid, features, ranges, state, tasks, out, counter, total):
    """OccupancyGrid of the environments whose task is not SKIP into `out` (N, features, cells, cells) float64."""
    cars = np.empty(state.cars.shape[1], CAR)
    observe_each_grid(rules[0], grid[0], features, ranges, state, tasks, out, cars, counter, total)


@kernel
def observe_each_grid(rules, grid, features, ranges, state, tasks, out, cars, counter, total):
    """The loop of `observe_grid_batch`; cars (K,) are scratch."""
    n = next_index(counter)
    while n < total:
        if tasks[n] != SKIP:
            copy_vehicles(state.cars[n], cars)
            update_directions(rules, cars)
            observe_grid(rules, grid, features, ranges, cars, out[n])
        n = next_index(counter)
