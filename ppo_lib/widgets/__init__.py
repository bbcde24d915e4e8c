"""The interactive figures, one module each: `from ppo_lib import widgets; widgets.distribution_explorer()`.

Each function returns one ipywidgets widget. The drawing is a function of ppo_lib.plotting; here are the
controls.
"""

from ppo_lib.widgets.advantages import advantage_explorer
from ppo_lib.widgets.baseline import baseline_explorer
from ppo_lib.widgets.birth import birth_explorer
from ppo_lib.widgets.clipping import clipping_explorer
from ppo_lib.widgets.distribution import distribution_explorer
from ppo_lib.widgets.drive import drive_yourself
from ppo_lib.widgets.observation import observation_explorer
from ppo_lib.widgets.occlusion import occlusion_explorer
from ppo_lib.widgets.reward import reward_explorer

__all__ = [
    "advantage_explorer",
    "baseline_explorer",
    "birth_explorer",
    "clipping_explorer",
    "distribution_explorer",
    "drive_yourself",
    "observation_explorer",
    "occlusion_explorer",
    "reward_explorer",
]
