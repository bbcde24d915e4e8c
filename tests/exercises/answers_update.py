"""Answers to the exercise update as students write them: right in many styles, and every mistake twice."""

import numpy as np
import torch
from edited import edited
from torch.nn.utils import clip_grad_norm_, clip_grad_value_  # noqa: F401  (for the edited ones)
from torch.utils.data import BatchSampler, DataLoader, TensorDataset

from ppo_lib.losses import clipped_surrogate_loss, value_loss


def oracle(
    obs, actions, log_probs, returns, advantages, actor_weights, critic_weights, learning_rate, num_epochs,
    num_minibatches, clip_eps, value_coef, max_grad_norm, entropy_coef, seed,
):  # fmt: skip
    """The gradients worked out by hand, in numpy."""
    size = actions.numel()
    rows = obs.reshape(size, -1).double().numpy()
    a, old, g, adv = (x.reshape(size).numpy() for x in (actions, log_probs, returns, advantages))
    actor, critic = actor_weights.double().numpy().copy(), critic_weights.double().numpy().copy()
    generator = torch.Generator().manual_seed(seed)
    for _ in range(num_epochs):
        order = torch.randperm(size, generator=generator).numpy()
        for some in np.split(order, num_minibatches):
            x, count = rows[some], len(some)
            weight = (adv[some] - adv[some].mean()) / (adv[some].std() + 1e-8)
            powers = np.exp(x @ actor)
            shares = powers / powers.sum(1, keepdims=True)
            taken = np.eye(actor.shape[1])[a[some]]
            ratio = (shares * taken).sum(1) / np.exp(old[some])
            clipped = np.where(weight > 0, ratio > 1 + clip_eps, ratio < 1 - clip_eps)
            felt = -(ratio * weight * ~clipped)[:, None] * (taken - shares)
            entropy = -(shares * np.log(shares)).sum(1, keepdims=True)
            bonus = -shares * (np.log(shares) + entropy)
            uphill = x.T @ (felt - entropy_coef * bonus) / count
            error = value_coef * x.T @ (x @ critic - g[some]) / count
            for weights, gradient in ((actor, uphill), (critic, error)):
                length = np.sqrt((gradient**2).sum())
                weights -= learning_rate * gradient * min(1, max_grad_norm / (length + 1e-6))
    return actor, critic, torch.rand(3, generator=generator, dtype=torch.float64)


