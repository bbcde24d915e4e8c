"""You at the wheel: a drive step by step, your return against those of drivers who never look."""

import ipywidgets
import numpy as np

from ppo_lib.envs import make_env, make_vector_env
from ppo_lib.evaluation import CONSTANT_DRIVERS, meta_actions
from ppo_lib.plotting import plot_race
from ppo_lib.widgets.engine import InteractiveFigure
from ppo_lib.widgets.keyboard import connect_keys

# The road runs to the right, so its left lanes are up: {action: (key, what the button says)}.
KEYS = {
    "LANE_LEFT": ("ArrowUp", "▲ left lane"),
    "LANE_RIGHT": ("ArrowDown", "▼ right lane"),
    "SLOWER": ("ArrowLeft", "◀ slower"),
    "FASTER": ("ArrowRight", "▶ faster"),
    "IDLE": ("Space", "idle"),
}


def drive_yourself(config=None, seed=3, env_id="highway-fast-v0") -> InteractiveFigure:
    """A road to drive by buttons or arrow keys, one decision each; below it your return against the baselines'.

    The baselines drive the very same road, from the same seed.

    Args:
        config: highway-env's configuration dictionary; what is observed does not matter.
        seed: of the traffic.
        env_id: highway-fast-v0 or highway-v0.
    """
    drive = Drive(config, seed, env_id)
    wide = {"width": "120px"}
    buttons = {action: ipywidgets.Button(description=label, layout=wide) for action, (_, label) in KEYS.items()}
    restart = ipywidgets.Button(description="start again (R)", layout=wide)
    row = [*buttons.values(), restart]
    figure = InteractiveFigure(drive.draw, {}, extra=row, figsize=(8, 4), nrows=2, height_ratios=[2, 3])

    def press(act):
        def handler(_button):
            act()
            figure.redraw()

        return handler

    for action, button in buttons.items():
        button.on_click(press(lambda action=action: drive.step(action)))
    restart.on_click(press(drive.restart))
    keys = {KEYS[action][0]: button for action, button in buttons.items()} | {"KeyR": restart}
    figure.children += (connect_keys(figure, keys, "Click the picture, then drive by arrow keys and space bar."),)
    return figure


class Drive:
    """One episode that somebody drives.

    Attributes:
        earned: the return after each step so far, 0 first.
        rivals: {baseline: the same, of its whole drive}.
        ending: what ended the drive, or "".
    """

    def __init__(self, config, seed, env_id):
        # The simulator draws the road anyway. To draw an observation besides would take time that nobody sees.
        self._config = (config or {}) | {"observation": {"type": "Kinematics", "vehicles_count": 2}}
        self._seed, self._env_id = seed, env_id
        self._actions = meta_actions(env_id, self._config)
        self._env = make_env(env_id, self._config, render_mode="rgb_array")
        self.rivals = self._drive_rivals()
        self.restart()

    def restart(self):
        """Back to the start, on the same road."""
        self._env.reset(seed=self._seed)
        self.earned, self.ending = [0.0], ""

    def step(self, action):
        """Take one decision; nothing happens after the drive's end."""
        if self.ending:
            return
        _, reward, terminated, truncated, _ = self._env.step(self._actions.index(action))
        self.earned.append(self.earned[-1] + float(reward))
        if terminated or truncated:
            self.ending = "Crashed" if terminated else "Time is up"

    def draw(self, road, race) -> str:
        """The road as it is, and the returns so far; says how it goes."""
        road.imshow(self._env.render())
        road.set_axis_off()
        plot_race(self.rivals | {"you": self.earned}, ax=race)
        speed, steps = self._env.unwrapped.vehicle.speed, len(self.earned) - 1
        return f"{self.ending or 'Driving'}: step {steps}, {speed:.0f} m/s, return {self.earned[-1]:.2f}"

    def _drive_rivals(self):
        """The baselines side by side on the same road, one in each environment."""
        envs = make_vector_env(self._env_id, len(CONSTANT_DRIVERS), "fast", self._config)
        envs.reset(seed=[self._seed] * len(CONSTANT_DRIVERS))
        choices = np.array([self._actions.index(name) for name in CONSTANT_DRIVERS])
        rivals = {f"always {name}": [0.0] for name in CONSTANT_DRIVERS}
        driving = np.ones(len(choices), bool)
        while driving.any():
            _, rewards, terminated, truncated, _ = envs.step(choices)
            for earned, reward, drives in zip(rivals.values(), rewards, driving, strict=True):
                if drives:
                    earned.append(earned[-1] + float(reward))
            driving &= ~(terminated | truncated)
        envs.close()
        return rivals
