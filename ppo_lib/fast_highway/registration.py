"""Gymnasium's registry, and compiling everything ahead of a lesson."""

from typing import Any

import gymnasium

from ppo_lib.fast_highway.sprites import EXAMPLE
from ppo_lib.fast_highway.vector_env import FastHighwayVectorEnv


def make_highway_fast(num_envs: int = 1, **kwargs: Any) -> FastHighwayVectorEnv:
    """The vector entry point of highway-fast-v0."""
    return FastHighwayVectorEnv(num_envs, "highway-fast-v0", **kwargs)


def make_highway(num_envs: int = 1, **kwargs: Any) -> FastHighwayVectorEnv:
    """The vector entry point of highway-v0."""
    return FastHighwayVectorEnv(num_envs, "highway-v0", **kwargs)


CREATORS = {
    "highway-fast-v0": f"{__name__}:{make_highway_fast.__name__}",
    "highway-v0": f"{__name__}:{make_highway.__name__}",
}


def register() -> None:
    """Let ``gymnasium.make_vec("highway-fast-v0", num_envs=...)`` find the simulator; ``gymnasium.make`` is unchanged.

    Imports highway-env where that has not happened yet, because it is highway-env that registers the names.
    """
    if not CREATORS.keys() <= gymnasium.registry.keys():
        import highway_env

        highway_env._register_highway_envs()
    attach()


def attach() -> None:
    """Add the vector entry points to those of our environments that are registered already."""
    for env_id, creator in CREATORS.items():
        if env_id in gymnasium.registry:
            gymnasium.registry[env_id].vector_entry_point = creator


def warm_up() -> None:
    """Compile all there is, or load it from the disk: afterwards nothing in this process waits for the compiler.

    What is compiled is kept on the disk, so it is enough to do this once after an installation.
    """
    for observation in (EXAMPLE, {"type": "Kinematics"}, {"type": "OccupancyGrid"}):
        envs = FastHighwayVectorEnv(1, config={"observation": observation})
        envs.reset(seed=0)
        envs.step([1])
        envs.close()


if __name__ == "__main__":
    warm_up()
