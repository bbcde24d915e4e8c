"""The exercise update of the notebook 06_training_loop."""

import numpy as np
import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from ppo_lib.config import PPOConfig
from ppo_lib.exercises.attempt import Complaint
from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake
from ppo_lib.exercises.training_loop.common import SmallActor, SmallCritic, is_empty
from ppo_lib.losses import clipped_surrogate_loss, value_loss

COLUMNS = ("obs", "actions", "log_probs", "returns", "advantages")


def epochs_in_new_orders(size, minibatch, config, generator):
    """The indices of each minibatch."""
    for _ in range(config.num_epochs):
        yield from torch.randperm(size, generator=generator).split(minibatch)


def time_first(name, column):
    """(T, N, ...) to (B, ...)."""
    return column.flatten(0, 1)


def normalized(advantages, everything):
    """Within the minibatch, to mean 0 and standard deviation 1."""
    return (advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-8)


def as_collected(old_log_probs, log_probs):
    """The log-probabilities that the ratio is taken to."""
    return old_log_probs


def the_returns(returns, advantages):
    """What the critic shall learn."""
    return returns


def total(policy_loss, critic_loss, entropy, config, entropy_coef):
    """What a step makes smaller."""
    return policy_loss + config.value_coef * critic_loss - entropy_coef * entropy


def clear(optimizer, begins_epoch):
    """Before the gradient of a minibatch is computed."""
    optimizer.zero_grad()


def shorten_each(actor, critic, most):
    """Each network's own gradient."""
    clip_grad_norm_(actor.parameters(), most, foreach=False)
    clip_grad_norm_(critic.parameters(), most, foreach=False)


class Descent:
    """Plain gradient descent with what an update asks of torch's optimisers, whose first takes a second to load.

    Args:
        parameters: the tensors to change.
        lr: how far a step goes, times the gradient.
        at_most: steps, until an update counts as endless.
    """

    def __init__(self, parameters, lr, at_most):
        self.param_groups = [{"params": parameters, "lr": lr}]
        self.steps, self.at_most = 0, at_most

    def zero_grad(self, set_to_none=True):
        """Forget the gradients."""
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None if set_to_none or parameter.grad is None else torch.zeros_like(parameter)

    @torch.no_grad()
    def step(self):
        """Change each tensor that has a gradient."""
        self.steps += 1
        if self.steps > self.at_most:
            raise Complaint(
                "endless",
                "Your function takes more gradient steps than there are transitions in all epochs together: a "
                "minibatch is B / num_minibatches of them. Does a loop not end?",
            )
        for parameter in self.param_groups[0]["params"]:
            if parameter.grad is not None:
                parameter -= self.param_groups[0]["lr"] * parameter.grad


def adjust(
    actor, critic, optimizer, batch, returns, advantages, config, entropy_coef, generator, *,
    order=epochs_in_new_orders, flat=time_first, norm=normalized, old=as_collected, surrogate=clipped_surrogate_loss,
    target=the_returns, loss=total, begin=clear, shorten=shorten_each,
):  # fmt: skip
    """Both networks in place, in num_epochs passes over the batch."""
    given = {name: batch[name] for name in COLUMNS[:3]} | {"returns": returns, "advantages": advantages}
    columns = [flat(name, column) for name, column in given.items()]
    size = len(columns[0])
    minibatch = size // config.num_minibatches
    for number, indices in enumerate(order(size, minibatch, config, generator)):
        obs, actions, old_log_probs, some_returns, some_advantages = (column[indices] for column in columns)
        policy, values = actor(obs), critic(obs)
        log_probs = policy.log_prob(actions)
        weights = norm(some_advantages, columns[-1])
        policy_loss = surrogate(log_probs, old(old_log_probs, log_probs), weights, config.clip_eps)
        critic_loss = value_loss(values, target(some_returns, some_advantages))
        begin(optimizer, number % config.num_minibatches == 0)
        loss(policy_loss, critic_loss, policy.entropy().mean(), config, entropy_coef).backward()
        shorten(actor, critic, config.max_grad_norm)
        optimizer.step()


