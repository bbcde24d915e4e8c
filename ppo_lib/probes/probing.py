"""Lets a learner, which may be anybody's, learn in each of the worlds, and asks its networks what they learned."""

import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path

import torch

from ppo_lib.probes.report import Finding, ProbeReport
from ppo_lib.probes.series import PROBES, SURE, TOLERANCE, in_words

# Where the code of libraries lies, this one's included; a frame of a traceback that lies elsewhere is the learner's.
LIBRARIES = {*map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")), Path(__file__).parents[1]}


class Unusable(Exception):
    """A learner that broke off, or gave something that is no actor and no critic; its message says which, and how."""


def run_probes(learner: Callable, seed: int = 0) -> ProbeReport:
    """Let a learner learn in each of the PROBES, and see what its networks say then.

    Args:
        learner: (envs, config, total_steps) to (actor, critic): trains networks of its own in the vector environment
            `envs` by the settings `config`, a PPOConfig, for `total_steps` environment steps. An actor maps
            observations (B, 1) to a distribution with `probs` (B, A), a critic to values (B,).
        seed: of config.

    Returns what it found. Whatever a learner raises ends the probes, and is named in the report.
    """
    findings = []
    for probe in PROBES:
        try:
            findings.append(_try(probe, learner, seed))
        except Unusable as error:
            return ProbeReport(tuple(findings), str(error))
    return ProbeReport(tuple(findings))


def _try(probe, learner, seed) -> Finding:
    envs = probe.envs()
    try:
        networks = learner(envs, probe.config(seed), probe.total_steps)
        values, probs = _ask(networks, sorted(probe.values | probe.best), envs.num_actions)
    except Unusable:
        raise
    except Exception as error:  # foreign code: whatever it raises is what the report is about
        raise Unusable(_told(error)) from error
    found = in_words(
        {obs: f"= {values[obs]:.2f}" for obs in probe.values},
        {(action, obs): f"= {probs[obs][action]:.2f}" for obs, action in probe.best.items()},
    )
    right = [abs(values[obs] - value) <= TOLERANCE for obs, value in probe.values.items()]
    right += [probs[obs][action] >= SURE for obs, action in probe.best.items()]
    return Finding(probe, found, all(right))


def _ask(networks, observations, num_actions):
    """({observation: V}, {observation: (A,) probabilities}) of a learner's networks."""
    if not isinstance(networks, tuple | list) or len(networks) != 2 or not all(map(callable, networks)):
        raise Unusable(f"it must return two networks, (actor, critic), and returned {type(networks).__name__}.")
    actor, critic = networks
    obs = torch.tensor(observations, dtype=torch.float32)[:, None]
    with torch.no_grad():
        probs = getattr(actor(_beside(actor, obs)), "probs", None)
        values = critic(_beside(critic, obs))
    answers = {"the actor's probs": (probs, (len(obs), num_actions)), "the critic's values": (values, (len(obs),))}
    for name, (answer, shape) in answers.items():
        if tuple(getattr(answer, "shape", ())) != shape:
            got = f"have shape {tuple(answer.shape)}" if hasattr(answer, "shape") else f"are {type(answer).__name__}"
            raise Unusable(f"{name} of {len(obs)} observations must have shape {shape}, and {got}.")
    return dict(zip(observations, values.tolist(), strict=True)), dict(zip(observations, probs.tolist(), strict=True))


def _beside(network, obs):
    """`obs` on the device of the network."""
    parameters = list(network.parameters()) if isinstance(network, torch.nn.Module) else []
    return obs.to(parameters[0].device) if parameters else obs


def _told(error) -> str:
    """An exception in one line, with the last line of the learner's own that it passed through."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_library(frame.filename)]
    where = f" at the line `{own[-1].line}`" if own and own[-1].line else ""
    what = " ".join(str(error).split())
    return f"it raised {type(error).__name__}{where}: {what}".removesuffix(": ").rstrip(".") + "."


def _is_library(filename) -> bool:
    return any(Path(filename).is_relative_to(folder) for folder in LIBRARIES)
