"""The exercise rollout of the notebook 06_training_loop."""

from collections.abc import Mapping

import numpy as np
import torch
from gymnasium.spaces import Discrete
from gymnasium.vector import VectorEnv

from ppo_lib.exercises.attempt import Complaint, NotNumbers, describe, read_numbers
from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake
from ppo_lib.exercises.training_loop.common import SmallActor, SmallCritic, greedy
from ppo_lib.sampling import sample

KINDS = {  # of what the batch holds, as its tensors' types are called
    "obs": "the type of the observations",
    "actions": "whole numbers (int64)",
    "log_probs": "float32",
    "rewards": "float32",
    "terminated": "bool",
    "truncated": "bool",
    "values": "float32",
    "next_values": "float32",
}
ASKED, RECORDED = "actions that the environments got", "tensors that record a gradient"
PARTS = (*(f'batch["{name}"]' for name in KINDS), "next_obs", ASKED, RECORDED)


class Script(VectorEnv):
    """Environments in SAME_STEP autoreset that show what is written down, whatever is done in them, and note that.

    As a simulator may, they show all observations in one array. A reset shows the script's last observations.

    Args:
        shown: (T + 1, N, *obs_shape) what they show at the start and after each step.
        final_obs: (T, N, *obs_shape) the last observation of an episode, where one ends.
        rewards, terminated, truncated: (T, N).
        num_actions: A.
    """

    def __init__(self, shown, final_obs, rewards, terminated, truncated, num_actions):
        self.num_envs = shown.shape[1]
        self.single_action_space = Discrete(num_actions)
        self.shown, self.final_obs = shown.numpy(), final_obs.numpy()
        self.outcomes = [column.double().numpy() for column in (rewards,)]
        self.outcomes += [column.numpy() for column in (terminated, truncated)]
        self.showing = self.shown[0].copy()
        self.asked = []  # the actions of each step

    def reset(self, *, seed=None, options=None):
        """Where the script never begins."""
        self.showing[...] = self.shown[-1]
        return self.showing, {}

    def step(self, actions):
        """One line of the script."""
        t = len(self.asked)
        if t == len(self.shown) - 1:
            raise too_many_or_few_steps("more than", t)
        self.asked.append(self._read(actions))
        self.showing[...] = self.shown[t + 1]
        rewards, terminated, truncated = (column[t].copy() for column in self.outcomes)
        infos, ended = {}, terminated | truncated
        if ended.any():
            infos = {"final_obs": np.full(self.num_envs, None, dtype=object), "_final_obs": ended}
            for n in np.flatnonzero(ended):
                infos["final_obs"][n] = self.final_obs[t, n].copy()
        return self.showing, rewards, terminated, truncated, infos

    def _read(self, actions):
        given = np.asarray(actions) if isinstance(actions, torch.Tensor | np.ndarray | list | tuple) else np.empty(0)
        if given.shape != (self.num_envs,) or given.dtype.kind not in "iu":
            raise Complaint(
                "no actions",
                f"You give envs.step {describe(actions)}. It needs one action for each environment: whole numbers of "
                f"shape (N,), here ({self.num_envs},).",
            )
        return given.copy()


def too_many_or_few_steps(how_many, steps):
    """The complaint of a rollout that does not take as many steps as it has uniform numbers for."""
    return Complaint(
        "number of steps",
        f"Your function takes {how_many} {steps} step{'s' * (steps != 1)} where T is {steps}. It steps the "
        "environments T times, as often as `uniforms` has rows: for t in range(len(uniforms)).",
    )


def draw_actions(policy, uniforms):
    """Chance decides, by the uniform numbers."""
    return sample(policy, uniforms)


def log_prob_of(policy, actions):
    """What is remembered of the policy."""
    return policy.log_prob(actions)


def really_reached(obs, ended, infos):
    """(N, *obs_shape): the states that a step led to; at an episode's end its final observation."""
    reached = obs.copy()
    for n in np.flatnonzero(ended):
        reached[n] = infos["final_obs"][n]
    return reached


