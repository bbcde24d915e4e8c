"""A driver that looks ahead with the exact simulator: the upper line that no learner on this road has passed."""

import itertools

import numpy as np

from ppo_lib.envs import make_vector_env
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
    """

    def __init__(self, envs, depth=SEARCH_DEPTH, look_ahead=LOOK_AHEAD):
        if envs.origin is None or envs.origin["backend"] != "fast":
            raise UsageError("the planner needs the state of the road: make its environments with backend 'fast'")
        self.envs = envs
        actions = meta_actions(envs.origin["env_id"], envs.origin["config"])
        starts = np.array(list(itertools.product(range(len(actions)), repeat=depth)))  # (P, depth)
        self.plans = np.pad(starts, ((0, 0), (0, look_ahead)), constant_values=actions.index("SLOWER"))
        self.copies = make_vector_env(**(envs.origin | {"num_envs": len(starts)}))
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


def evaluate_planner(env_id, config=None, *, episodes, seed, num_envs=8, progress=False) -> Evaluation:
    """What the planner earns, on the very roads that evaluate_policy would drive with this `seed`.

    Seconds an episode on one core. Arguments as for evaluate_baselines.

    Raises UsageError for environments that the fast simulator does not know.
    """
    # The roads are the same whatever is seen of them, and the planner looks at none of it: see as little as possible.
    unseen = {"observation": {"type": "Kinematics", "vehicles_count": 2}}
    envs = make_vector_env(env_id, min(num_envs, episodes), "fast", (config or {}) | unseen)
    return evaluate_policy(Planner(envs), envs, episodes, seed, progress)
