"""Actions from uniform numbers, so that whoever draws those decides all; and actions as environments take them."""

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from torch.distributions import Categorical, Distribution, Independent


def sample(distribution: Distribution, uniforms) -> torch.Tensor:
    """A sample of `distribution` that is a function of `uniforms`, independent and evenly distributed in [0, 1).

    Actions are drawn by the inverse of the cumulative distribution, F⁻¹(u): a fresh u gives a fresh action, the same
    u the same one, whatever else is drawn in the same batch.

    Args:
        distribution: of a batch of N actions. One without an inverse in torch draws with a generator that the uniforms
            of the whole batch seed: just as reproducible, but no longer action by action.
        uniforms: (N, *action_shape) array or tensor.

    Returns the actions, (N, *action_shape), on the device of the distribution.
    """
    while isinstance(distribution, Independent):
        distribution = distribution.base_dist
    if isinstance(distribution, Categorical):
        return _sample_categorical(distribution.probs, uniforms)
    try:
        centre = distribution.mean
        below_1 = 1 - torch.finfo(centre.dtype).eps
        u = torch.as_tensor(uniforms, device=centre.device).to(centre.dtype)
        return distribution.icdf(u.clamp(1 - below_1, below_1))  # the outermost numbers would be infinitely far away
    except NotImplementedError:
        return _sample_seeded(distribution, uniforms)


def to_environment(actions, space) -> np.ndarray:
    """Actions as an environment takes them: an array of the space's type, those of a Box clipped to its bounds.

    Only what enters the environment is clipped. A rollout keeps the action that was drawn, because that is the one
    whose probability the policy knows.

    Args:
        actions: (N, *action_shape) tensor or array, or a single one.
        space: of one action.
    """
    given = np.asarray(actions.detach().cpu() if isinstance(actions, torch.Tensor) else actions)
    if isinstance(space, Discrete):
        return given[()]  # a single one as a number
    if isinstance(space, Box):
        given = np.clip(given, space.low, space.high)
    return given.astype(space.dtype, copy=False)


def episode_noise(seed: int) -> np.random.Generator:
    """The generator of the uniforms that an evaluated episode's actions are drawn by.

    It depends on the episode's seed alone, and has nothing in common with the generator that an environment makes
    from the same seed: otherwise chance would act in step with the traffic.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))


def _sample_categorical(probs, uniforms):
    """(N, ..., A) probabilities and (N, ...) uniforms to (N, ...) indices; one of probability 0 is never drawn."""
    cumulative = probs.double().cumsum(-1)
    cumulative = cumulative / cumulative[..., -1:]  # ends at exactly 1, above every uniform number
    u = torch.as_tensor(uniforms, dtype=torch.float64, device=probs.device)
    drawn = torch.searchsorted(cumulative, u[..., None], right=True)[..., 0]
    return drawn.clamp(max=probs.shape[-1] - 1)  # NaN would lie beyond the last one


def _sample_seeded(distribution, uniforms):
    bits = np.ascontiguousarray(torch.as_tensor(uniforms).cpu().numpy(), dtype=np.float64).view(np.uint32)
    with torch.random.fork_rng(range(torch.cuda.device_count())):
        torch.manual_seed(int(np.random.SeedSequence(bits.ravel().tolist()).generate_state(1, np.uint64)[0] >> 1))
        return distribution.sample()