def collect(
    envs, actor, critic, obs, uniforms, *, begin=lambda envs, obs: obs, keep=torch.tensor, act=draw_actions,
    drive=lambda policy, actions: actions, say=log_prob_of, reach=really_reached, record=False,
):  # fmt: skip
    """(batch, next_obs): T steps of N environments, as a dictionary of tensors (T, N, ...)."""
    rows = []
    with torch.set_grad_enabled(record):
        obs = begin(envs, obs)
        for some in uniforms:
            seen = keep(obs)
            policy, values = actor(seen), critic(seen)
            actions = act(policy, some)
            log_probs = say(policy, actions)
            obs, rewards, terminated, truncated, infos = envs.step(drive(policy, actions).numpy())
            next_values = critic(torch.as_tensor(reach(obs, terminated | truncated, infos)))
            outcome = torch.tensor(rewards, dtype=torch.float32), torch.tensor(terminated), torch.tensor(truncated)
            rows.append((seen, actions, log_probs, *outcome, values, next_values))
        columns = [torch.stack(column) for column in zip(*rows, strict=True)]
    return dict(zip(KINDS, columns, strict=True)), obs


def on_script(
    shown, final_obs, rewards, terminated, truncated, actor_weights, critic_weights, uniforms, *, rollout=collect,
    **pieces,
):  # fmt: skip
    """What comes of a rollout by the function `rollout`, as PARTS: what it returns, what it did, what it recorded."""
    envs = Script(shown, final_obs, rewards, terminated, truncated, actor_weights.shape[1])
    networks = SmallActor(actor_weights), SmallCritic(critic_weights)
    returned = rollout(envs, *networks, envs.showing, uniforms, **pieces)
    if returned is None or returned is ...:
        return returned
    if len(envs.asked) != len(uniforms):
        raise too_many_or_few_steps("fewer than", len(uniforms))
    batch, next_obs = _as_asked(returned, shown, actor_weights.dtype, rewards.shape)
    recorded = sum(tensor.requires_grad for tensor in batch.values())
    return (*batch.values(), next_obs, np.array(envs.asked), recorded)


def _as_asked(returned, shown, floats, shape):
    """(batch, next_obs) in the order of KINDS, if they are what was asked for; else a Complaint says what is not."""
    pair = tuple(returned) if isinstance(returned, tuple | list) else ()
    if len(pair) != 2 or not isinstance(pair[0], Mapping):
        raise Complaint(
            "not batch and next_obs",
            f"Your function returns {describe(returned)}. It returns two things, the batch, a dictionary, and "
            "next_obs, where the next rollout goes on: return batch, next_obs.",
        )
    batch, next_obs = pair
    missing = [name for name in KINDS if name not in batch]
    if missing:
        raise Complaint(
            "something missing",
            f"Your batch lacks {', '.join(f'`{name}`' for name in missing)}. It holds {', '.join(KINDS)}.",
        )
    for name in KINDS:
        _check_column(name, batch[name], shown, floats, shape)
    try:
        return {name: batch[name] for name in KINDS}, read_numbers(next_obs)
    except NotNumbers:
        raise Complaint(
            "no next_obs",
            f"Your next_obs is {describe(next_obs)}; it is the array that the last step showed, (N, *obs_shape).",
        ) from None


def _check_column(name, column, shown, floats, shape):
    if not isinstance(column, torch.Tensor):
        raise Complaint(
            "no tensor",
            f'batch["{name}"] is {describe(column)}. Make one tensor of its T rows, by torch.stack for example.',
        )
    wanted = (*shape, *shown.shape[2:]) if name == "obs" else tuple(shape)
    if tuple(column.shape) != wanted:
        which = "(T, N, *obs_shape)" if name == "obs" else "(T, N)"
        turned = tuple(column.shape) == (wanted[1], wanted[0], *wanted[2:])
        lost = " Is only the last step kept?" if tuple(column.shape) in (wanted[1:], (1, *wanted[1:])) else ""
        raise Complaint(
            "axes swapped" if turned else "only the last step" if lost else "shape",
            f'batch["{name}"] has the shape {tuple(column.shape)}; it should be {which}, here {wanted}.'
            + (" Time comes first." if turned else lost),
        )
    types = {"obs": (shown.dtype,), "actions": (torch.int64, torch.int32)}
    types |= dict.fromkeys(("terminated", "truncated"), (torch.bool,))
    if column.dtype not in types.get(name, (torch.float32, floats)):
        raise Complaint(
            "type",
            f'batch["{name}"] is {str(column.dtype).removeprefix("torch.")}; it should be {KINDS[name]}, as what is '
            "computed from it expects.",
        )


