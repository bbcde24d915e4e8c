"""What rollout and update are given where they are tried: two networks as small as can be."""

import torch
from torch import nn
from torch.distributions import Categorical

from ppo_lib.exercises.attempt import does_nothing
from ppo_lib.threads import limit_threads

limit_threads()


class SmallActor(nn.Module):
    """Observations (M, ...) to a policy over A actions: logits = obs · weights, with weights (features, A)."""

    def __init__(self, weights):
        super().__init__()
        self.weights = nn.Parameter(weights.clone())

    def forward(self, obs):
        """The policy in M states."""
        logits = obs.flatten(1).to(self.weights.dtype) @ self.weights
        return Categorical(logits=logits, validate_args=False)


class SmallCritic(nn.Module):
    """Observations (M, ...) to values (M,): obs · weights, with weights (features,)."""

    def __init__(self, weights):
        super().__init__()
        self.weights = nn.Parameter(weights.clone())

    def forward(self, obs):
        """The values of M states."""
        return obs.flatten(1).to(self.weights.dtype) @ self.weights


def is_empty(returned, function) -> bool:
    """Whether nothing has been written into a function yet that has returned `returned`."""
    return (returned is None or returned is ...) and does_nothing(function)


def greedy(policy, *_) -> torch.Tensor:
    """The most likely actions, for the mistakes."""
    return policy.probs.argmax(-1)
