"""One gradient step on both networks, no longer than it may be."""

import torch
from torch.nn.utils import clip_grad_norm_

from ppo_lib.errors import UsageError


def clipped_together(actor, critic) -> list[list[torch.nn.Parameter]]:
    """The groups of parameters whose gradient is shortened as one.

    Each network is a group of its own: an error of the critic shall not shorten the actor's step. Where they share
    layers there is but one gradient, and so one group.
    """
    groups = [list(actor.parameters()), list(critic.parameters())]
    together = list(dict.fromkeys(groups[0] + groups[1]))
    return [together] if len(together) < len(groups[0]) + len(groups[1]) else groups


def descend(optimizer, loss, groups, max_grad_norm) -> None:
    """Step along the gradient of `loss`, that of each group of parameters shortened to at most `max_grad_norm`.

    Raises UsageError, before the step, where the loss or the gradient is not finite.
    """
    optimizer.zero_grad()
    loss.backward()
    norms = [clip_grad_norm_(group, max_grad_norm) for group in groups]
    for name, number in (("loss", loss), ("gradient", sum(norms))):
        if not torch.isfinite(number):
            raise UsageError(
                f"the {name} became {number.item()}; the step was not taken. A smaller learning_rate, or smaller "
                "rewards, may help"
            )
    optimizer.step()
