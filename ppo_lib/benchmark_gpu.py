"""What a GPU is worth, and whether it learns the same: each measurement beside that of the same machine's CPU.

Every function takes the name of the device, so that all of them run, and are tested, with "cpu" as well.
"""

import tempfile
import warnings
from dataclasses import replace

import torch

from ppo_lib.contest import alternate, import_rival
from ppo_lib.encoders import encoder_for
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.ppo import PPO

ENV_ID = "highway-fast-v0"
KINDS = {"images": "grayscale", "features": "kinematics"}
# How much of the way that one update moves the weights two devices may differ: a GPU multiplies with fewer bits (TF32
# in its convolutions) and adds in another order, and 64 steps of Adam let that grow.
TOLERANCE = 0.05


def measure(config, device="cuda", num_envs=32, rounds=3) -> dict[str, list[dict]]:
    """Everything below, as {title of a table: its rows}.

    Args:
        config: a PPOConfig.
        device: the GPU, in torch's words.
        num_envs: roads of the fast simulator driven side by side.
        rounds: how often each contestant runs; they take turns, and the median counts.

    Raises UsageError where Stable-Baselines3 is missing.
    """
    setting = (config, device, num_envs)
    return {
        f"Training in the fast simulator, {num_envs} environments": training_rows(*setting, rounds),
        "One update of the learner": update_rows(*setting, rounds),
        "The same rollout learned from on the CPU and on the device": agreement_rows(*setting),
        "The same training twice, and saved and gone on with, on the device": resuming_rows(*setting),
    }


def training_rows(config, device, num_envs, rounds=3) -> list[dict]:
    """Steps a second of the whole training, ours and Stable-Baselines3's, on the CPU and on the device."""
    rows = []
    for kind in KINDS:
        contests = {}
        for place in ("cpu", device):
            ours = _learner(kind, config, place, num_envs)
            theirs = _sb3(kind, config, place, num_envs)
            contests["ours", place] = lambda ppo=ours: ppo.update(ppo.rollout())
            contests["Stable-Baselines3", place] = lambda rival=theirs: rival.learn(
                config.batch_size(num_envs), reset_num_timesteps=False
            )
        rates = alternate(contests, config.batch_size(num_envs), rounds)
        for name in ("ours", "Stable-Baselines3"):
            on_cpu, on_device = rates[name, "cpu"], rates[name, device]
            rows.append(
                {
                    "": f"{kind}, {name}",
                    "CPU, steps/s": on_cpu,
                    "device, steps/s": on_device,
                    "device : CPU": on_device / on_cpu,
                    "ours : this": rates["ours", device] / on_device,
                }
            )
    return rows


def update_rows(config, device, num_envs, rounds=3) -> list[dict]:
    """Samples a second of PPO.update and of Stable-Baselines3's, against the bare passes of the same minibatches."""
    rows = []
    samples = config.num_epochs * config.batch_size(num_envs)
    for kind in KINDS:
        for place in ("cpu", device):
            ppo = _learner(kind, config, place, num_envs)
            rollout = ppo.rollout()
            rival = _sb3(kind, config, place, num_envs)
            rival.learn(config.batch_size(num_envs))  # fills its buffer; what follows goes over it again and again
            contests = {
                "bare forward and backward passes": bare_passes(ppo, rollout),
                "PPO.update": lambda ppo=ppo, rollout=rollout: ppo.update(rollout),
                "Stable-Baselines3's train": rival.train,
            }
            rates = alternate(contests, samples, rounds)
            bare = rates["bare forward and backward passes"]
            rows += [{"": f"{kind}, {place}: {n}", "samples/s": r, "ratio": r / bare} for n, r in rates.items()]
    return rows