def draw_script(draw):
    """One input of rollout: all patterns of ends, observations of numbers and small images in bytes."""
    steps, num_envs = draw.sizes(2)
    obs_shape = draw.cycle((draw.integer(1, 3),), (draw.integer(2, 3),), (2, draw.integer(1, 3)))
    num_actions, features = draw.integer(2, 4), int(np.prod(obs_shape))
    everything = draw.floats(2 * steps + 1, num_envs, *obs_shape, scaled=False).astype(np.float32)
    if draw.cycle(False, False, True) and not draw.plain:
        everything = np.abs(2 * everything).astype(np.uint8)
    shown, final_obs = np.split(everything, [steps + 1])
    terminated, truncated = draw.ends(steps, num_envs)
    actor_weights = draw.floats(features, num_actions, low=-1.0, high=1.0, scaled=False).astype(np.float32)
    chances = draw.rng.random((steps, num_envs)), draw.rng.uniform(0.05, 0.95, (steps, num_envs))
    return {
        "shown": shown,
        "final_obs": final_obs,
        "rewards": draw.floats(steps, num_envs).astype(np.float64),
        "terminated": terminated,
        "truncated": truncated,
        "actor_weights": actor_weights,
        "critic_weights": draw.floats(features, low=0.5, high=1.5, scaled=False).astype(np.float32),
        "uniforms": _within(_probabilities(shown[:-1], actor_weights), *chances),
    }


def _probabilities(obs, weights):
    logits = obs.reshape(*obs.shape[:2], -1).astype(np.float64) @ weights
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def _within(probabilities, chance, place):
    """(T, N) numbers that draw an action each, and do not lie so near to another one's that rounding could matter."""
    ends = probabilities.cumsum(-1)
    drawn = (chance[..., None] >= ends[..., :-1]).sum(-1)[..., None]
    width = np.take_along_axis(probabilities, drawn, -1)[..., 0]
    return np.take_along_axis(ends, drawn, -1)[..., 0] - place * width


def with_parts(**changes):
    """A mistake in what is returned: {part: from the right parts by name to what stands there instead}."""

    def result(parts, **inputs):
        named = dict(zip((*KINDS, "next_obs", "asked", "recorded"), parts, strict=True))
        return tuple({**named, **{name: change(named, inputs) for name, change in changes.items()}}.values())

    return result


def ended(named):
    """(T, N): an episode ended here, one way or the other."""
    return named["terminated"] | named["truncated"]


def judged(obs, critic_weights):
    """(T, N) values of observations (T, N, ...), for the mistakes."""
    return obs.flatten(2).to(critic_weights.dtype) @ critic_weights


def reached_if(kind):
    """The final observation is looked at after one kind of end only, for the mistakes."""

    def next_values(named, inputs):
        new = judged(inputs["shown"][1:], inputs["critic_weights"])
        return torch.where(named[kind], named["next_values"], new)

    return next_values


def rows_late(column):
    """(T, N) one step late, and 0 in the first row."""
    return torch.cat([torch.zeros_like(column[:1]), column[:-1]])


