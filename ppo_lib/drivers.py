"""Drivers who have learned nothing: what highway-env's actions are called and move, and who moves them untaught."""

from contextlib import closing
from dataclasses import dataclass

import numpy as np
from gymnasium import Wrapper
from gymnasium.vector import VectorWrapper
from highway_env.envs.common.action import ContinuousAction, DiscreteAction, DiscreteMetaAction
from highway_env.vehicle.behavior import IDMVehicle
from highway_env.vehicle.controller import MDPVehicle

from ppo_lib.envs import is_highway, make_env

IDM_DRIVER = "IDM + MOBIL"
IDM_TARGET_SPEED = 30.0  # m/s, the speed limit of the highway


def meta_actions(env_id, config=None, **kwargs) -> list[str]:
    """The names of highway-env's discrete actions, by index; [] for other environments. Arguments as for make_env."""
    if not is_highway(env_id):
        return []
    with closing(make_env(env_id, config, **kwargs)) as env:
        action_type = env.unwrapped.action_type
    if not isinstance(action_type, DiscreteMetaAction):
        return []
    return [action_type.actions[index] for index in range(len(action_type.actions))]


@dataclass(frozen=True)
class Wheel:
    """What highway-env's ContinuousAction moves.

    Attributes:
        accelerations: (from, to) in m/s², what the actions -1 and 1 mean; None where the throttle is not the driver's.
        steerings: (from, to) in rad, likewise.
        seconds: how long a decision holds.
    """

    accelerations: tuple[float, float] | None
    steerings: tuple[float, float] | None
    seconds: float

    @property
    def can_stop(self) -> bool:
        """Whether the driver has a brake."""
        return self.accelerations is not None and min(self.accelerations) < 0

    def actions(self, accelerations, steerings=0.0) -> np.ndarray:
        """The actions (..., axes) that mean these accelerations and steering angles (...), or the nearest allowed.

        The inverse of ContinuousAction.get_action (highway_env/envs/common/action.py), clipped to [-1, 1].
        """
        wanted = zip(np.broadcast_arrays(accelerations, steerings), (self.accelerations, self.steerings), strict=True)
        axes = [_unmapped(values, interval) for values, interval in wanted if interval is not None]
        return np.stack(axes, axis=-1).astype(np.float32)


def _unmapped(values, interval):
    start, end = interval
    if start == end:  # then every action means the same
        return np.zeros(values.shape)
    return np.clip(2 * (values - start) / (end - start) - 1, -1, 1)


def wheel_of(env) -> Wheel | None:
    """The wheel of one environment; None where there is none, as with meta-actions."""
    action_type = getattr(env.unwrapped, "action_type", None)
    if not isinstance(action_type, ContinuousAction) or isinstance(action_type, DiscreteAction):
        return None
    config = env.unwrapped.config
    frames = config["simulation_frequency"] // config["policy_frequency"]
    return Wheel(
        tuple(action_type.acceleration_range) if action_type.longitudinal else None,
        tuple(action_type.steering_range) if action_type.lateral else None,
        frames / config["simulation_frequency"],
    )


def find_wheel(env_id, config=None, **kwargs) -> Wheel | None:
    """The wheel of environments not made yet. Arguments as for make_env."""
    if not is_highway(env_id):
        return None
    with closing(make_env(env_id, config, **kwargs)) as env:
        return wheel_of(env)


class StopAtOnce(VectorWrapper):
    """The lazy driver of continuous hands: brakes with straight wheels until the car stands, and stays; actions are
    ignored.

    A constant full brake would not do: past zero it drives backwards. So the acceleration is that which makes the
    speed zero within the decision, or as much of it as the range allows.

    Args:
        envs: a vector environment in SAME_STEP autoreset whose infos tell the speed, as highway-env's and the fast
            simulator's do.
        wheel: of the environments.
    """

    def __init__(self, envs, wheel: Wheel):
        super().__init__(envs)
        self._wheel = wheel
        self._speeds = np.zeros(envs.num_envs)  # m/s, of the state that the next decision is taken in

    def reset(self, *, seed=None, options=None):
        """Reset, and look at the speeds."""
        obs, infos = self.env.reset(seed=seed, options=options)
        self._look(infos)
        return obs, infos

    def step(self, actions):
        """Step with brakes on instead of the `actions`."""
        obs, *outcome, infos = self.env.step(self._wheel.actions(-self._speeds / self._wheel.seconds))
        self._look(infos)
        return obs, *outcome, infos

    def _look(self, infos):
        known = infos["_speed"]
        self._speeds[known] = infos["speed"][known]


