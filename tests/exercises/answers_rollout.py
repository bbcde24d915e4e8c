"""Answers to the exercise rollout as students write them: right in many styles, and every mistake twice."""

from collections import defaultdict

import numpy as np
import torch
from edited import edited

from ppo_lib.rollout import collect_rollout
from ppo_lib.sampling import sample

NAMES = ("obs", "actions", "log_probs", "rewards", "terminated", "truncated", "values", "next_values")


def oracle(shown, final_obs, rewards, terminated, truncated, actor_weights, critic_weights, uniforms):
    """One transition after another from the script itself, without environments, networks or torch."""
    shown, final_obs, actor, critic = (x.numpy() for x in (shown, final_obs, actor_weights, critic_weights))
    steps, num_envs = rewards.shape
    actions, log_probs = np.zeros((steps, num_envs), int), np.zeros((steps, num_envs))
    values, next_values = np.zeros((steps, num_envs)), np.zeros((steps, num_envs))
    for t in range(steps):
        for n in range(num_envs):
            powers = np.exp(shown[t, n].astype(float).ravel() @ actor.astype(float))
            below = 0.0
            for action, share in enumerate(powers / powers.sum()):
                if below <= uniforms[t, n] < below + share:
                    actions[t, n], log_probs[t, n] = action, np.log(share)
                below += share
            over = terminated[t, n] or truncated[t, n]
            values[t, n] = shown[t, n].astype(float).ravel() @ critic
            next_values[t, n] = (final_obs[t, n] if over else shown[t + 1, n]).astype(float).ravel() @ critic
    outcome = rewards, terminated, truncated
    return shown[:-1], actions, log_probs, *outcome, values, next_values, shown[-1], actions, 0


@torch.no_grad()
def by_lists(envs, actor, critic, obs, uniforms):
    batch = {name: [] for name in NAMES}
    for u in uniforms:
        seen = torch.tensor(obs)
        policy = actor(seen)
        actions = sample(policy, u)
        batch["obs"].append(seen)
        batch["actions"].append(actions)
        batch["log_probs"].append(policy.log_prob(actions))
        batch["values"].append(critic(seen))
        obs, rewards, terminated, truncated, infos = envs.step(actions.numpy())
        batch["rewards"].append(torch.tensor(rewards, dtype=torch.float32))
        batch["terminated"].append(torch.tensor(terminated))
        batch["truncated"].append(torch.tensor(truncated))
        reached = obs.copy()
        for n in range(len(obs)):
            if terminated[n] or truncated[n]:
                reached[n] = infos["final_obs"][n]
        batch["next_values"].append(critic(torch.tensor(reached)))
    return {name: torch.stack(rows) for name, rows in batch.items()}, obs


def by_storage(envs, actor, critic, obs, uniforms):
    T, N = uniforms.shape
    stored = torch.zeros((T, *obs.shape), dtype=torch.as_tensor(obs).dtype)
    actions = torch.zeros((T, N), dtype=torch.long)
    log_probs, rewards, values, next_values = torch.zeros((4, T, N))
    terminated, truncated = torch.zeros((2, T, N), dtype=torch.bool)
    with torch.no_grad():
        for t in range(T):
            stored[t] = torch.from_numpy(obs)
            policy = actor(stored[t])
            actions[t] = sample(policy, uniforms[t])
            log_probs[t] = policy.log_prob(actions[t])
            values[t] = critic(stored[t])
            obs, r, crashed, time_up, infos = envs.step(actions[t].numpy())
            rewards[t] = torch.from_numpy(r)
            terminated[t] = torch.from_numpy(crashed)
            truncated[t] = torch.from_numpy(time_up)
            next_values[t] = critic(torch.from_numpy(obs))
            over = np.flatnonzero(crashed | time_up)
            if len(over):
                final = torch.from_numpy(np.stack(list(infos["final_obs"][over])))
                next_values[t, over] = critic(final)
    batch = dict(obs=stored, actions=actions, log_probs=log_probs, rewards=rewards, terminated=terminated,  # noqa: C408
                 truncated=truncated, values=values, next_values=next_values)  # fmt: skip
    return batch, obs


