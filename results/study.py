"""What an agent needs: what it sees, how its network sees it, and the algorithm's numbers. An hour on one core.

Three parts, each against the same driver with the default of that part: what is seen as images, what is seen as a
table of vehicles, and the numbers of the algorithm on the table. Judged on roads that no reported evaluation uses.
"""

from dataclasses import dataclass
from statistics import mean
from typing import Literal

import torch
import tyro
from experiments import FOLDER, Variant, last_rows, read_rows, run_all
from torch import nn
from tyro.conf import Positional

from ppo_lib.encoders import NATURE_CNN
from ppo_lib.envs import highway_config
from ppo_lib.networks import Actor, Critic

STEPS = {"images": 61_440, "tables": 102_400, "numbers": 155_648}  # whole rollouts


def pixels(seen, acts):
    """Images as most programs show them to a network: pixels divided by 255."""
    return Actor(seen, acts, encoder="images"), Critic(seen, encoder="images")


def three_layers(seen, acts):
    """The larger network of Mnih et al. 2015 (arXiv:1312.5602 is the default's)."""
    large = {"conv_layers": NATURE_CNN, "hidden_sizes": (512,), "encoder": "road_images"}
    return Actor(seen, acts, **large), Critic(seen, **large)


def three_layers_of_pixels(seen, acts):
    """What the larger network makes of pixels divided by 255."""
    large = {"conv_layers": NATURE_CNN, "hidden_sizes": (512,), "encoder": "images"}
    return Actor(seen, acts, **large), Critic(seen, **large)


class PooledVehicles(nn.Module):
    """The usual order-free network: every vehicle through the same layers, then the maximum over vehicles."""

    def __init__(self, features, width=64, hidden=128):
        super().__init__()
        self.register_buffer("scales", torch.tensor([1.0, 50.0, 8.0, 15.0, 5.0]))
        self.each = nn.Sequential(nn.Linear(2 * features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.all = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())

    def forward(self, obs):
        """(B, V, F) to (B, hidden); the ego vehicle's own row stands beside each of the others'."""
        rows = obs / self.scales
        ego = rows[:, :1] * torch.tensor([1.0, 0, 1, 1, 1])  # how far it has come is no matter
        others = rows[:, 1:]
        each = self.each(torch.cat([ego.expand_as(others), others], -1)) * others[..., :1]
        return self.all(each.amax(1))


def pooled(seen, acts):
    """Actor and critic over PooledVehicles."""
    actor, critic = Actor(seen, acts, hidden_sizes=(128,)), Critic(seen, hidden_sizes=(128,))
    actor.encoder, critic.encoder = PooledVehicles(seen.shape[1]), PooledVehicles(seen.shape[1])
    return actor, critic


def bare_numbers(seen, acts):
    """The table's numbers, one after another, into fully connected layers."""
    bare = {"hidden_sizes": (256, 256), "encoder": "features"}
    return Actor(seen, acts, **bare), Critic(seen, **bare)


def images(networks=None, **road):
    """A driver that sees images."""
    config = highway_config(**road)
    return Variant(config=config, networks=networks) if networks else Variant(config=config)


def table(networks=None, **options):
    """A driver that sees a table of vehicles, with some of Kinematics' options changed."""
    seen = {"type": "Kinematics", "vehicles_count": 10, "normalize": False, "see_behind": True} | options
    config = highway_config("kinematics") | {"observation": seen}
    return Variant(config=config, networks=networks) if networks else Variant(config=config)


def numbers(num_envs=32, **ppo):
    """The table's driver with other numbers of the algorithm."""
    return Variant(ppo=ppo, config=highway_config("kinematics"), num_envs=num_envs)


VARIANTS = {
    "images": {
        "default": images(),
        "pixels / 255": images(pixels),
        "pixels / 255, 4 x 96 x 36, three layers": images(
            three_layers_of_pixels, observation_shape=(96, 36), stack_size=4
        ),
        "1 image": images(stack_size=1),
        "4 images": images(stack_size=4),
        "64 x 20 at 1 pixel/m": images(observation_shape=(64, 20), scaling=1.0),
        "96 x 32": images(observation_shape=(96, 32)),
        "128 x 40 at 1.75 pixels/m": images(observation_shape=(128, 40), scaling=1.75),
        "three layers, 96 x 36": images(three_layers, observation_shape=(96, 36)),
    },
    "tables": {
        "default": table(),
        "5 vehicles": table(vehicles_count=5),
        "15 vehicles": table(vehicles_count=15),
        "not seen behind": table(see_behind=False),
        "pooled vehicles instead of a grid": table(pooled),
        "bare numbers, highway-env's scales": table(bare_numbers, normalize=True),
        "bare numbers, highway-env's defaults": table(
            bare_numbers, normalize=True, vehicles_count=5, see_behind=False
        ),
    },
    "numbers": {
        "default": numbers(),
        "constant γ = 0.8": numbers(final_gamma=None),
        "constant γ = 0.9": numbers(gamma=0.9, final_gamma=None),
        "constant γ = 0.95": numbers(gamma=0.95, final_gamma=None),
        "γ from 0.85 to 0.98": numbers(gamma=0.85, final_gamma=0.98),
        "λ = 0.8": numbers(gae_lambda=0.8),
        "entropy bonus 0": numbers(entropy_coef=0.0),
        "entropy bonus from 0.01 to 0": numbers(final_entropy_coef=0.0),
        "entropy bonus from 0.03 to 0": numbers(entropy_coef=0.03, final_entropy_coef=0.0),
        "learning rate 0.0003": numbers(learning_rate=3e-4),
        "learning rate 0.003": numbers(learning_rate=3e-3),
        "8 environments": numbers(num_envs=8),
        "128 environments": numbers(num_envs=128),
        "128 environments, 64 minibatches": numbers(num_envs=128, num_minibatches=64),
        "8 minibatches": numbers(num_minibatches=8),
        "2 epochs": numbers(num_epochs=2),
        "8 epochs": numbers(num_epochs=8),
    },
}


@dataclass
class Study:
    """Run what is not yet in study_<part>.csv."""

    part: Positional[Literal["images", "tables", "numbers"]]
    seeds: tuple[int, ...] = (0, 1, 2)
    only: tuple[str, ...] | None = None  # names of variants

    def run(self):
        """Train every variant with every seed."""
        file = f"study_{self.part}.csv"
        run_all(file, VARIANTS[self.part], self.seeds, STEPS[self.part], self.only)
        print(format_study(read_rows(FOLDER / file)))


def format_study(rows) -> str:
    """A line per variant: means over seeds at the end, and the lowest and highest return of a seed."""
    lines = [f"{'variant':<42} {'return':>7} {'worst, best seed':>17} {'crashes':>8} {'m/s':>6} {'steps/s':>8}"]
    for name in dict.fromkeys(row["variant"] for row in rows):
        last = last_rows(rows, name)
        returns, crashes, speeds, steps, seconds = (
            [float(row[column]) for row in last]
            for column in ("return", "crash_rate", "mean_speed", "env_steps", "seconds")
        )
        lines.append(
            f"{name:<42} {mean(returns):>7.2f} {f'{min(returns):.2f}, {max(returns):.2f}':>17} {mean(crashes):>8.0%} "
            f"{mean(speeds):>6.1f} {sum(steps) / sum(seconds):>8,.0f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    tyro.cli(Study).run()
