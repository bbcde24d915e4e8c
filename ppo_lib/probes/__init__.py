"""Probe environments: six worlds so small that the right answer is known, each of which tries one part of a learner.

A learner that fails on the road may be wrong anywhere. On the first of these worlds that it fails in, little can be.

References: Andy Jones 2021, "Debugging RL, Without the Agonizing Pain", probe environments,
https://andyljones.com/posts/rl-debugging.html; ARENA's chapter on PPO, https://www.arena.education, which uses five.
The one about the time limit is ours.
"""

from ppo_lib.probes.probing import run_probes
from ppo_lib.probes.report import Finding, ProbeReport
from ppo_lib.probes.series import PROBES, Probe

__all__ = ["PROBES", "Finding", "Probe", "ProbeReport", "run_probes"]