@torch.no_grad()
def by_rows_turned_into_columns(envs, actor, critic, obs, uniforms):
    rows = []
    for t in range(uniforms.shape[0]):
        seen = torch.from_numpy(np.array(obs))
        policy = actor(seen)
        action = sample(policy, uniforms[t])
        obs, reward, terminated, truncated, infos = envs.step(action.numpy())
        ends = terminated | truncated
        reached = np.array(obs)
        reached[ends] = np.array(list(infos["final_obs"][ends])) if ends.any() else reached[ends]
        next_value = critic(torch.from_numpy(reached))
        reward = torch.as_tensor(reward).float()
        flags = torch.as_tensor(terminated.copy()), torch.as_tensor(truncated.copy())
        rows.append((seen, action, policy.log_prob(action), reward, *flags, critic(seen), next_value))
    columns = map(torch.stack, zip(*rows, strict=True))
    return dict(zip(NAMES, columns, strict=True)), obs


def by_the_library(envs, actor, critic, obs, uniforms):
    rollout = collect_rollout(envs, actor, critic, obs, len(uniforms), uniforms)
    return {name: getattr(rollout, name) for name in NAMES}, rollout.next_obs


@torch.no_grad()
def values_at_the_end(envs, actor, critic, obs, uniforms):
    seen, done, said, gained, crashed, late, finals = [], [], [], [], [], [], {}
    for t, u in enumerate(uniforms):
        seen.append(torch.tensor(obs))
        policy = actor(seen[-1])
        done.append(sample(policy, u))
        said.append(policy.log_prob(done[-1]))
        obs, r, term, trunc, infos = envs.step(done[-1].numpy())
        gained.append(torch.tensor(r).float())
        crashed.append(torch.tensor(term))
        late.append(torch.tensor(trunc))
        for n in np.flatnonzero(term | trunc):
            finals[t, n] = torch.tensor(infos["final_obs"][n])
    values = torch.stack([critic(x) for x in [*seen, torch.tensor(obs)]])
    next_values = values[1:].clone()
    for (t, n), final in finals.items():
        next_values[t, n] = critic(final[None])[0]
    lists = seen, done, said, gained, crashed, late
    batch = dict(zip(NAMES[:6], map(torch.stack, lists), strict=True))
    return batch | {"values": values[:-1], "next_values": next_values}, obs


@torch.no_grad()
def with_a_helper(envs, actor, critic, obs, uniforms):
    def judge(array):
        return critic(torch.tensor(array))

    def decide(array, u):
        policy = actor(torch.tensor(array))
        actions = sample(policy, u)
        return actions, policy.log_prob(actions)

    columns = defaultdict(list)
    for u in uniforms:
        columns["obs"] += [torch.tensor(obs)]
        columns["values"] += [judge(obs)]
        actions, log_probs = decide(obs, u)
        obs, rewards, *flags, infos = envs.step(actions.numpy())
        columns["actions"] += [actions]
        columns["log_probs"] += [log_probs]
        columns["rewards"] += [torch.tensor(rewards.astype(np.float32))]
        columns["terminated"] += [torch.tensor(flags[0])]
        columns["truncated"] += [torch.tensor(flags[1])]
        ends = np.logical_or(*flags)
        reached = [infos["final_obs"][n] if over else obs[n] for n, over in enumerate(ends)]
        columns["next_values"] += [judge(np.array(reached))]
    return {name: torch.stack(column) for name, column in columns.items()}, obs.copy()


