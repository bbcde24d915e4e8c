"""Proximal Policy Optimization: the pieces put together."""

from time import perf_counter

import numpy as np
import torch
from torch.nn.utils import clip_grad_norm_
from tqdm.auto import tqdm

from ppo_lib import checkpoint, training_state
from ppo_lib.advantages import compute_gae, explained_variance
from ppo_lib.config import PPOConfig
from ppo_lib.envs import make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.interrupt import stop_on_request
from ppo_lib.losses import approximate_kl, clip_fraction, clipped_surrogate_loss, value_loss
from ppo_lib.networks import Actor, Critic
from ppo_lib.rollout import Rollout, collect_rollout
from ppo_lib.run_folder import RunFolder
from ppo_lib.wrappers import EpisodeStatistics


class PPO:
    """Learns an actor and a critic by driving, judging and adjusting, over and over.

    Args:
        envs: a vector environment in SAME_STEP autoreset, as make_vector_env gives.
        config: every number of the algorithm.
        actor, critic: networks of your own; by default those of ppo_lib.networks for the spaces of `envs`. An actor
            maps observations to a torch Distribution, a critic to values.
        device: "auto" (CUDA where there is one, else the CPU), or a name that torch knows.

    Attributes:
        env_steps: environment steps taken so far, over all environments.
        gamma, entropy_coef: the discount and the entropy bonus's weight now; they change where config says so.
        total_steps: the maximum that the last call of learn was given; None before the first.
        obs: (N, *obs_shape) what the environments show now; None before the first rollout.

    It seeds torch's generator with config.seed: the same seed, machine and settings give the same weights.

    Reference: Schulman et al. 2017, algorithm 1, arXiv:1707.06347.
    """

    def __init__(self, envs, config=PPOConfig(), actor=None, critic=None, device="auto"):  # noqa: B008  (frozen)
        self.envs = envs if isinstance(envs, EpisodeStatistics) else EpisodeStatistics(envs)
        self.config = config
        self.minibatch_size = config.minibatch_size(envs.num_envs)
        self.device = _find_device(device)
        torch.manual_seed(config.seed)
        self.actor = actor or Actor(envs.single_observation_space, envs.single_action_space)
        self.critic = critic or Critic(envs.single_observation_space)
        self.actor.to(self.device)
        self.critic.to(self.device)
        parameters = dict.fromkeys([*self.actor.parameters(), *self.critic.parameters()])  # once, if they share layers
        self.optimizer = torch.optim.Adam(parameters, lr=config.learning_rate, eps=1e-5, fused=True)
        self.gamma, self.entropy_coef = config.gamma, config.entropy_coef
        self.env_steps = 0
        self.total_steps = None
        self.obs = None

    def learn(self, total_steps, callback=None, out=None, *, progress=True, tensorboard=False) -> "PPO":
        """Train until one more rollout would exceed `total_steps` environment steps in all, or somebody stops it.

        Ctrl-C (a notebook's Stop) ends the training after the current update, and saves.

        Args:
            total_steps: the maximum number of environment steps, those of earlier calls included. The learning rate
                reaches 0 there, where config says so.
            callback: called after every update as callback(ppo, diagnostics); returning False stops the training.
            out: the run's folder for progress.csv and the checkpoints, every config.save_interval steps and at the
                end; None writes nothing.
            progress: show a progress bar.
            tensorboard: write TensorBoard event files into `out`, too.

        Returns the learner itself.

        Raises UsageError where no rollout fits into what is left of total_steps, or `out` cannot be written.
        """
        batch_size = self.config.batch_size(self.envs.num_envs)
        if self.env_steps + batch_size > total_steps:
            raise UsageError(
                f"total_steps {total_steps} leaves no room for a rollout of {batch_size} steps after the "
                f"{self.env_steps} taken so far; ask for at least {self.env_steps + batch_size}"
            )
        self.total_steps = int(total_steps)
        folder = RunFolder(out, self.env_steps, tensorboard) if out is not None else None
        saved_at = self.env_steps
        bar = tqdm(total=total_steps, initial=self.env_steps, unit="step", disable=not progress, dynamic_ncols=True)
        with stop_on_request() as stop_requested, bar:
            while self.env_steps + batch_size <= total_steps:
                self._anneal(self.env_steps / total_steps)
                diagnostics = self._iterate()
                bar.update(batch_size)
                bar.set_postfix_str(_summary(diagnostics))
                if folder:
                    folder.log(diagnostics)
                    if self.env_steps - saved_at >= self.config.save_interval:
                        folder.save(self)
                        saved_at = self.env_steps
                stopped = callback is not None and callback(self, diagnostics) is False
                if stopped or stop_requested():
                    break
        if folder:
            if saved_at != self.env_steps:
                folder.save(self)
            folder.close()
        return self

    def rollout(self) -> Rollout:
        """Drive config.num_steps steps in every environment, going on from where the last rollout ended."""
        if self.obs is None:
            self.obs, _ = self.envs.reset(seed=self.config.seed + self.env_steps)
        rollout = collect_rollout(self.envs, self.actor, self.critic, self.obs, self.config.num_steps)
        self.obs = rollout.next_obs
        self.env_steps += rollout.rewards.numel()
        return rollout

    def compute_returns_and_advantages(self, rollout: Rollout) -> tuple[torch.Tensor, torch.Tensor]:
        """(returns, advantages), both (T, N): what the critic shall learn, and what the actor shall."""
        advantages = compute_gae(
            rollout.rewards,
            rollout.values,
            rollout.next_values,
            rollout.terminated,
            rollout.truncated,
            self.gamma,
            self.config.gae_lambda,
        )
        return advantages + rollout.values, advantages

    def evaluate(self, obs, actions) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What the networks say now of actions taken earlier: (log_probs, entropy, values), each (M,)."""
        policy = self.actor(obs)
        return policy.log_prob(actions), policy.entropy(), self.critic(obs)

    def update(self, rollout: Rollout) -> dict[str, float]:
        """Adjust both networks to one rollout: num_epochs passes over it, in num_minibatches parts each.

        Returns the diagnostics: the losses and measures averaged over the minibatches, and the explained variance of
        the critic before the update.
        """
        returns, advantages = self.compute_returns_and_advantages(rollout)
        columns = (rollout.obs, rollout.actions, rollout.log_probs, rollout.values, returns, advantages)
        batch = [column.flatten(0, 1) for column in columns]  # (T, N, ...) to (B, ...)
        if batch[0].dim() == 4:  # images: into the layout that the networks convolve in, once instead of at every use
            batch[0] = batch[0].contiguous(memory_format=torch.channels_last)
        history = []
        for indices in self._minibatches(len(batch[0])):
            loss, measures = self._loss([column[indices] for column in batch])
            history.append(measures)
            if self.config.target_kl is not None and measures["approximate_kl"] > self.config.target_kl:
                break
            self._descend(loss)
        diagnostics = {name: float(torch.stack([m[name] for m in history]).mean()) for name in history[0]}
        return diagnostics | {"explained_variance": explained_variance(rollout.values, returns)}

    def save(self, directory) -> None:
        """Write a checkpoint: both networks, and all that load needs to go on as if nothing had happened."""
        checkpoint.save_checkpoint(directory, self.actor, self.critic, training_state.take(self))

    @classmethod
    def load(cls, directory, envs=None, actor=None, critic=None, device="auto") -> "PPO":
        """The learner saved in a checkpoint, or in the newest one of a run's folder, ready to go on.

        Args:
            directory: a checkpoint or a run's folder.
            envs: where to go on; by default the environments of the checkpoint made again. In those the training
                continues in the middle of their episodes, as if it had never stopped; others start new episodes.
            actor, critic: networks of the right architecture, where they are not those of ppo_lib.networks.
            device: as for PPO.

        Raises UsageError for a checkpoint that is missing, damaged, or from another architecture or environment.
        """
        state, directory = checkpoint.load_checkpoint(directory)
        if envs is None:
            if state["envs"] is None:
                raise UsageError(f"{directory} does not say which environments it was trained in; pass envs")
            envs = make_vector_env(**state["envs"])
        actor, critic = training_state.load_networks(state, directory, envs, actor, critic)
        ppo = cls(envs, PPOConfig(**state["config"]), actor, critic, device)
        training_state.give_back(ppo, state)
        return ppo

    def _iterate(self) -> dict[str, float]:
        """One rollout and one update; everything there is to know about them."""
        started = perf_counter()
        rollout = self.rollout()
        collected = perf_counter()
        measures = self.update(rollout)
        seconds = rollout.seconds | {"learn": perf_counter() - collected}
        episodes = rollout.episodes
        return {
            "env_steps": self.env_steps,
            "episodes": len(episodes.get("return", ())),
            "return": _mean(episodes.get("return")),
            "length": _mean(episodes.get("length")),
            "crash_rate": _mean(episodes.get("crashed")),
            "mean_speed": _mean(episodes.get("speed")),
            **measures,
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "gamma": self.gamma,
            "entropy_coef": self.entropy_coef,
            "steps_per_second": rollout.rewards.numel() / (perf_counter() - started),
            **{f"seconds_{name}": spent for name, spent in seconds.items()},
        }

    def _minibatches(self, batch_size):
        """The indices of each minibatch: every epoch goes through all transitions once, in a new order."""
        for _ in range(self.config.num_epochs):
            yield from torch.randperm(batch_size).to(self.device).split(self.minibatch_size)

    def _loss(self, minibatch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss of both networks together on one minibatch, and what the diagnostics want to know of it."""
        config = self.config
        obs, actions, old_log_probs, old_values, returns, advantages = minibatch
        if config.normalize_advantages:
            advantages = (advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-8)
        log_probs, entropies, values = self.evaluate(obs, actions)
        policy_loss = clipped_surrogate_loss(log_probs, old_log_probs, advantages, config.clip_eps)
        critic_loss = value_loss(values, returns, old_values, config.value_clip_eps)
        entropy = entropies.mean()
        with torch.no_grad():
            measures = {
                "policy_loss": policy_loss.detach(),
                "value_loss": critic_loss.detach(),
                "entropy": entropy.detach(),
                "approximate_kl": approximate_kl(log_probs, old_log_probs),
                "clip_fraction": clip_fraction(log_probs, old_log_probs, config.clip_eps),
            }
        return policy_loss + config.value_coef * critic_loss - self.entropy_coef * entropy, measures

    def _descend(self, loss):
        """One gradient step on both networks."""
        self.optimizer.zero_grad()
        loss.backward()
        # Each network on its own: an error of the critic shall not shorten the actor's step.
        clip_grad_norm_(self.actor.parameters(), self.config.max_grad_norm)
        clip_grad_norm_(self.critic.parameters(), self.config.max_grad_norm)
        self.optimizer.step()

    def _anneal(self, progress):
        """Set what changes while it trains, for the part of the training done so far, from 0 to 1."""
        self.gamma = self.config.gamma_at(progress)
        self.entropy_coef = self.config.entropy_coef_at(progress)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate_at(progress)


def _find_device(name) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # torch raises either, by the kind of device
        raise UsageError(f"device {name!r} cannot be used ({str(error).splitlines()[0]}); use auto or cpu") from None
    return device


def _mean(values):
    """The mean of some episodes' statistic; NaN where no episode ended."""
    return float(np.mean(values)) if values is not None else float("nan")


def _summary(diagnostics) -> str:
    """The few numbers that a progress bar has room for; only those that there are."""
    shown = {"return": "return {:.1f}", "crash_rate": "crashes {:.0%}", "mean_speed": "speed {:.1f} m/s"}
    return ", ".join(form.format(diagnostics[name]) for name, form in shown.items() if not np.isnan(diagnostics[name]))
