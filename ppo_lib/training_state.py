"""All that a training needs to go on as if nothing had happened: taken from a learner, and given back to one."""

import json
from dataclasses import asdict
from pathlib import Path

import torch

from ppo_lib import checkpoint
from ppo_lib.errors import UsageError


def take(ppo) -> dict:
    """What save_checkpoint keeps beside the networks of the learner `ppo`."""
    on_gpu = ppo.device.type == "cuda"
    return {
        "env_steps": ppo.env_steps,
        "total_steps": ppo.total_steps,
        "config": asdict(ppo.config),
        "envs": ppo.envs.origin,
        "optimizer": ppo.optimizer.state_dict(),
        "generators": {
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state(ppo.device) if on_gpu else None,
        },
        "obs": ppo.obs,
        "envs_state": None if ppo.obs is None else ppo.envs.get_state(),
    }


def give_back(ppo, state: dict) -> None:
    """Make a new learner, with the networks of the checkpoint, the one that `state` was taken from.

    In the environments of the checkpoint it goes on in the middle of their episodes; others start new ones.
    """
    ppo.env_steps, ppo.total_steps = state["env_steps"], state["total_steps"]
    per_parameter = {int(key): value for key, value in state["optimizer"]["state"].items()}  # JSON has string keys
    ppo.optimizer.load_state_dict(state["optimizer"] | {"state": per_parameter})
    for parameter, averages in ppo.optimizer.state.items():
        for name in ("exp_avg", "exp_avg_sq"):  # fused Adam wants them in the parameter's memory layout
            averages[name] = torch.empty_like(parameter).copy_(averages[name])
    same_envs = json.dumps(ppo.envs.origin) == json.dumps(state["envs"])
    if state["obs"] is not None and same_envs and ppo.envs.set_state(state["envs_state"]):
        ppo.obs = state["obs"]
    torch.set_rng_state(state["generators"]["torch"])
    if state["generators"]["cuda"] is not None and ppo.device.type == "cuda":
        torch.cuda.set_rng_state(state["generators"]["cuda"], ppo.device)


def load_networks(state: dict, directory: Path, envs, actor=None, critic=None):
    """(actor, critic) of a checkpoint as load_checkpoint gives it, to drive in `envs`.

    Args:
        actor, critic: networks of the right architecture, where they are not those of ppo_lib.networks.

    Raises UsageError for weights that do not fit, or where `envs` show or allow something else.
    """
    actor = _load_network(actor, directory / "actor.safetensors")
    critic = _load_network(critic, directory / "critic.safetensors")
    _check_spaces(actor, envs, state, directory)
    return actor, critic


def _load_network(network, file: Path):
    if network is None:
        return checkpoint.load_network(file)
    checkpoint.load_weights(network, file)
    return network


def _check_spaces(actor, envs, state, directory):
    """Refuse environments that show or allow something else than what the actor was trained for."""
    recipe = getattr(actor, "recipe", None)
    if recipe is None:
        return
    seen, acts = envs.single_observation_space, envs.single_action_space
    theirs = (tuple(recipe["obs_shape"]), recipe["obs_dtype"], recipe["num_actions"])
    ours = (seen.shape, seen.dtype.name, int(getattr(acts, "n", -1)))
    if theirs != ours:
        trained_in = state["envs"]["env_id"] if state["envs"] else "another environment"
        raise UsageError(
            f"{directory} was trained in {trained_in}, on observations {theirs[0]} {theirs[1]} with {theirs[2]} "
            f"actions; these environments have {ours[0]} {ours[1]} and {acts}"
        )
