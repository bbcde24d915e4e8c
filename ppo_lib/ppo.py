"""Proximal Policy Optimization: the pieces put together."""

from contextlib import ExitStack

import numpy as np
import torch

from ppo_lib import checkpoint
from ppo_lib.advantages import compute_gae, explained_variance
from ppo_lib.collector import Collector
from ppo_lib.config import Count, PPOConfig
from ppo_lib.device import find_device
from ppo_lib.encoders import encoder_for
from ppo_lib.errors import UsageError
from ppo_lib.gradients import clipped_together, descend
from ppo_lib.learner_state import learner_state, restore_learner
from ppo_lib.losses import approximate_kl, clip_fraction, clipped_surrogate_loss, value_loss
from ppo_lib.networks import Actor, Critic
from ppo_lib.normalization import RewardScaler, normalizers
from ppo_lib.randomness import MINIBATCHES, NETWORKS, seed_of
from ppo_lib.rollout import Rollout
from ppo_lib.training import Training
from ppo_lib.validation import checked


class PPO:
    """Learns an actor and a critic by driving, judging and adjusting, over and over.

    Args:
        envs: a vector environment in SAME_STEP autoreset, as make_vector_env gives, or a Collector of one.
        config: every number of the algorithm.
        actor, critic: networks of your own; by default those of ppo_lib.networks for the spaces of `envs`. An actor
            maps observations to a torch Distribution, a critic to values.
        device: "auto" (CUDA where there is one, else the CPU), or a name that torch knows.

    Attributes:
        collector: owns the environments; `envs` is short for collector.envs.
        env_steps: environment steps taken so far, over all environments.
        gamma, entropy_coef: the discount and the entropy bonus's weight now; they change where config says so.
        generator: of the order of the minibatches.
        reward_scaler: of the rewards that the networks learn from; None where config does not ask for it.
        total_steps, stop_reason, run_folder: the maximum that learn was last given, why it ended, and where it wrote.

    Environments, actions, minibatches and first weights have independent random numbers, all from config.seed (for the
    weights it seeds torch's own generator): the same seed, machine and settings give the same weights.

    Reference: Schulman et al. 2017, algorithm 1, arXiv:1707.06347.
    """

    def __init__(self, envs, config=PPOConfig(), actor=None, critic=None, device="auto"):  # noqa: B008  (frozen)
        self.collector = envs if hasattr(envs, "collect") else Collector(envs, config.seed)
        self.config = config
        self.minibatch_size = config.minibatch_size(self.collector.num_envs)
        self.device = find_device(device)
        torch.manual_seed(seed_of(config.seed, NETWORKS))
        seen, acts = self.collector.single_observation_space, self.collector.single_action_space
        encoder = encoder_for(seen, getattr(self.collector.env_spec, "config", None))
        options = {"encoder": encoder, "normalize": config.normalize_observations}
        self.actor = (Actor(seen, acts, **options) if actor is None else actor).to(self.device)
        self.critic = (Critic(seen, **options) if critic is None else critic).to(self.device)
        self._check_normalizers()
        self.reward_scaler = RewardScaler(self.collector.num_envs) if config.normalize_rewards else None
        self.clipped_together = clipped_together(self.actor, self.critic)
        parameters = (parameter for group in self.clipped_together for parameter in group)
        self.optimizer = torch.optim.Adam(parameters, lr=config.learning_rate, eps=1e-5, fused=True)
        self.generator = torch.Generator().manual_seed(seed_of(config.seed, MINIBATCHES))
        self.env_steps, self.total_steps, self.stop_reason, self.run_folder = 0, None, None, None
        self.anneal(0.0)

    @property
    def envs(self):
        """The vector environment."""
        return self.collector.envs

    def learn(
        self, total_steps, callback=None, out=None, *, overwrite=False, progress=True, tensorboard=False
    ) -> "PPO":
        """Train until one more rollout would exceed `total_steps` environment steps in all, or somebody stops it.

        Ctrl-C (a notebook's Stop) ends the training after the current update, and saves.

        Args:
            total_steps: the maximum number of environment steps, those of earlier calls included.
            callback: called after every update as callback(ppo, diagnostics); returning False stops the training.
            out: the run's folder, for the log and the checkpoints: at the start, every config.save_interval steps and
                at the end. None writes nothing.
            overwrite: delete another learner's run that `out` holds, instead of refusing it.
            progress, tensorboard: show a progress bar; write TensorBoard's files into `out`, too.

        Returns the learner itself. Raises UsageError where no rollout fits into total_steps, `out` holds another run
        or cannot be written, and for a number that is not finite, from the environments or the networks.
        """
        total_steps = checked("total_steps", Count, total_steps)
        Training(self, total_steps, callback, out, overwrite, progress, tensorboard).run()
        return self

    def rollout(self) -> Rollout:
        """Drive config.num_steps steps in every environment, going on from where the last rollout ended.

        It holds observations and rewards as the environments gave them, normalised or not.
        """
        if self.config.normalize_observations:
            self._absorb(torch.as_tensor(self.collector.observe()), only_new=True)
        rollout = self.collector.collect(self.actor, self.critic, self.config.num_steps)
        self.env_steps += rollout.rewards.numel()
        if self.reward_scaler:
            ends = rollout.terminated | rollout.truncated
            self.reward_scaler.absorb(rollout.rewards, ends, self.gamma, self.collector.resets)
        return rollout

    def compute_returns_and_advantages(self, rollout: Rollout) -> tuple[torch.Tensor, torch.Tensor]:
        """(returns, advantages), both (T, N): what the critic shall learn, and what the actor shall.

        Where rewards are normalised, both are in units of the spread that the discounted return has now.
        """
        r = rollout
        rewards = self.reward_scaler.scaled(r.rewards) if self.reward_scaler else r.rewards
        advantages = compute_gae(
            rewards, r.values, r.next_values, r.terminated, r.truncated, self.gamma, self.config.gae_lambda
        )
        return advantages + rollout.values, advantages

    def evaluate(self, obs, actions) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What the networks say now of actions taken earlier: (log_probs, entropy, values), each (M,)."""
        policy = self.actor(obs)
        return policy.log_prob(actions), policy.entropy(), self.critic(obs)

    def update(self, rollout: Rollout) -> dict[str, float]:
        """Adjust both networks to one rollout: num_epochs passes over it, in num_minibatches parts each.

        Returns the diagnostics: the losses and measures averaged over the minibatches, and the explained variance of
        the critic before the update. Raises UsageError for a loss or gradient that is not finite, before any step.

        Statistics of observations change only after the last of these steps: until then the networks see the rollout
        as they saw it when they drove, and the first minibatch's ratio is 1. They count every observation once.
        """
        returns, advantages = self.compute_returns_and_advantages(rollout)
        columns = (rollout.obs, rollout.actions, rollout.log_probs, rollout.values, returns, advantages)
        batch = [column.flatten(0, 1) for column in columns]  # (T, N, ...) to (B, ...)
        history = []
        for indices in self._minibatches(len(batch[0])):
            loss, measures = self._loss([column[indices] for column in batch])
            history.append(measures)
            if self.config.target_kl is not None and measures["approximate_kl"] > self.config.target_kl:
                break
            descend(self.optimizer, loss, self.clipped_together, self.config.max_grad_norm)
        if self.config.normalize_observations:  # the first step's are counted already
            next_obs = torch.as_tensor(rollout.next_obs, device=self.device)
            self._absorb(torch.cat([rollout.obs[1:].flatten(0, 1), next_obs]))
        diagnostics = {name: float(torch.stack([m[name] for m in history]).mean()) for name in history[0]}
        return diagnostics | {"explained_variance": explained_variance(rollout.values, returns)}

    def anneal(self, progress: float) -> None:
        """Set what changes while it trains, for the part of the training done so far, from 0 to 1."""
        self.optimizer.param_groups[0]["lr"] = self.config.learning_rate_at(progress)
        self.gamma = self.config.gamma_at(progress)
        self.entropy_coef = self.config.entropy_coef_at(progress)

    def save(self, directory) -> None:
        """Write a checkpoint: both networks, and all that load needs to go on as if nothing had happened.

        Raises UsageError where it cannot be written, and for weights that are not finite.
        """
        document = {"config": self.config, "env_steps": self.env_steps, "total_steps": self.total_steps}
        checkpoint.save_checkpoint(directory, self.actor, self.critic, document, self.state_dict())

    @classmethod
    def load(cls, directory, envs=None, actor=None, critic=None, device="auto") -> "PPO":
        """The learner saved in `directory`, a checkpoint or a run's folder (then the newest in it), ready to go on.

        Args:
            envs: where to go on; by default the environments of the checkpoint made again. In those, or in their like
                made by you, it continues in the middle of their episodes, exactly; others start new episodes.
            actor, critic: networks of the right architecture, where they are not those of ppo_lib.networks.

        Raises UsageError for a checkpoint that is missing, damaged, or from another architecture or environment.
        """
        saved = checkpoint.load_checkpoint(directory)
        actor, critic = saved.load_networks(actor, critic)
        with ExitStack() as undo:
            if envs is None:
                envs = saved.make_envs()
                undo.callback(envs.close)
            saved.check_spaces(actor, envs)
            ppo = cls(envs, saved.config, actor, critic, device)
            ppo.load_state_dict(saved.state)
            undo.pop_all()
        ppo.env_steps, ppo.total_steps = saved.env_steps, saved.total_steps
        ppo.run_folder = saved.directory.parent
        return ppo

    def state_dict(self) -> dict:
        """{"learner", "collector"}: all but the weights that the rest of the training depends on."""
        return {"learner": learner_state(self), "collector": self.collector.state_dict()}

    def load_state_dict(self, state: dict) -> None:
        """The inverse of state_dict. Raises UsageError for a state of other networks or environments."""
        self.collector.load_state_dict(state["collector"])
        restore_learner(self, state["learner"], len(np.atleast_1d(state["collector"]["obs"])))

    def _check_normalizers(self):
        """Refuse networks that have no statistics of observations to keep, where config asks for them."""
        for name, network in (("actor", self.actor), ("critic", self.critic)):
            if self.config.normalize_observations and not normalizers(network):
                raise UsageError(
                    f"normalize_observations is on, but the {name} has no ObservationNormalizer; build it with "
                    "normalize=True, or switch normalize_observations off"
                )

    def _absorb(self, obs, only_new=False):
        """Let the networks' statistics take in observations (B, *obs_shape); only those that know none yet."""
        for normalizer in normalizers(self.actor, self.critic):
            if not (only_new and normalizer.count):
                normalizer.absorb(obs)

    def _minibatches(self, batch_size):
        """The indices of each minibatch: every epoch goes through all transitions once, in a new order."""
        for _ in range(self.config.num_epochs):
            yield from torch.randperm(batch_size, generator=self.generator).to(self.device).split(self.minibatch_size)

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