def in_numpy(envs, actor, critic, obs, uniforms):
    kept = {name: [] for name in NAMES}
    for row in uniforms:
        with torch.no_grad():
            here = obs.copy()
            policy = actor(torch.from_numpy(here))
            action = sample(policy, row)
            obs, reward, terminated, truncated, infos = envs.step(action.numpy())
            there = obs.copy()
            if "final_obs" in infos:
                for n, last in enumerate(infos["final_obs"]):
                    there[n] = there[n] if last is None else last
            found = here, action, policy.log_prob(action), reward, terminated, truncated
            found += critic(torch.from_numpy(here)), critic(torch.from_numpy(there))
        for name, value in zip(NAMES, found, strict=True):
            kept[name].append(np.asarray(value))
    batch = {name: torch.from_numpy(np.stack(rows)) for name, rows in kept.items()}
    batch["rewards"] = batch["rewards"].to(torch.float32)
    return batch, obs


@torch.inference_mode()
def with_log_softmax(envs, actor, critic, obs, uniforms):
    steps = []
    for t in range(len(uniforms)):
        step = {"obs": torch.tensor(obs)}
        policy = actor(step["obs"])
        step["actions"] = sample(policy, uniforms[t])
        chosen = step["actions"][:, None]
        step["log_probs"] = torch.log_softmax(policy.logits, -1).gather(1, chosen)[:, 0]
        obs, rewards, terminated, truncated, infos = envs.step(step["actions"].tolist())
        step |= {"rewards": torch.tensor(rewards, dtype=torch.float), "terminated": torch.tensor(terminated)}
        step |= {"truncated": torch.tensor(truncated), "values": critic(step["obs"])}
        mask = infos.get("_final_obs", np.zeros(len(obs), bool))
        last = torch.tensor(obs)
        for n in np.flatnonzero(mask):
            last[n] = torch.as_tensor(infos["final_obs"][n])
        step["next_values"] = critic(last)
        steps.append(step)
    return {name: torch.stack([step[name] for step in steps]) for name in NAMES}, obs


@torch.no_grad()
def with_where(envs, actor, critic, obs, uniforms):
    T, N = uniforms.shape
    batch = {}

    def put(t, **new):
        for name, value in new.items():
            value = torch.as_tensor(value)
            if name not in batch:
                batch[name] = torch.empty((T, *value.shape), dtype=value.dtype)
            batch[name][t] = value

    for t in range(T):
        put(t, obs=obs)
        policy = actor(batch["obs"][t])
        actions = sample(policy, uniforms[t])
        put(t, actions=actions, log_probs=policy.log_prob(actions), values=critic(batch["obs"][t]))
        obs, rewards, terminated, truncated, infos = envs.step(actions.numpy())
        put(t, rewards=rewards.astype("float32"), terminated=terminated, truncated=truncated)
        final = infos.get("final_obs", [None] * N)
        final = np.array([obs[n] if final[n] is None else final[n] for n in range(N)])
        over = torch.as_tensor(terminated | truncated)
        next_values = torch.where(over, critic(torch.as_tensor(final)), critic(torch.as_tensor(obs)))
        put(t, next_values=next_values)
    return batch, torch.tensor(obs)


def detached(envs, actor, critic, obs, uniforms):
    rows = {name: [] for name in NAMES}
    t = 0
    for _ in range(len(uniforms)):
        tensor = torch.tensor(obs)
        distribution = actor(tensor)
        action = sample(distribution, uniforms[t]).detach()
        rows["obs"].append(tensor)
        rows["actions"].append(action)
        rows["log_probs"].append(distribution.log_prob(action).detach())
        rows["values"].append(critic(tensor).detach())
        obs, reward, terminated, truncated, infos = envs.step(action.numpy())
        rows["rewards"].append(torch.tensor(reward).to(torch.float32))
        rows["terminated"].append(torch.tensor(terminated))
        rows["truncated"].append(torch.tensor(truncated))
        value = critic(torch.tensor(obs)).detach()
        for n in range(len(value)):
            if terminated[n] or truncated[n]:
                value[n] = critic(torch.tensor(infos["final_obs"][n]).unsqueeze(0)).item()
        rows["next_values"].append(value)
        t = t + 1
    return {name: torch.stack(rows[name]) for name in rows}, obs


