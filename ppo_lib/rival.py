"""Stable-Baselines3's PPO with our networks, settings and simulator: the rival of the benchmarks.

It needs a development extra, stable-baselines3; who measures imports it when it measures.
"""

import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import VecEnv
from torch import nn

from ppo_lib.encoders import SMALL_CNN, make_encoder


class OurEncoder(BaseFeaturesExtractor):
    """One of our encoders as a feature extractor of Stable-Baselines3's."""

    def __init__(self, observation_space, name):
        encoder = make_encoder(observation_space, name=name)
        super().__init__(observation_space, encoder.width)
        self.encoder = encoder

    def forward(self, obs):
        """(B, *obs_shape) to (B, features)."""
        return self.encoder(obs)


class PlainCNN(BaseFeaturesExtractor):
    """The layers of our image encoder as one usually writes them: images as they come, channels first."""

    def __init__(self, observation_space):
        super().__init__(observation_space, features_dim=128)
        self.net = nn.Sequential()
        channels, *size = observation_space.shape
        for out_channels, kernel, stride in SMALL_CNN:
            self.net.extend([nn.Conv2d(channels, out_channels, kernel, stride), nn.ReLU()])
            channels, size = out_channels, [(length - kernel) // stride + 1 for length in size]
        self.net.extend([nn.Flatten(), nn.Linear(channels * int(np.prod(size)), 128), nn.ReLU()])

    def forward(self, obs):
        """(B, C, W, H) to (B, 128)."""
        return self.net(obs)


class FastVecEnv(VecEnv):
    """The environments of make_vector_env, in this process, behind Stable-Baselines3's interface."""

    def __init__(self, envs, seed):
        self.envs, self.first_seed = envs, seed
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)

    def reset(self):
        """Start all episodes."""
        return self.envs.reset(seed=self.first_seed)[0].copy()

    def step_async(self, actions):
        """Remember what to do."""
        self.actions = actions

    def step_wait(self):
        """Do it."""
        obs, rewards, terminated, truncated, infos = self.envs.step(self.actions)
        done = terminated | truncated
        told = [{} for _ in done]
        for n in np.flatnonzero(done):
            last = infos["final_obs"][n]
            told[n] = {"terminal_observation": last, "TimeLimit.truncated": bool(truncated[n] & ~terminated[n])}
        return obs.copy(), rewards.astype(np.float32), done, told

    def close(self):
        """Nothing to close: it runs in this process."""

    def get_attr(self, attr_name, indices=None):
        """What Stable-Baselines3 asks of single environments; there are none."""
        return [None] * self.num_envs

    def set_attr(self, attr_name, value, indices=None):
        """Not needed."""

    def env_method(self, method_name, *args, indices=None, **kwargs):
        """Not needed."""

    def env_is_wrapped(self, wrapper_class, indices=None):
        """No wrapper of Stable-Baselines3's is around."""
        return [False] * self.num_envs


def make_rival(envs, config, policy="MlpPolicy", device="cpu", **networks) -> PPO:
    """Stable-Baselines3's PPO with the settings of `config` that it shares with ours.

    Args:
        envs: a VecEnv.
        policy: the name of its policy; with a feature extractor of ours it is a name only.
        networks: its policy_kwargs, beside a feature extractor of their own for actor and critic.
    """
    return PPO(
        policy,
        envs,
        n_steps=config.num_steps,
        batch_size=config.minibatch_size(envs.num_envs),
        n_epochs=config.num_epochs,
        learning_rate=config.learning_rate,
        gamma=config.gamma,
        device=device,
        policy_kwargs={"share_features_extractor": False, "net_arch": [], **networks},
    )