def by_columns(actor, critic, optimizer, batch, returns, advantages, config, entropy_coef, generator):
    obs = batch["obs"].flatten(0, 1)
    actions = batch["actions"].flatten(0, 1)
    old_log_probs = batch["log_probs"].flatten(0, 1)
    returns = returns.flatten()
    advantages = advantages.flatten()
    B = len(obs)
    for _ in range(config.num_epochs):
        order = torch.randperm(B, generator=generator)
        for idx in order.split(B // config.num_minibatches):
            adv = advantages[idx]
            adv = (adv - adv.mean()) / (adv.std(correction=0) + 1e-8)
            policy = actor(obs[idx])
            log_probs = policy.log_prob(actions[idx])
            policy_loss = clipped_surrogate_loss(log_probs, old_log_probs[idx], adv, config.clip_eps)
            critic_loss = value_loss(critic(obs[idx]), returns[idx])
            entropy = policy.entropy().mean()
            loss = policy_loss + config.value_coef * critic_loss - entropy_coef * entropy
            optimizer.zero_grad()
            loss.backward()
            clip_grad_norm_(actor.parameters(), config.max_grad_norm)
            clip_grad_norm_(critic.parameters(), config.max_grad_norm)
            optimizer.step()


def by_slices(actor, critic, optimizer, batch, returns, advantages, config, entropy_coef, generator):
    T, N = advantages.shape
    B = T * N
    M = B // config.num_minibatches
    data = {name: column.reshape(B, *column.shape[2:]) for name, column in batch.items()}
    data["returns"], data["advantages"] = returns.reshape(B), advantages.reshape(B)
    for epoch in range(config.num_epochs):  # noqa: B007  (for the edited ones)
        perm = torch.randperm(B, generator=generator)
        for start in range(0, B, M):
            part = {name: column[perm[start : start + M]] for name, column in data.items()}
            A = part["advantages"]
            A = (A - A.mean()) / (A.std(unbiased=False) + 1e-8)
            dist = actor(part["obs"])
            ratio = torch.exp(dist.log_prob(part["actions"]) - part["log_probs"])
            clipped = torch.clamp(ratio, 1 - config.clip_eps, 1 + config.clip_eps)
            loss_pi = -torch.minimum(ratio * A, clipped * A).mean()
            loss_v = ((critic(part["obs"]) - part["returns"]) ** 2).mean() / 2
            bonus = dist.entropy().mean()
            optimizer.zero_grad()
            (loss_pi + config.value_coef * loss_v - entropy_coef * bonus).backward()
            for network in (actor, critic):
                torch.nn.utils.clip_grad_norm_(network.parameters(), config.max_grad_norm)
            optimizer.step()


def by_minibatch_size(actor, critic, optimizer, batch, returns, advantages, config, entropy_coef, generator):
    size = config.minibatch_size(advantages.shape[1])
    columns = [batch["obs"], batch["actions"], batch["log_probs"], returns, advantages]
    columns = [column.flatten(0, 1) for column in columns]
    for _ in range(config.num_epochs):
        for chosen in torch.randperm(len(columns[0]), generator=generator).split(size):
            seen, done, old, target, weight = [column[chosen] for column in columns]
            if config.normalize_advantages:
                weight = (weight - weight.mean()) / (weight.std(correction=0) + 1e-8)
            policy, values = actor(seen), critic(seen)
            loss = clipped_surrogate_loss(policy.log_prob(done), old, weight, config.clip_eps)
            loss += config.value_coef * value_loss(values, target)
            loss -= entropy_coef * policy.entropy().mean()
            loss.backward()
            clip_grad_norm_(actor.parameters(), config.max_grad_norm)
            clip_grad_norm_(critic.parameters(), config.max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()


def by_chunks(actor, critic, optimizer, batch, returns, advantages, config, entropy_coef, generator):
    flat = torch.nn.Flatten(0, 1)
    obs, acts, old = flat(batch["obs"]), flat(batch["actions"]), flat(batch["log_probs"])
    G, A = flat(returns), flat(advantages)
    for _ in range(config.num_epochs):
        for i in torch.randperm(len(G), generator=generator).chunk(config.num_minibatches):
            a = A[i] - A[i].mean()
            a = a / (a.pow(2).mean().sqrt() + 1e-8)
            pi = actor(obs[i])
            L = clipped_surrogate_loss(pi.log_prob(acts[i]), old[i], a, config.clip_eps)
            L = L + config.value_coef * value_loss(critic(obs[i]), G[i]) - entropy_coef * pi.entropy().mean()
            optimizer.zero_grad(set_to_none=False)
            L.backward()
            clip_grad_norm_(critic.parameters(), config.max_grad_norm)
            clip_grad_norm_(actor.parameters(), config.max_grad_norm)
            optimizer.step()


def by_rows(actor, critic, optimizer, batch, returns, advantages, config, entropy_coef, generator):
    T, N = returns.shape
    places = [(t, n) for t in range(T) for n in range(N)]
    for _ in range(config.num_epochs):
        order = torch.randperm(len(places), generator=generator).tolist()
        size = len(places) // config.num_minibatches
        while order:
            chosen, order = [places[i] for i in order[:size]], order[size:]

            def pick(column, chosen=chosen):
                return torch.stack([column[t, n] for t, n in chosen])

            weights = pick(advantages)
            weights = (weights - weights.mean()) / (weights.std(correction=0) + 1e-8)
            policy = actor(pick(batch["obs"]))
            surrogate = clipped_surrogate_loss(
                policy.log_prob(pick(batch["actions"])), pick(batch["log_probs"]), weights, config.clip_eps
            )
            error = value_loss(critic(pick(batch["obs"])), pick(returns))
            optimizer.zero_grad()
            (surrogate + config.value_coef * error - entropy_coef * policy.entropy().mean()).backward()
            for parameters in (actor.parameters(), critic.parameters()):
                clip_grad_norm_(parameters, config.max_grad_norm)
            optimizer.step()


def with_two_losses(actor, critic, optimizer, batch, returns, advantages, config, entropy_coef, generator):
    B, N = returns.numel(), returns.shape[1]
    for _ in range(config.num_epochs):
        for idx in torch.randperm(B, generator=generator).split(B // config.num_minibatches):
            t, n = idx // N, idx % N
            adv = advantages[t, n]
            adv = (adv - adv.mean()) / (adv.var(correction=0).sqrt() + 1e-8)
            optimizer.zero_grad()
            policy = actor(batch["obs"][t, n])
            log_probs = policy.log_prob(batch["actions"][t, n])
            actor_loss = clipped_surrogate_loss(log_probs, batch["log_probs"][t, n], adv, config.clip_eps)
            (actor_loss - entropy_coef * policy.entropy().mean()).backward()
            clip_grad_norm_(actor.parameters(), config.max_grad_norm)
            (config.value_coef * value_loss(critic(batch["obs"][t, n]), returns[t, n])).backward()
            clip_grad_norm_(critic.parameters(), config.max_grad_norm)
            optimizer.step()


def by_a_matrix_of_indices(actor, critic, optimizer, batch, returns, advantages, config, entropy_coef, generator):
    B = returns.numel()
    everything = batch | {"returns": returns, "advantages": advantages}
    everything = {name: torch.cat(list(column)) for name, column in everything.items()}
    for _ in range(config.num_epochs):
        indices = torch.randperm(B, generator=generator).view(config.num_minibatches, -1)
        for row in indices:
            mini = {name: column.index_select(0, row) for name, column in everything.items()}
            adv = mini["advantages"]
            scale = torch.std(adv, correction=0) + 1e-8
            adv = (adv - torch.mean(adv)) / scale
            policy = actor(mini["obs"])
            losses = (
                clipped_surrogate_loss(policy.log_prob(mini["actions"]), mini["log_probs"], adv, config.clip_eps),
                value_loss(critic(mini["obs"]), mini["returns"]),
                policy.entropy().mean(),
            )
            weights = 1, config.value_coef, -entropy_coef
            optimizer.zero_grad()
            sum(weight * loss for weight, loss in zip(weights, losses, strict=True)).backward()
            [clip_grad_norm_(net.parameters(), config.max_grad_norm) for net in (critic, actor)]
            optimizer.step()


def with_helpers(actor, critic, optimizer, batch, returns, advantages, config, entropy_coef, generator):
    def loss_of(idx):
        a = A[idx]
        a = (a - a.mean()) / (a.std(correction=0) + 1e-8)
        pi = actor(obs[idx])
        ratio = (pi.log_prob(acts[idx]) - old[idx]).exp()
        gain = torch.min(ratio * a, ratio.clip(1 - config.clip_eps, 1 + config.clip_eps) * a)
        error = 0.5 * torch.nn.functional.mse_loss(critic(obs[idx]), G[idx])
        return (-gain - entropy_coef * pi.entropy()).mean() + config.value_coef * error

    def descend(loss):
        optimizer.zero_grad()
        loss.backward()
        for net in (actor, critic):
            clip_grad_norm_(net.parameters(), max_norm=config.max_grad_norm)
        optimizer.step()

    obs, acts, old = (batch[name].flatten(0, 1) for name in ("obs", "actions", "log_probs"))
    G, A = returns.flatten(), advantages.flatten()
    for _ in range(config.num_epochs):
        for idx in torch.randperm(len(A), generator=generator).tensor_split(config.num_minibatches):
            descend(loss_of(idx))


def by_a_data_loader(actor, critic, optimizer, batch, returns, advantages, config, entropy_coef, generator):
    columns = (batch["obs"], batch["actions"], batch["log_probs"], returns, advantages)
    table = TensorDataset(*(column.flatten(0, 1) for column in columns))
    size = len(table) // config.num_minibatches
    for _ in range(config.num_epochs):
        order = torch.randperm(len(table), generator=generator).tolist()
        loader = DataLoader(table, batch_sampler=BatchSampler(order, size, False), generator=torch.Generator())
        for obs, actions, old, target, adv in loader:
            adv = (adv - adv.mean()) / (adv.std(correction=0) + 1e-8)
            policy = actor(obs)
            loss = clipped_surrogate_loss(policy.log_prob(actions), old, adv, config.clip_eps)
            loss = loss + config.value_coef * value_loss(critic(obs), target)
            loss = loss - entropy_coef * policy.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            clip_grad_norm_(actor.parameters(), config.max_grad_norm)
            clip_grad_norm_(critic.parameters(), config.max_grad_norm)
            optimizer.step()


def as_an_objective(actor, critic, optimizer, batch, returns, advantages, config, entropy_coef, generator):
    obs, actions, old, G, A = (
        x.flatten(0, 1) for x in (batch["obs"], batch["actions"], batch["log_probs"], returns, advantages)
    )
    for _ in range(config.num_epochs):
        order = torch.randperm(len(A), generator=generator)
        for k in range(config.num_minibatches):
            M = len(A) // config.num_minibatches
            i = order[k * M : (k + 1) * M]
            normal = (A[i] - A[i].mean()) / (A[i].std(correction=0) + 1e-8)
            policy = actor(obs[i])
            objective = -clipped_surrogate_loss(policy.log_prob(actions[i]), old[i], normal, config.clip_eps)
            objective += entropy_coef * policy.entropy().mean()
            objective -= config.value_coef * value_loss(critic(obs[i]), G[i])
            optimizer.zero_grad()
            (-objective).backward()
            clip_grad_norm_(actor.parameters(), config.max_grad_norm)
            clip_grad_norm_(critic.parameters(), config.max_grad_norm)
            optimizer.step()


RIGHT = [
    by_columns,
    by_slices,
    by_minibatch_size,
    by_chunks,
    by_rows,
    with_two_losses,
    by_a_matrix_of_indices,
    with_helpers,
    by_a_data_loader,
    as_an_objective,
]


def both(in_columns, in_slices):
    """A mistake in two spellings: the changes to by_columns and to by_slices."""
    return [edited(by_columns, *in_columns), edited(by_slices, *in_slices)]


def in_both(*changes):
    """The same changes in both."""
    return both(changes, changes)


CLIP_ACTOR = "clip_grad_norm_(actor.parameters(), config.max_grad_norm)"
CLIP_CRITIC = "clip_grad_norm_(critic.parameters(), config.max_grad_norm)"
CLIP = "torch.nn.utils.clip_grad_norm_(network.parameters(), config.max_grad_norm)"
FOR_BOTH = "for network in (actor, critic):"
ZERO, STEP, BACKWARD = "optimizer.zero_grad()", "optimizer.step()", "loss.backward()"
NORM = "adv = (adv - adv.mean()) / (adv.std(correction=0) + 1e-8)"
NORM_IN_SLICES = "A = (A - A.mean()) / (A.std(unbiased=False) + 1e-8)"
ORDER, ORDER_IN_SLICES = (
    "order = torch.randperm(B, generator=generator)",
    "perm = torch.randperm(B, generator=generator)",
)
SPLIT = "order.split(B // config.num_minibatches)"
EPOCHS, EPOCHS_IN_SLICES = "for _ in range(config.num_epochs):", "for epoch in range(config.num_epochs):"
SUM, SUM_IN_SLICES = (
    "policy_loss + config.value_coef * critic_loss - entropy_coef * entropy",
    "(loss_pi + config.value_coef * loss_v - entropy_coef * bonus)",
)
FLAT = {"returns": "returns = returns.flatten()", "advantages": "advantages = advantages.flatten()"}
TURNED = {name: line.replace(".flatten()", ".T.flatten()") for name, line in FLAT.items()}
EACH_PART = "perm[start : start + M]"


def norm(in_columns, in_slices):
    """Advantages normalised otherwise."""
    return both([(NORM, in_columns)], [(NORM_IN_SLICES, in_slices)])


def loss(in_columns, in_slices):
    """Another sum of the losses."""
    return both([(SUM, in_columns)], [(SUM_IN_SLICES, f"({in_slices})")])


MISTAKEN = {
    "no zero_grad": in_both((ZERO, "pass")),
    "zero_grad once an epoch": both(
        [(ZERO, "pass"), (ORDER, f"{ORDER}; {ZERO}")], [(ZERO, "start or optimizer.zero_grad()")]
    ),
    "no clipping": both(
        [(CLIP_ACTOR, "pass"), (CLIP_CRITIC, "pass"), (STEP, f"{STEP}; {CLIP_ACTOR}; {CLIP_CRITIC}")],
        [(CLIP, "torch.nn.utils.clip_grad_norm_(network.parameters(), 1e9)")],
    ),
    "clipped together": both(
        [
            (CLIP_ACTOR, "clip_grad_norm_([*actor.parameters(), *critic.parameters()], config.max_grad_norm)"),
            (CLIP_CRITIC, "pass"),
        ],
        [(FOR_BOTH, "for network in (torch.nn.ModuleList([actor, critic]),):")],
    ),
    "clipped by value": both(
        [(CLIP_ACTOR, CLIP_ACTOR.replace("norm_", "value_")), (CLIP_CRITIC, CLIP_CRITIC.replace("norm_", "value_"))],
        [(CLIP, "[p.grad.clamp_(-config.max_grad_norm, config.max_grad_norm) for p in network.parameters()]")],
    ),
    "only the actor clipped": both([(CLIP_CRITIC, "pass")], [(FOR_BOTH, "for network in (actor,):")]),
    "only the critic clipped": both([(CLIP_ACTOR, "pass")], [(FOR_BOTH, "for network in [critic]:")]),
    "normalised over the whole batch": norm(
        "adv = (adv - advantages.mean()) / (advantages.std(correction=0) + 1e-8)",
        "A = (A - advantages.mean()) / np.std(advantages.numpy())",
    ),
    "not normalised": norm("pass", "A = A.clone()"),
    "correction 1": norm(
        "adv = (adv - adv.mean()) / (adv.std() + 1e-8)", "A = (A - A.mean()) / (torch.std(A) + 1e-8)"
    ),
    "mean not subtracted": norm("adv = adv / (adv.std(correction=0) + 1e-8)", "A = A / np.std(A.numpy())"),
    "only the mean subtracted": norm("adv = adv - adv.mean()", "A = A - A.mean()"),
    "divided by the variance": norm(
        "adv = (adv - adv.mean()) / (adv.var(correction=0) + 1e-8)", "A = (A - A.mean()) / A.var(unbiased=False)"
    ),
    "old log-probs recomputed": both(
        [("old_log_probs[idx]", "log_probs.detach()")],
        [('- part["log_probs"]', '- actor(part["obs"]).log_prob(part["actions"]).detach()')],
    ),
    "surrogate not clipped": both(
        [
            (
                "clipped_surrogate_loss(log_probs, old_log_probs[idx], adv, config.clip_eps)",
                "-((log_probs - old_log_probs[idx]).exp() * adv).mean()",
            )
        ],
        [("-torch.minimum(ratio * A, clipped * A).mean()", "-(ratio * A).mean()")],
    ),
    "same order in every epoch": both(
        [(ORDER, "pass"), (EPOCHS, f"{ORDER}\n    {EPOCHS}")],
        [(ORDER_IN_SLICES, f"perm = perm if epoch else {ORDER_IN_SLICES[7:]}")],
    ),
    "not shuffled": both(
        [(ORDER, "order = torch.arange(B)")], [(EACH_PART, "start : start + M"), (ORDER_IN_SLICES, "pass")]
    ),
    "with replacement": both(
        [(ORDER, "order = torch.randint(B, (B,), generator=generator)")],
        [
            (ORDER_IN_SLICES, "pass"),
            ("part = {", "idx = torch.randint(0, B, (M,), generator=generator)\n            part = {"),
            (EACH_PART, "idx"),
        ],
    ),
    "a new order for every minibatch": both(
        [
            (ORDER, "pass"),
            (
                f"for idx in {SPLIT}:",
                f"for _ in range(config.num_minibatches):\n            {ORDER}\n"
                "            idx = order[: B // config.num_minibatches]",
            ),
        ],
        [
            (ORDER_IN_SLICES, "pass"),
            ("part = {", f"{ORDER_IN_SLICES}\n            part = {{"),
            (EACH_PART, "perm[:M]"),
        ],
    ),
    "one epoch": both([(EPOCHS, "for _ in range(1):")], [(EPOCHS_IN_SLICES, "for epoch in [0]:")]),
    "one minibatch an epoch": both([(SPLIT, f"{SPLIT}[:1]")], [("for start in range(0, B, M):", "for start in [0]:")]),
    "whole batch at once": both([(SPLIT, "[order]")], [("M = B // config.num_minibatches", "M = B")]),
    "number for size": both(
        [(SPLIT, "order.split(config.num_minibatches)")],
        [("M = B // config.num_minibatches", "M = config.num_minibatches")],
    ),
    "environments first": both(
        [
            (FLAT["returns"], TURNED["returns"]),
            (FLAT["advantages"], TURNED["advantages"]),
            *(
                (f'batch["{name}"].flatten(0, 1)', f'batch["{name}"].transpose(0, 1).flatten(0, 1)')
                for name in ("obs", "actions", "log_probs")
            ),
        ],
        [
            ("column.reshape(B, *column.shape[2:])", "column.transpose(0, 1).reshape(B, *column.shape[2:])"),
            ("returns.reshape(B)", "returns.T.reshape(B)"),
            ("advantages.reshape(B)", "advantages.T.reshape(B)"),
        ],
    ),
    "columns mixed up": both(
        [(FLAT["returns"], TURNED["returns"]), (FLAT["advantages"], TURNED["advantages"])],
        [
            ("returns.reshape(B)", "returns.t().reshape(B)"),
            ("advantages.reshape(B)", "torch.cat(advantages.unbind(1))"),
        ],
    ),
    "advantages mixed up": both(
        [(FLAT["advantages"], TURNED["advantages"])], [("advantages.reshape(B)", "torch.cat(advantages.unbind(1))")]
    ),
    "advantages for returns": both(
        [("returns[idx])", "advantages[idx])")], [('part["returns"])', 'part["advantages"])')]
    ),
    "sign of the entropy": loss(
        "policy_loss + config.value_coef * critic_loss + entropy_coef * entropy",
        "loss_pi + config.value_coef * loss_v + entropy_coef * bonus",
    ),
    "entropy left out": loss("policy_loss + config.value_coef * critic_loss", "loss_pi + loss_v * config.value_coef"),
    "entropy without weight": loss(
        "policy_loss + config.value_coef * critic_loss - entropy", "loss_pi + config.value_coef * loss_v - bonus"
    ),
    "value loss without weight": loss(
        "policy_loss + critic_loss - entropy_coef * entropy", "loss_pi + loss_v - entropy_coef * bonus"
    ),
    "value loss not halved": both(
        [("value_loss(critic(obs[idx]), returns[idx])", "((critic(obs[idx]) - returns[idx]) ** 2).mean()")],
        [(".mean() / 2", ".mean()")],
    ),
    "only the actor learns": both(
        [("value_loss(critic(obs[idx])", "value_loss(critic(obs[idx]).detach()"), (CLIP_CRITIC, "pass")],
        [(SUM_IN_SLICES, "(loss_pi - entropy_coef * bonus)")],
    ),
    "only the critic learns": both(
        [(SUM, "config.value_coef * critic_loss")],
        [('dist = actor(part["obs"])', 'with torch.no_grad(): dist = actor(part["obs"])')],
    ),
    "policy loss left out": loss(
        "config.value_coef * critic_loss - entropy_coef * entropy", "config.value_coef * loss_v - entropy_coef * bonus"
    ),
    "loss maximised": both([(BACKWARD, "(-loss).backward()")], [(SUM_IN_SLICES, f"(-{SUM_IN_SLICES})")]),
    "sign of the policy loss": loss(
        "-policy_loss + config.value_coef * critic_loss - entropy_coef * entropy",
        "config.value_coef * loss_v - loss_pi - entropy_coef * bonus",
    ),
}