def on_batch(
    obs, actions, log_probs, returns, advantages, actor_weights, critic_weights, learning_rate, num_epochs,
    num_minibatches, clip_eps, value_coef, max_grad_norm, entropy_coef, seed, *, update=adjust, **pieces,
):  # fmt: skip
    """The weights of both networks after an update by the function `update`, and what the generator draws then."""
    actor, critic = SmallActor(actor_weights), SmallCritic(critic_weights)
    optimizer = Descent([actor.weights, critic.weights], learning_rate, at_most=num_epochs * actions.numel() + 20)
    config = PPOConfig(
        num_steps=len(actions), num_minibatches=num_minibatches, num_epochs=num_epochs, clip_eps=clip_eps,
        value_coef=value_coef, max_grad_norm=max_grad_norm, entropy_coef=entropy_coef, learning_rate=learning_rate,
    )  # fmt: skip
    values, generator = returns - advantages, torch.Generator().manual_seed(seed)
    never, nothing = torch.zeros(actions.shape, dtype=torch.bool), torch.zeros_like(values)
    batch = {"obs": obs, "actions": actions, "log_probs": log_probs, "rewards": nothing, "terminated": never}
    batch |= {"truncated": never, "values": values, "next_values": values}
    returned = update(actor, critic, optimizer, batch, returns, advantages, config, entropy_coef, generator, **pieces)
    after = actor.weights.detach(), critic.weights.detach()
    if torch.equal(after[0], actor_weights) and torch.equal(after[1], critic_weights):
        if is_empty(returned, update):
            return None
        raise Complaint(
            "no step",
            "Your function leaves both networks as they were. Each minibatch needs, in this order: "
            "optimizer.zero_grad(), loss.backward(), the clipping, optimizer.step().",
        )
    return *after, torch.rand(3, generator=generator, dtype=torch.float64)


def draw_update(draw):
    """One input of update: few and many transitions, gradients that are too long and others, one pass and several."""
    steps, num_envs = draw.sizes(2)
    if steps * num_envs < 4:
        steps, num_envs = draw.choice([(4, 1), (2, 3), (1, 4)])
    divisors = [count for count in (1, 2, 3) if steps * num_envs % count == 0 and steps * num_envs >= 2 * count]
    features, num_actions = draw.integer(1, 4), draw.integer(2, 4)
    actor_weights = draw.floats(features, num_actions, low=-1.0, high=1.0, scaled=False).astype(np.float32)
    obs = draw.floats(steps, num_envs, features, scaled=False).astype(np.float32)
    actions = draw.rng.integers(num_actions, size=(steps, num_envs))
    moved = draw.floats(steps, num_envs, low=-0.6, high=0.6, scaled=False)
    log_probs = SmallActor(torch.from_numpy(actor_weights))(torch.from_numpy(obs).flatten(0, 1)).probs
    log_probs = log_probs.detach().numpy().reshape(steps, num_envs, num_actions)
    log_probs = np.log(np.take_along_axis(log_probs, actions[..., None], -1)[..., 0])
    return {
        "obs": obs,
        "actions": actions,
        "log_probs": np.minimum(log_probs + moved, -0.01).astype(np.float32),
        "returns": draw.floats(steps, num_envs, scaled=False).astype(np.float32),
        "advantages": draw.floats(steps, num_envs, low=-2.0, high=3.0, scaled=False).astype(np.float32),
        "actor_weights": actor_weights,
        "critic_weights": draw.floats(features, low=-1.0, high=1.0, scaled=False).astype(np.float32),
        "learning_rate": draw.choice([0.2, 0.3]),
        "num_epochs": draw.cycle(2, 1, 2, 3, 2),
        "num_minibatches": draw.choice(divisors[-2:]),
        "clip_eps": draw.cycle(0.2, 0.3),
        "value_coef": draw.choice([0.5, 0.7, 0.3]),
        "max_grad_norm": draw.cycle(0.5, 100.0, 0.2),
        "entropy_coef": draw.choice([0.1, 0.2]),
        "seed": draw.integer(0, 10**6),
    }