def bare_passes(ppo, rollout):
    """A function that takes both networks forward and back over a rollout as an update does, and does nothing else."""
    obs = rollout.obs.flatten(0, 1)
    if obs.dim() == 4:  # images, in the layout that the networks convolve in
        obs = obs.contiguous(memory_format=torch.channels_last)

    def passes():
        for _ in range(ppo.config.num_epochs):
            for indices in torch.randperm(len(obs)).to(obs.device).split(ppo.minibatch_size):
                minibatch = obs[indices]
                (ppo.actor(minibatch).logits.mean() + ppo.critic(minibatch).mean()).backward()
        if obs.is_cuda:
            torch.cuda.synchronize(obs.device)  # the GPU may be behind

    return passes


def agreement_rows(config, device, num_envs) -> list[dict]:
    """One update on the CPU and on the device, from the same weights by the same rollout: how far apart they end.

    The difference is given as a part of the way that the update moved the weights; see TOLERANCE.
    """
    rows = []
    one_step = replace(config, num_epochs=1, num_minibatches=1)
    for kind in KINDS:
        for name, settings in {"one gradient step": one_step, "one update": config}.items():
            rollout = _learner(kind, settings, "cpu", num_envs).rollout()
            before = weights(_learner(kind, settings, "cpu", num_envs))
            after = []
            for place in ("cpu", device):
                ppo = _learner(kind, settings, place, num_envs)
                assert torch.equal(weights(ppo), before)  # its networks come from the seed
                ppo.update(_moved(rollout, place))
                after.append(weights(ppo))
            apart = float((after[1] - after[0]).norm() / (after[0] - before).norm())
            rows.append(
                {
                    "": f"{kind}, {name}",
                    "largest": float((after[1] - after[0]).abs().max()),
                    "part of way": apart,
                    "allowed": TOLERANCE,
                    "verdict": "agree" if apart <= TOLERANCE else "DIFFER",
                }
            )
    return rows


def resuming_rows(config, device, num_envs) -> list[dict]:
    """How far weights end apart when a training runs twice, and when it is saved, loaded and gone on with.

    Two numbers, because a GPU need not add in the same order twice: resuming is exact where both are 0, and not to
    blame where both are alike.
    """
    rows = []
    for kind in KINDS:
        ends = []
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            for _ in range(2):
                ppo = _learner(kind, config, device, num_envs)
                ppo.update(ppo.rollout())
                ppo.save(folder + "/saved")
                ppo.update(ppo.rollout())
                ends.append(weights(ppo))
            resumed = PPO.load(folder + "/saved", device=device)
            resumed.update(resumed.rollout())
        for name, other in (("run twice", ends[0]), ("saved and resumed", weights(resumed))):
            apart = float((other - ends[1]).abs().max())
            rows.append({"": f"{kind}, {name}", "largest": apart, "verdict": "exact" if apart == 0 else "near"})
    return rows


def weights(ppo) -> torch.Tensor:
    """All weights of both networks in a row, on the CPU."""
    return torch.cat([p.detach().cpu().flatten() for p in [*ppo.actor.parameters(), *ppo.critic.parameters()]])


def _learner(kind, config, device, num_envs):
    return PPO(make_vector_env(ENV_ID, num_envs, "fast", highway_config(KINDS[kind])), config, device=device)


def _moved(rollout, device):
    """The rollout with its tensors on another device."""
    tensors = {name: value for name, value in vars(rollout).items() if isinstance(value, torch.Tensor)}
    return replace(rollout, **{name: tensor.to(device) for name, tensor in tensors.items()})


def _sb3(kind, config, device, num_envs):
    """Stable-Baselines3's PPO with our networks and settings, in our simulator."""
    rivals = import_rival()
    envs = make_vector_env(ENV_ID, num_envs, "fast", highway_config(KINDS[kind]))
    encoder = encoder_for(envs.single_observation_space, envs.env_spec.config)
    warnings.filterwarnings("ignore", "You are trying to run PPO on the GPU", UserWarning)  # that is the question here
    return rivals.make_rival(
        rivals.FastVecEnv(envs, config.seed),
        config,
        device=device,
        features_extractor_class=rivals.OurEncoder,
        features_extractor_kwargs={"name": encoder},
        ortho_init=False,  # ours has done it
        normalize_images=False,  # our encoder does
    )
