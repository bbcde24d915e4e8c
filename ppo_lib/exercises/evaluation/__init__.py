"""The exercises of notebook 7: intervals of a mean and of a rate, which episodes to count, and who is safer."""

from ppo_lib.exercises.evaluation.bootstrap_interval import check_bootstrap_interval
from ppo_lib.exercises.evaluation.crash_rate import check_crash_rate
from ppo_lib.exercises.evaluation.same_roads import check_same_roads
from ppo_lib.exercises.evaluation.wilson_interval import check_wilson_interval

__all__ = ["check_bootstrap_interval", "check_crash_rate", "check_same_roads", "check_wilson_interval"]