def normalized_by(center, scale):
    """Another way to normalise, for the mistakes: both from the numbers of the minibatch and of the whole batch."""

    def norm(some, everything):
        return (some - center(some, everything)) / (scale(some, everything) + 1e-8)

    return {"norm": norm}


def in_an_order(order):
    """Other minibatches, for the mistakes."""
    return {"order": order}


def one_order(size, minibatch, config, generator):
    """Drawn once for all epochs, for a mistake."""
    return torch.randperm(size, generator=generator).split(minibatch) * config.num_epochs


def not_shuffled(size, minibatch, config, generator):
    """For a mistake."""
    return torch.arange(size).split(minibatch) * config.num_epochs


def with_replacement(size, minibatch, config, generator):
    """For a mistake."""
    for _ in range(config.num_epochs * config.num_minibatches):
        yield torch.randint(size, (minibatch,), generator=generator)


def drawn_for_each_minibatch(size, minibatch, config, generator):
    """For a mistake."""
    for _ in range(config.num_epochs * config.num_minibatches):
        yield torch.randperm(size, generator=generator)[:minibatch]


def one_epoch(size, minibatch, config, generator):
    """For a mistake."""
    return torch.randperm(size, generator=generator).split(minibatch)


def size_for_number(size, minibatch, config, generator):
    """For a mistake."""
    return epochs_in_new_orders(size, config.num_minibatches, config, generator)


def all_at_once(size, minibatch, config, generator):
    """For a mistake."""
    return epochs_in_new_orders(size, size, config, generator)


def first_minibatch_only(size, minibatch, config, generator):
    """For a mistake."""
    for _ in range(config.num_epochs):
        yield torch.randperm(size, generator=generator)[:minibatch]


def environments_first(*names):
    """Some columns flattened the other way round, for the mistakes."""

    def flat(name, column):
        return (column.transpose(0, 1) if name in names else column).flatten(0, 1)

    return {"flat": flat}


def together(actor, critic, most):
    """For a mistake."""
    clip_grad_norm_([actor.weights, critic.weights], most, foreach=False)


def by_value(actor, critic, most):
    """For a mistake."""
    clip_grad_value_([actor.weights, critic.weights], most)


def only(which):
    """Only one network's gradient is shortened, for the mistakes."""

    def shorten(*networks_and_most):
        clip_grad_norm_(networks_and_most[which].parameters(), networks_and_most[-1], foreach=False)

    return {"shorten": shorten}


def unclipped(log_probs, old_log_probs, advantages, clip_eps):
    """For a mistake."""
    return -((log_probs - old_log_probs).exp() * advantages).mean()


def squared_error(policy_loss, critic_loss, entropy, config, entropy_coef):
    """Without the half, for a mistake."""
    return total(policy_loss, 2 * critic_loss, entropy, config, entropy_coef)