class IDMEgo(Wrapper):
    """highway-env with its own traffic model at the wheel: the ego vehicle becomes an IDM + MOBIL driver.

    Its target speed is 30 m/s, where the road allows it; actions are ignored. It answers what an attentive human-like
    driver would earn.
    """

    def reset(self, **kwargs):
        """Reset, and replace the ego vehicle by an IDMVehicle in the same place."""
        obs, info = self.env.reset(**kwargs)
        env = self.unwrapped
        ego = _GearedIDMVehicle.create_from(env.vehicle)
        ego.target_speed = IDM_TARGET_SPEED
        ego.target_speeds = env.vehicle.target_speeds
        env.road.vehicles[env.road.vehicles.index(env.vehicle)] = ego
        env.vehicle = ego
        return obs, info

    def step(self, action):
        """Step; without an action highway-env leaves the ego vehicle to itself."""
        obs, reward, terminated, truncated, info = self.env.step(None)
        # The None must not stay: vector environments cannot gather it from drives of which only some have ended.
        return obs, reward, terminated, truncated, info | {"action": action}


class _GearedIDMVehicle(IDMVehicle):
    """IDM + MOBIL with the gears of a learning driver, which some rewards and observations of highway-env ask for."""

    index_to_speed = MDPVehicle.index_to_speed
    speed_to_index = MDPVehicle.speed_to_index

    @property
    def speed_index(self) -> int:
        """The gear nearest to its speed."""
        return self.speed_to_index(self.speed)


class IDMAtTheWheel(Wrapper):
    """IDM + MOBIL with continuous hands: at every decision what an IDMVehicle would do here, through the action.

    Its target speed is 30 m/s, where the road allows it; actions are ignored. What it wants beyond the ranges is
    clipped, and what it decides holds until the next decision, as for any agent: at 1 Hz it sways. The car stays the
    plain one that continuous actions move, so that rewards and observations are an agent's, too. Without a throttle it
    only follows and changes lanes, without steering it only keeps its distance.
    """

    def reset(self, **kwargs):
        """Reset, and put a new driver behind the wheel."""
        obs, info = self.env.reset(**kwargs)
        ego = self.unwrapped.vehicle
        self._wheel = wheel_of(self)
        self._driver = IDMVehicle(ego.road, ego.position, ego.heading, ego.speed, target_speed=IDM_TARGET_SPEED)
        return obs, info

    def step(self, action):
        """Step with the driver's action instead."""
        wanted = self._decide()
        return self.env.step(self._wheel.actions(wanted["acceleration"], wanted["steering"]))

    def _decide(self):
        """What the driver wants in the ego vehicle's place, where it is the only one: it must not see itself ahead."""
        ego, driver, vehicles = self.unwrapped.vehicle, self._driver, self.unwrapped.road.vehicles
        driver.position, driver.heading, driver.speed = ego.position.copy(), ego.heading, ego.speed
        driver.on_state_update()
        place = vehicles.index(ego)
        vehicles[place] = driver
        driver.act()
        vehicles[place] = ego
        driver.timer += self._wheel.seconds
        return driver.action


def uniform_policy(space, seed: int = 0):
    """Every action of a bounded Box equally likely, as a Policy; `seed` counts only without uniform numbers."""
    generator = np.random.default_rng(seed)

    def policy(obs, uniforms=None):
        uniforms = generator.random((len(obs), *space.shape)) if uniforms is None else uniforms
        return (space.low + uniforms * (space.high.astype(float) - space.low)).astype(space.dtype)

    policy.stochastic = True
    return policy
