"""What Python calls: loops over environments that several threads may run together (see `sharing`)."""

import numpy as np

from ppo_lib.fast_highway.compilation import entry_point, kernel
from ppo_lib.fast_highway.dynamics import look_around
from ppo_lib.fast_highway.numpy_math import copy_bytes
from ppo_lib.fast_highway.observations import observe_grid, observe_table
from ppo_lib.fast_highway.rendering import draw_picture
from ppo_lib.fast_highway.sharing import next_environment
from ppo_lib.fast_highway.simulation import new_room, reward_terms, simulate, total_reward
from ppo_lib.fast_highway.spawning import spawn_road
from ppo_lib.fast_highway.state import CAR, ON_ROAD

SKIP, DRAW, RESTART, EMIT = range(4)  # what is `todo` for an environment's observation
TOGETHER = 4  # roads that are simulated side by side: as many as the fastest memory holds


@kernel
def copy_cars(source, target):
    """Copy what lasts of every vehicle between the two kinds of record, `state.SAVED_CAR` and `state.CAR`."""
    for i in range(len(source)):
        car, copy = source[i], target[i]
        copy.x, copy.y, copy.heading, copy.speed = car.x, car.y, car.heading, car.speed
        copy.target_speed, copy.timer, copy.delta = car.target_speed, car.timer, car.delta
        copy.push_x, copy.push_y = car.push_x, car.push_y
        copy.lane, copy.target_lane, copy.crashed = car.lane, car.target_lane, car.crashed


@entry_point
def reset_roads(rules, target_speeds, state, outcome, chosen, counter, total):
    """``reset`` of the environments that are `chosen`, from their own random generators."""
    rules = rules[0]
    cars = np.empty(state.cars.shape[1], CAR)
    for _ in range(total):
        n = next_environment(counter)
        if n >= total:
            break
        if not chosen[n]:
            continue
        spawn_road(rules, target_speeds, cars, state.generator[n])
        state.time[n] = 0.0
        look_around(rules, cars)
        reward_terms(rules, cars[0], outcome.terms[:, n])
        outcome.speed[n] = cars[0].speed
        outcome.crashed[n] = False
        copy_cars(cars, state.cars[n])


@entry_point
def step_roads(rules, target_speeds, state, outcome, skipped, commands, counter, total):
    """``step`` of the environments that are not `skipped`, with the meta actions `commands`."""
    rules = rules[0]
    count = state.cars.shape[1]
    cars, room = np.empty(TOGETHER * count, CAR), new_room(TOGETHER, count, rules.lanes_count)
    members, told = np.empty(TOGETHER, np.int64), np.empty(TOGETHER, np.int64)
    for _ in range(total):
        roads = 0
        while roads < TOGETHER:
            n = next_environment(counter)
            if n >= total:
                break
            if not skipped[n]:
                copy_cars(state.cars[n], cars[roads * count : (roads + 1) * count])
                members[roads], told[roads] = n, commands[n]
                roads += 1
        if roads == 0:
            break
        simulate(rules, target_speeds, cars[: roads * count], told[:roads], room)
        for road in range(roads):
            conclude(rules, cars[road * count : (road + 1) * count], state, outcome, members[road])


@kernel
def conclude(rules, cars, state, outcome, n):
    """The rest of ``AbstractEnv.step`` for environment n: reward, end of the episode, info."""
    ego, terms = cars[0], outcome.terms[:, n]
    reward_terms(rules, ego, terms)
    state.time[n] += rules.time_step
    outcome.reward[n] = total_reward(rules, terms)
    outcome.speed[n] = ego.speed
    outcome.crashed[n] = ego.crashed != 0
    outcome.terminated[n] = ego.crashed != 0 or (rules.offroad_terminal != 0 and terms[ON_ROAD] == 0.0)
    outcome.truncated[n] = state.time[n] >= rules.duration
    copy_cars(cars, state.cars[n])


@entry_point
def draw_roads(rules, camera, greys, masks, state, frames, newest, todo, out, counter, total):
    """A new picture for every environment, then its stack of the last ones into `out` (N, stack, W, H), oldest first.

    Each environment keeps its last pictures in a ring, `frames` (N, stack, W, H); `newest` (N,) is the place of the
    last one. `todo` (N,) says what to do: SKIP it, DRAW a picture, RESTART (after a reset, all pictures but the new
    one are black), or only EMIT the stack once more.
    """
    rules, camera = rules[0], camera[0]
    stack = frames.shape[1]
    kinds = np.zeros(camera.width, np.uint8)
    columns = np.zeros((4, camera.height), np.uint8)
    for _ in range(total):
        n = next_environment(counter)
        if n >= total:
            break
        if todo[n] == SKIP:
            continue
        if todo[n] == RESTART:
            for k in range(stack):
                frames[n, k] = 0
        if todo[n] != EMIT:
            newest[n] = (newest[n] + 1) % stack
            image = frames[n, newest[n]]
            draw_picture(camera, rules.lanes_count, greys, masks, state.cars[n], kinds, columns, image)
        for k in range(stack):
            oldest_first = (newest[n] + 1 + k) % stack
            copy_bytes(out[n, k].ctypes.data, frames[n, oldest_first].ctypes.data, camera.width * camera.height)


@entry_point
def observe_tables(rules, table, features, ranges, state, todo, out, counter, total):
    """Kinematics of the environments that have something `todo` into `out` (N, vehicles, features) float32."""
    rules, table = rules[0], table[0]
    cars = np.empty(state.cars.shape[1], CAR)
    nearest = np.zeros(table.vehicles, np.int64)
    for _ in range(total):
        n = next_environment(counter)
        if n >= total:
            break
        if todo[n] != SKIP:
            copy_cars(state.cars[n], cars)
            look_around(rules, cars)
            observe_table(rules, table, features, ranges, cars, state.generator[n], nearest, out[n])


@entry_point
def observe_grids(rules, grid, features, ranges, state, todo, out, counter, total):
    """OccupancyGrid of the environments that have something `todo` into `out` (N, features, cells, cells) float64."""
    rules, grid = rules[0], grid[0]
    cars = np.empty(state.cars.shape[1], CAR)
    for _ in range(total):
        n = next_environment(counter)
        if n >= total:
            break
        if todo[n] != SKIP:
            copy_cars(state.cars[n], cars)
            look_around(rules, cars)
            observe_grid(rules, grid, features, ranges, cars, out[n])