check_update = Exercise(
    name="update",
    chapter="06_training_loop",
    checked="few and many transitions, one epoch and several, minibatches of all sizes, gradients that are clipped "
    "and others, both networks' weights afterwards, and what your generator draws next (advantages always normalised)",
    solution=on_batch,
    stands_for="update",
    inputs=draw_update,
    parts=3,
    part_names=("weights of the actor", "weights of the critic", "next numbers of the generator"),
    tries=18,
    pairs=False,
    hints=(
        "Which columns of the batch does a minibatch need, and how do they become rows of one transition each, all in "
        "the same order? How often is the whole batch gone through, and in which order?",
        "For each epoch: torch.randperm(B, generator=generator), cut by split into parts of B // num_minibatches. For "
        "each part: normalise its advantages, ask both networks anew, add up the three losses, zero_grad, backward, "
        "shorten the gradient of each network by itself, step.",
        "Flatten with column.flatten(0, 1). loss = clipped_surrogate_loss(actor(obs).log_prob(actions), "
        "old_log_probs, advantages, config.clip_eps) + config.value_coef * value_loss(critic(obs), returns) - "
        "entropy_coef * actor(obs).entropy().mean(). Then clip_grad_norm_(network.parameters(), "
        "config.max_grad_norm) for the actor and for the critic, between backward() and step().",
    ),
    mistakes={
        "no zero_grad": Mistake(
            "The gradients add up from one minibatch to the next: backward() adds to what is there. Call "
            "optimizer.zero_grad() before each backward().",
            options={"begin": lambda *_: None},
        ),
        "zero_grad once an epoch": Mistake(
            "You call zero_grad only once in an epoch, so the gradients of its minibatches add up. It belongs before "
            "each backward().",
            options={"begin": lambda optimizer, begins_epoch: begins_epoch and optimizer.zero_grad()},
        ),
        "no clipping": Mistake(
            "No gradient is shortened when the step is taken. clip_grad_norm_ belongs between backward() and step(): "
            "earlier it finds none, later the step is already taken.",
            options={"shorten": lambda *_: None},
        ),
        "clipped together": Mistake(
            "You shorten both networks' gradients as one: a large error of the critic then shortens the actor's step, "
            "too. Call clip_grad_norm_ for each network's parameters by themselves.",
            options={"shorten": together},
        ),
        "clipped by value": Mistake(
            "You clip each number of the gradient (clip_grad_value_), which changes its direction. Shorten the whole "
            "gradient of each network: clip_grad_norm_.",
            options={"shorten": by_value},
        ),
        "only the actor clipped": Mistake(
            "You shorten the actor's gradient, but not the critic's.",
            options=only(0),
        ),
        "only the critic clipped": Mistake(
            "You shorten the critic's gradient, but not the actor's.",
            options=only(1),
        ),
        "normalised over the whole batch": Mistake(
            "You normalise the advantages over the whole batch. Here each minibatch is normalised by itself: by the "
            "mean and the standard deviation of the advantages that it holds.",
            options=normalized_by(lambda some, every: every.mean(), lambda some, every: every.std(correction=0)),
        ),
        "not normalised": Mistake(
            "You do not normalise the advantages, so the step's length depends on the rewards' unit. Subtract their "
            "mean, and divide by their standard deviation, in each minibatch.",
            options=normalized_by(lambda *_: 0, lambda *_: 1),
        ),
        "correction 1": Mistake(
            "Your standard deviation divides by M - 1, as torch's std does unasked. Say std(correction=0).",
            options=normalized_by(lambda some, _: some.mean(), lambda some, _: some.std()),
        ),
        "mean not subtracted": Mistake(
            "You divide the advantages by their standard deviation, but do not subtract their mean.",
            options=normalized_by(lambda *_: 0, lambda some, _: some.std(correction=0)),
        ),
        "only the mean subtracted": Mistake(
            "You subtract the advantages' mean, but do not divide by their standard deviation.",
            options=normalized_by(lambda some, _: some.mean(), lambda *_: 1),
        ),
        "divided by the variance": Mistake(
            "You divide the advantages by their variance. Divide by the standard deviation, its root.",
            options=normalized_by(lambda some, _: some.mean(), lambda some, _: some.var(correction=0)),
        ),
        "old log-probs recomputed": Mistake(
            "Your ratio is always 1: the old log-probabilities are recomputed from the network that is being changed. "
            'They are those of the policy that drove: batch["log_probs"].',
            options={"old": lambda old_log_probs, log_probs: log_probs.detach()},
        ),
        "surrogate not clipped": Mistake(
            "Your ratio is not clipped: this is the surrogate objective before PPO. Use clipped_surrogate_loss with "
            "config.clip_eps.",
            options={"surrogate": unclipped},
        ),
        "same order in every epoch": Mistake(
            "Every epoch goes through the batch in the same order, so the same transitions always share a minibatch. "
            "Draw a new torch.randperm in each epoch.",
            options=in_an_order(one_order),
        ),
        "not shuffled": Mistake(
            "You go through the batch in the order in which it was driven: neighbours, which are alike, share a "
            "minibatch. Draw the order by torch.randperm(B, generator=generator) in each epoch.",
            options=in_an_order(not_shuffled),
        ),
        "with replacement": Mistake(
            "You draw each minibatch's transitions with replacement, so that some are used twice in an epoch and "
            "others never. torch.randperm gives every transition once.",
            options=in_an_order(with_replacement),
        ),
        "a new order for every minibatch": Mistake(
            "You draw a new order for every minibatch, so some transitions are used twice in an epoch and others "
            "never. Draw one for each epoch, and cut it.",
            options=in_an_order(drawn_for_each_minibatch),
        ),
        "one epoch": Mistake(
            "You go through the batch only once. It is used config.num_epochs times.",
            options=in_an_order(one_epoch),
        ),
        "one minibatch an epoch": Mistake(
            "You use only the first minibatch of each epoch. All num_minibatches parts of the order have their turn.",
            options=in_an_order(first_minibatch_only),
        ),
        "whole batch at once": Mistake(
            "You take one step for the whole batch in each epoch. Cut it into config.num_minibatches parts, with a "
            "step for each.",
            options=in_an_order(all_at_once),
        ),
        "number for size": Mistake(
            "Your minibatches hold num_minibatches transitions each. That is how many minibatches there are; each "
            "holds B // num_minibatches.",
            options=in_an_order(size_for_number),
        ),
        "environments first": Mistake(
            "You flatten the environments first. Nothing is mixed up, but the order is another one than the "
            "library's, so the weights cannot agree with its own: flatten(0, 1), time first.",
            options=environments_first(*COLUMNS),
        ),
        "columns mixed up": Mistake(
            "Your columns do not belong together: returns and advantages are flattened with the environments first, "
            "the batch with time first, so that each transition gets another one's. flatten(0, 1) for all.",
            options=environments_first("returns", "advantages"),
        ),
        "advantages mixed up": Mistake(
            "Your advantages are flattened with the environments first, everything else with time first, so that each "
            "transition gets another one's. flatten(0, 1) for all.",
            options=environments_first("advantages"),
        ),
        "advantages for returns": Mistake(
            "Your critic learns the advantages. Its targets are the returns.",
            options={"target": lambda returns, advantages: advantages},
        ),
        "sign of the entropy": Mistake(
            "The sign of the entropy: what is minimised gets smaller, so you make the driver decided as fast as "
            "possible. A bonus is subtracted from a loss.",
            options={"loss": lambda p, v, e, config, coef: total(p, v, -e, config, coef)},
        ),
        "entropy left out": Mistake(
            "The entropy bonus is missing: subtract entropy_coef times the mean entropy.",
            options={"loss": lambda p, v, e, config, coef: total(p, v, 0 * e, config, coef)},
        ),
        "entropy without weight": Mistake(
            "The entropy has no weight: entropy_coef belongs to it.",
            options={"loss": lambda p, v, e, config, coef: total(p, v, e, config, 1)},
        ),
        "value loss without weight": Mistake(
            "The value loss has no weight: config.value_coef belongs to it.",
            options={"loss": lambda p, v, e, config, coef: total(p, v / config.value_coef, e, config, coef)},
        ),
        "value loss not halved": Mistake(
            "Your value loss is the mean squared error; the library's value_loss is half of it.",
            options={"loss": squared_error},
        ),
        "only the actor learns": Mistake(
            "Your critic learns nothing: the value loss is missing, or no gradient comes from it. Is the critic asked "
            "under no_grad, or are the batch's old values used?",
            options={"loss": lambda p, v, e, config, coef: total(p, 0 * v, e, config, coef)},
        ),
        "only the critic learns": Mistake(
            "Your actor learns nothing: no gradient comes from its loss. Is it asked under no_grad, or detached?",
            options={"loss": lambda p, v, e, config, coef: total(0 * p, v, 0 * e, config, coef)},
        ),
        "policy loss left out": Mistake(
            "The policy loss is missing: without it the actor learns nothing but to hesitate.",
            options={"loss": lambda p, v, e, config, coef: total(0 * p, v, e, config, coef)},
        ),
        "loss maximised": Mistake(
            "You walk uphill: the whole loss has the wrong sign. An optimiser makes its loss small.",
            options={"loss": lambda *parts: -total(*parts)},
        ),
        "sign of the policy loss": Mistake(
            "The sign of the policy loss: clipped_surrogate_loss is a loss already, with its minus. Add it.",
            options={"loss": lambda p, v, e, config, coef: total(-p, v, e, config, coef)},
        ),
    },
)
