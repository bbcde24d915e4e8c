"""The exercises of notebook 1: the reward of a step, the stack of images, a plan, and what comes after an ending."""

from ppo_lib.exercises.environment.future_values import check_future_values
from ppo_lib.exercises.environment.plan import check_plan
from ppo_lib.exercises.environment.stack_images import check_stack_images
from ppo_lib.exercises.environment.step_reward import check_step_reward

__all__ = ["check_future_values", "check_plan", "check_stack_images", "check_step_reward"]