RIGHT = [
    by_lists,
    by_storage,
    by_rows_turned_into_columns,
    by_the_library,
    values_at_the_end,
    with_a_helper,
    in_numpy,
    with_log_softmax,
    with_where,
    detached,
]


def both(in_lists, in_storage):
    """A mistake in two spellings: the changes to by_lists and to by_storage."""
    return [edited(by_lists, *in_lists), edited(by_storage, *in_storage)]


LISTS_RETURN = "return {name: torch.stack(rows) for name, rows in batch.items()}, obs"
STORAGE_RETURN = "return batch, obs"


def at_the_end(in_lists, in_storage):
    """A mistake made with the whole columns, just before they are returned."""
    stacked = (
        f"batch = {{name: torch.stack(rows) for name, rows in batch.items()}}\n    {in_lists}\n    return batch, obs"
    )
    return both([(LISTS_RETURN, stacked)], [(STORAGE_RETURN, f"{in_storage}\n    return batch, obs")])


IF_ENDED = "if terminated[n] or truncated[n]:"
OVER = "np.flatnonzero(crashed | time_up)"
LISTS_SAMPLE, STORAGE_SAMPLE = "sample(policy, u)", "sample(policy, uniforms[t])"
LISTS_SAID, STORAGE_SAID = "policy.log_prob(actions)", "policy.log_prob(actions[t])"
REWARD = 'batch["rewards"].append(torch.tensor(rewards, dtype=torch.float32))'
MISTAKEN = {
    "final observation ignored": both([(IF_ENDED, "if False:")], [("if len(over):", "if len(over) > 99:")]),
    "final observation at crashes only": both([(IF_ENDED, "if terminated[n]:")], [(OVER, "np.flatnonzero(crashed)")]),
    "final observation at time limits only": both(
        [(IF_ENDED, "if truncated[n]:")], [(OVER, "np.flatnonzero(time_up)")]
    ),
    "next values 0 at crashes": at_the_end(
        'batch["next_values"] *= 1 - batch["terminated"].float()', "next_values[terminated] = 0"
    ),
    "next values 0 at every end": at_the_end(
        'batch["next_values"][batch["terminated"] | batch["truncated"]] = 0.0',
        "next_values *= ~(terminated | truncated)",
    ),
    "values for next values": at_the_end('batch["next_values"] = batch["values"]', "next_values[:] = values"),
    "next values for values": at_the_end('batch["values"] = batch["next_values"]', "values[:] = next_values"),
    "values and next values swapped": at_the_end(
        'batch["values"], batch["next_values"] = batch["next_values"], batch["values"]',
        "batch |= dict(values=next_values, next_values=values)",
    ),
    "values after the step": both(
        [
            ('batch["values"].append(critic(seen))\n', "pass\n"),
            (REWARD, f'{REWARD}; batch["values"].append(critic(torch.tensor(obs)))'),
        ],
        [("rewards[t] = torch", "values[t] = critic(torch.from_numpy(obs)); rewards[t] = torch")],
    ),
    "observation after the step": both(
        [('batch["obs"].append(seen)', "pass"), (REWARD, f'{REWARD}; batch["obs"].append(torch.tensor(obs))')],
        [("rewards[t] = torch", "stored[t] = torch.from_numpy(obs); rewards[t] = torch")],
    ),
    "not copied": [
        edited(by_lists, ("seen = torch.tensor(obs)", "seen = torch.as_tensor(obs)")),
        edited(with_a_helper, ('columns["obs"] += [torch.tensor(obs)]', 'columns["obs"] += [torch.from_numpy(obs)]')),
    ],
    "ends swapped": both(
        [("rewards, terminated, truncated, infos =", "rewards, truncated, terminated, infos =")],
        [("r, crashed, time_up, infos", "r, time_up, crashed, infos")],
    ),
    "ends merged": both(
        [(REWARD, f"{REWARD}; terminated = truncated = terminated | truncated")],
        [("rewards[t] = torch", "crashed = time_up = np.logical_or(crashed, time_up); rewards[t] = torch")],
    ),
    "ends merged into terminated": both(
        [("append(torch.tensor(terminated))", "append(torch.tensor(terminated | truncated))")],
        [("torch.from_numpy(crashed)", "torch.from_numpy(crashed | time_up)")],
    ),
    "ends merged into truncated": both(
        [("append(torch.tensor(truncated))", "append(torch.tensor(terminated | truncated))")],
        [("torch.from_numpy(time_up)", "torch.from_numpy(crashed | time_up)")],
    ),
    "argmax": both([(LISTS_SAMPLE, "policy.probs.argmax(-1)")], [(STORAGE_SAMPLE, "policy.logits.max(-1).indices")]),
    "the same chance in every step": both(
        [(LISTS_SAMPLE, "sample(policy, uniforms[0])")], [(STORAGE_SAMPLE, "sample(policy, uniforms[0])")]
    ),
    "probabilities": both(
        [(LISTS_SAID, "policy.log_prob(actions).exp()")],
        [(STORAGE_SAID, "policy.probs.gather(1, actions[t][:, None]).squeeze(1)")],
    ),
    "sign of the log-probs": both([(LISTS_SAID, f"-{LISTS_SAID}")], [(STORAGE_SAID, f"0 - {STORAGE_SAID}")]),
    "log-probs of the likeliest actions": both(
        [(LISTS_SAID, "policy.log_prob(policy.mode)")], [(STORAGE_SAID, "policy.logits.max(-1).values")]
    ),
    "entropy for log-probs": both(
        [(LISTS_SAID, "policy.entropy()")], [(STORAGE_SAID, "-(policy.probs * policy.logits).sum(-1)")]
    ),
    "other actions driven": both(
        [("envs.step(actions.numpy())", "envs.step(policy.mode.numpy())")],
        [("envs.step(actions[t].numpy())", "envs.step(policy.probs.argmax(1).tolist())")],
    ),
    "rewards one step late": both(
        [
            (REWARD, "last = torch.tensor(rewards, dtype=torch.float32)"),
            ("for u in uniforms:", "last = torch.zeros(len(obs))\n    for u in uniforms:"),
            ("seen = torch", 'batch["rewards"].append(last)\n        seen = torch'),
        ],
        [("rewards[t] = torch.from_numpy(r)", "rewards[t + 1 : t + 2] = torch.from_numpy(r)")],
    ),
    "rewards turned around": both(
        [(LISTS_RETURN, f'batch["rewards"] = batch["rewards"][-1:] + batch["rewards"][:-1]\n    {LISTS_RETURN}')],
        [("rewards[t] = torch", "rewards[(t + 1) % T] = torch")],
    ),
    "rewards summed up": at_the_end(
        'batch["rewards"] = batch["rewards"].cumsum(0)', "for t in range(1, T): rewards[t] += rewards[t - 1]"
    ),
    "reset": both(
        [("for u in uniforms:", "obs, _ = envs.reset()\n    for u in uniforms:")],
        [("T, N = uniforms.shape", "T, N = uniforms.shape; obs = envs.reset(seed=0)[0]")],
    ),
    "gradient recorded": [
        edited(by_lists, ("@torch.no_grad()\n", "")),
        edited(by_rows_turned_into_columns, ("@torch.no_grad()\n", "")),
        edited(
            detached,
            ("log_prob(action).detach()", "log_prob(action)"),
            ("critic(tensor).detach()", "critic(tensor)"),
            ('rows["next_values"].append(value)', "rows['next_values'].append(value + 0 * critic(tensor))"),
        ),
    ],
    "next_obs is the first": both(
        [
            ("for u in uniforms:", "first = obs.copy()\n    for u in uniforms:"),
            ("batch.items()}, obs", "batch.items()}, first"),
        ],
        [(STORAGE_RETURN, "return batch, stored[0]")],
    ),
    "next_obs is the last seen": both(
        [("batch.items()}, obs", "batch.items()}, seen")], [(STORAGE_RETURN, "return batch, stored[-1].numpy()")]
    ),
}