check_rollout = Exercise(
    name="rollout",
    chapter="06_training_loop",
    checked="short and long rollouts, one environment and many, observations of numbers and of bytes, every kind of "
    "end, an environment that reuses its array, and that nothing records a gradient",
    solution=on_script,
    stands_for="rollout",
    inputs=draw_script,
    parts=len(PARTS),
    part_names=PARTS,
    tries=32,
    hints=(
        "One round of the loop: what is seen, what is done, what comes of it. Which of it has to be written down "
        "before envs.step, and which can be only after it? What happens to an array that the environments use again?",
        "Before the step: copy obs into a tensor, ask the actor for its policy and the critic for its value, draw by "
        "sample(policy, uniforms[t]), and take policy.log_prob(actions). After it: the reward, the two flags, and V "
        'of the state that was reached; where an episode ended that is infos["final_obs"][n], not the obs that '
        "envs.step returned.",
        "Under @torch.no_grad(): obs, rewards, terminated, truncated, infos = envs.step(actions.numpy()); reached = "
        'obs.copy(); for each n with terminated[n] or truncated[n]: reached[n] = infos["final_obs"][n]; next_values '
        "= critic(torch.as_tensor(reached)). Append each to its list, stack every list at the end, and return the "
        "dictionary and obs.",
    ),
    mistakes={
        "final observation ignored": Mistake(
            "Your next_values are those of the next episode's first observation where an episode has ended. What the "
            'last step really led to is infos["final_obs"][n].',
            options={"reach": lambda obs, *_: obs},
        ),
        "final observation at crashes only": Mistake(
            "You look at the final observation after crashes, but not after the time limit: there its value counts "
            "most, because the drive would have gone on. Where terminated or truncated is set, the state that was "
            'reached is infos["final_obs"][n].',
            result=with_parts(next_values=reached_if("terminated")),
        ),
        "final observation at time limits only": Mistake(
            "You look at the final observation after the time limit, but not after a crash. GAE will leave that value "
            "out, but here next_values says of every step where it led: where terminated or truncated is set, to "
            'infos["final_obs"][n].',
            result=with_parts(next_values=reached_if("truncated")),
        ),
        "next values 0 at crashes": Mistake(
            "You set next_values to 0 after a crash. That nothing follows a crash is for GAE to know, from "
            "`terminated`; next_values is what the critic says of the final observation.",
            result=with_parts(next_values=lambda named, _: named["next_values"] * ~named["terminated"]),
        ),
        "next values 0 at every end": Mistake(
            "You set next_values to 0 at every end. GAE needs the final observation's value after the time limit; "
            "after a crash it leaves it out by itself.",
            result=with_parts(next_values=lambda named, _: named["next_values"] * ~ended(named)),
        ),
        "values for next values": Mistake(
            "Your next_values are the values: V of the states in which the driver acted. Ask the critic about the "
            "states that the steps led to.",
            result=with_parts(next_values=lambda named, _: named["values"]),
        ),
        "next values for values": Mistake(
            "Your values are the next_values. V(s_t) is the critic's word on what was seen before the step.",
            result=with_parts(values=lambda named, _: named["next_values"]),
        ),
        "values and next values swapped": Mistake(
            "values and next_values have changed places: values are of the states before the steps.",
            result=with_parts(
                values=lambda named, _: named["next_values"], next_values=lambda named, _: named["values"]
            ),
        ),
        "values after the step": Mistake(
            "Your values are of what the environments show after the step. Ask the critic before you step, or about "
            "the observation that you have kept.",
            result=with_parts(values=lambda _, inputs: judged(inputs["shown"][1:], inputs["critic_weights"])),
        ),
        "observation after the step": Mistake(
            "You store the observations that the steps led to. A transition holds what the driver saw when it "
            "decided: store obs before it is replaced by what envs.step returns.",
            result=with_parts(obs=lambda _, inputs: inputs["shown"][1:]),
        ),
        "not copied": Mistake(
            "All your observations are the last one: the environments show each in the same array, and a tensor from "
            "torch.as_tensor or torch.from_numpy is only another view of it. Copy it: torch.tensor(obs).",
            result=with_parts(obs=lambda _, inputs: inputs["shown"][-1:].expand_as(inputs["shown"][1:])),
        ),
        "ends swapped": Mistake(
            "terminated and truncated have changed places: envs.step returns obs, rewards, terminated, truncated, "
            "infos, in this order.",
            result=with_parts(
                terminated=lambda named, _: named["truncated"], truncated=lambda named, _: named["terminated"]
            ),
        ),
        "ends merged": Mistake(
            "Both of your flags say only that an episode ended. A crash and the time limit are different things: keep "
            "terminated and truncated apart, GAE treats them differently.",
            result=with_parts(terminated=lambda named, _: ended(named), truncated=lambda named, _: ended(named)),
        ),
        "ends merged into terminated": Mistake(
            "Your `terminated` is set at the time limit, too, so that GAE takes a driver who survived for one who "
            "crashed. Keep the two flags as envs.step returns them.",
            result=with_parts(terminated=lambda named, _: ended(named)),
        ),
        "ends merged into truncated": Mistake(
            "Your `truncated` is set after a crash, too. Keep the two flags as envs.step returns them.",
            result=with_parts(truncated=lambda named, _: ended(named)),
        ),
        "argmax": Mistake(
            "Your driver always takes the most likely action and never tries anything else. Chance decides: "
            "sample(policy, uniforms[t]).",
            options={"act": greedy},
        ),
        "the same chance in every step": Mistake(
            "You use the first row of `uniforms` in every step. Each step has a row of its own: uniforms[t].",
            given=lambda uniforms, **_: {"uniforms": uniforms[:1].expand_as(uniforms)},
        ),
        "probabilities": Mistake(
            "Your log_probs are probabilities: take their logarithm, or policy.log_prob(actions).",
            result=with_parts(log_probs=lambda named, _: named["log_probs"].exp()),
        ),
        "sign of the log-probs": Mistake(
            "Your log_probs have the wrong sign: the logarithm of a probability is never positive.",
            result=with_parts(log_probs=lambda named, _: -named["log_probs"]),
        ),
        "log-probs of the likeliest actions": Mistake(
            "Your log_probs are those of the most likely actions. They belong to the actions that were drawn: "
            "policy.log_prob(actions).",
            options={"say": lambda policy, _: policy.log_prob(greedy(policy))},
        ),
        "entropy for log-probs": Mistake(
            "You store the policy's entropy in place of log_probs: policy.log_prob(actions) is meant, of the actions "
            "that were drawn.",
            options={"say": lambda policy, _: policy.entropy()},
        ),
        "other actions driven": Mistake(
            "The environments get other actions than those in your batch: the most likely ones. What is stored must "
            "be what was driven.",
            options={"drive": greedy},
        ),
        "rewards one step late": Mistake(
            "Your rewards come one step late, with 0 in the first row: the reward of step t is what this very call of "
            "envs.step returns, so store it after the call.",
            result=with_parts(rewards=lambda named, _: rows_late(named["rewards"])),
        ),
        "rewards turned around": Mistake(
            "Your rewards are one row off: row t holds the reward of step t - 1, and the first row that of the last "
            "step.",
            result=with_parts(rewards=lambda named, _: named["rewards"].roll(1, 0)),
        ),
        "rewards summed up": Mistake(
            "Your rewards are sums of all so far. Each row holds the reward of its own step.",
            result=with_parts(rewards=lambda named, _: named["rewards"].cumsum(0)),
        ),
        "reset": Mistake(
            "You begin with envs.reset(): each rollout would start new episodes, and no driver would ever get beyond "
            "T steps. Go on from `obs`, which the environments show now.",
            options={"begin": lambda envs, obs: envs.reset()[0]},
        ),
        "gradient recorded": Mistake(
            "The numbers are right, but your tensors remember how they were computed (requires_grad). The update "
            "would go backwards into the networks as they were while driving, and fail at its second step. Put "
            "@torch.no_grad() above the function, or `with torch.no_grad():` around its loop.",
            options={"record": True},
        ),
        "next_obs is the first": Mistake(
            "Your next_obs is where this rollout began. Return what the last step showed: there the next one goes on.",
            result=with_parts(next_obs=lambda _, inputs: inputs["shown"][0]),
        ),
        "next_obs is the last seen": Mistake(
            "Your next_obs is what the driver saw before its last step. Return what that step showed: there the next "
            "rollout goes on.",
            result=with_parts(next_obs=lambda _, inputs: inputs["shown"][-2]),
        ),
    },
)
