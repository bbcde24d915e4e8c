"""A driver that looks ahead with the exact simulator: the upper line that no learner on this road has passed."""

import itertools
from contextlib import closing

import numpy as np

from ppo_lib.envs import FAST_ENVS, EnvSpec
from ppo_lib.errors import UsageError
from ppo_lib.evaluation import Evaluation, evaluate_policy, meta_actions
from ppo_lib.fast_highway import select_state

SEARCH_DEPTH = 4  # decisions tried exhaustively
LOOK_AHEAD = 6  # decisions after them, braking


class Planner:
    """Tries every sequence of `depth` actions in copies of the road, then brakes, and takes the best start.

    Braking in the end asks whether a plan leaves a way out. Driving on idly instead would call every plan a crash that
    ends behind a slower car, however far: the planner then drives at 26 m/s instead of nearly 30.

    It knows what no driver can know, the simulator's state and so the other drivers' minds. Its return says what is
    possible on a road, hence how far a learner still is from it.

    Calling it with the observations gives the actions, as any policy; it looks at the environments instead.

    Args:
        envs: of make_vector_env with backend "fast": those that it is to drive.
        depth, look_ahead: lengths of the two parts of a plan, in decisions.

    Raises UsageError for other environments, and for a road on which nobody can brake.
    """

    def __init__(self, envs, depth=SEARCH_DEPTH, look_ahead=LOOK_AHEAD):
        spec = envs.env_spec
        if spec is None or spec.backend != "fast":
            raise UsageError("the planner needs the state of the road: make its environments with backend 'fast'")
        actions = meta_actions(spec.env_id, spec.config, **spec.kwargs)
        if not actions:
            raise UsageError(
                "the planner tries sequences of meta-actions: its road needs actions of DiscreteMetaAction"
            )
        if "SLOWER" not in actions:
            raise UsageError(f"the planner brakes at the end of its plans, and SLOWER is none of {', '.join(actions)}")
        self.envs = envs
        starts = np.array(list(itertools.product(range(len(actions)), repeat=depth)))  # (P, depth)
        self.plans = np.pad(starts, ((0, 0), (0, look_ahead)), constant_values=actions.index("SLOWER"))
        self.copies = spec.with_(num_envs=len(starts)).make()
        self.copies.reset(seed=0)

    def __call__(self, obs) -> np.ndarray:
        """(N, ...) observations, ignored, to (N,) actions."""
        state = self.envs.get_state()["envs"]
        return np.array([self._best_start(state, n) for n in range(self.envs.num_envs)])

    def _best_start(self, state, n):
        """The first action of the plan that earns most from where environment `n` is."""
        self.copies.env.set_state(select_state(state, [n] * len(self.plans)))
        earned, driving = np.zeros(len(self.plans)), np.ones(len(self.plans), bool)
        for actions in self.plans.T:
            _, rewards, terminated, truncated, _ = self.copies.step(actions)
            earned += rewards * driving  # what follows an end belongs to the next episode
            driving &= ~(terminated | truncated)
            if not driving.any():
                break
        return self.plans[earned.argmax(), 0]


def evaluate_planner(env_id, config=None, *, episodes, seed, num_envs=8, progress=False, **kwargs) -> Evaluation:
    """What the planner earns, on the very roads that evaluate_policy would drive with this `seed`.

    Seconds an episode on one core. Arguments as for evaluate_baselines.

    Raises UsageError for environments that the fast simulator does not know.
    """
    spec = planners_view(EnvSpec(env_id, num_envs, "auto", config, kwargs))
    with closing(spec.with_(num_envs=min(num_envs, max(episodes, 1))).make()) as envs:
        return evaluate_policy(Planner(envs), envs, episodes, seed, progress)


def planners_view(spec: EnvSpec) -> EnvSpec:
    """The same roads as the planner drives on them.

    They are the same whatever is seen of them, and the planner looks at none of it: see as little as possible.

    Raises UsageError for environments that the fast simulator does not know.
    """
    if spec.env_id not in FAST_ENVS:
        raise UsageError(
            f"the planner drives on {' and '.join(FAST_ENVS)}, in the fast simulator; not {spec.env_id!r}"
        )
    unseen = {"observation": {"type": "Kinematics", "vehicles_count": 2}}
    return spec.with_(backend="fast", config=spec.config | unseen)
