"""PPO without one of its details at a time, or with another choice of it. A quarter of an hour on one core.

Each variant differs from `all details` in the one thing that it is named after. The driver sees a table of vehicles,
because from it a seed takes a quarter of a minute.
"""

from dataclasses import dataclass
from statistics import mean

import torch
import tyro
from experiments import FOLDER, TimeLimitAsCrash, Variant, last_rows, read_rows, run_all
from torch import nn

from ppo_lib.envs import highway_config
from ppo_lib.intervals import bootstrap_ci95, interquartile_mean
from ppo_lib.networks import Actor, Critic
from ppo_lib.plotting import plot_ablations

TOTAL_STEPS = 61_440


def default_initialisation(seen, acts):
    """Torch's own random weights instead of orthogonal ones, the last layers' included."""
    actor, critic = Actor(seen, acts, encoder="vehicles"), Critic(seen, encoder="vehicles")
    for module in (*actor.modules(), *critic.modules()):
        if isinstance(module, nn.Linear):
            module.reset_parameters()
    return actor, critic


def large_last_layer(seen, acts):
    """The actor's last layer a hundred times larger: the first policy is decided, by chance."""
    actor, critic = Actor(seen, acts, encoder="vehicles"), Critic(seen, encoder="vehicles")
    with torch.no_grad():
        actor.head.weight *= 100
    return actor, critic


def shared_encoder(seen, acts):
    """One encoder with two heads instead of two networks."""
    actor, critic = Actor(seen, acts, encoder="vehicles"), Critic(seen, encoder="vehicles")
    critic.encoder = actor.encoder
    return actor, critic


def variant(**changes):
    """The settings of this experiment with some changed."""
    parts = {name: changes.pop(name) for name in ("networks", "training_wrapper") if name in changes}
    return Variant(ppo=changes, config=highway_config("kinematics"), **parts)


VARIANTS = {
    "all details": variant(),
    "advantages not normalised": variant(normalize_advantages=False),
    "no clipping": variant(clip_eps=1e9),
    "values clipped": variant(value_clip_eps=0.2),
    "torch's initialisation": variant(networks=default_initialisation),
    "last layer not small": variant(networks=large_last_layer),
    "constant learning rate": variant(anneal_learning_rate=False),
    "constant γ = 0.8": variant(final_gamma=None),
    "constant γ = 0.95": variant(gamma=0.95, final_gamma=None),
    "1 epoch": variant(num_epochs=1),
    "10 epochs": variant(num_epochs=10),
    "λ = 0": variant(gae_lambda=0.0),
    "λ = 1": variant(gae_lambda=1.0),
    "time limit taken for a crash": variant(training_wrapper=TimeLimitAsCrash),
    "shared encoder": variant(networks=shared_encoder),
    "no entropy bonus": variant(entropy_coef=0.0),
    "gradients not clipped": variant(max_grad_norm=1e9),
}


@dataclass
class Ablations:
    """Run what is not yet in ablations.csv."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    only: tuple[str, ...] | None = None  # names of variants

    def run(self):
        """Train every variant with every seed."""
        run_all("ablations.csv", VARIANTS, self.seeds, TOTAL_STEPS, self.only, judgements=4)
        rows = read_rows(FOLDER / "ablations.csv")
        print(format_ablations(rows))
        plot_ablations(final_scores(rows), baseline="all details").figure.savefig(FOLDER / "ablations.png", dpi=110)


def final_scores(rows):
    """{variant: (return of each seed at the end, interquartile mean, its 95 % interval)}."""
    scores = {}
    for name in dict.fromkeys(row["variant"] for row in rows):
        seeds = [float(row["return"]) for row in last_rows(rows, name)]
        scores[name] = seeds, interquartile_mean(seeds), bootstrap_ci95(seeds, interquartile_mean)
    return scores


def format_ablations(rows) -> str:
    """A line per variant: interquartile mean of the return with its interval, and mean crash rate and speed."""
    lines = [f"{'variant':<32} {'return (IQM)':>12} {'95 % interval':>15} {'crashes':>8} {'m/s':>5}"]
    for name, (_, middle, (low, high)) in final_scores(rows).items():
        last = last_rows(rows, name)
        crashes, speed = (mean(float(row[column]) for row in last) for column in ("crash_rate", "mean_speed"))
        lines.append(f"{name:<32} {middle:>12.2f} {f'[{low:.2f}, {high:.2f}]':>15} {crashes:>8.0%} {speed:>5.1f}")
    return "\n".join(lines)


if __name__ == "__main__":
    tyro.cli(Ablations).run()
