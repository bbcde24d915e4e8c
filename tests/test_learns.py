import pytest
from test_ppo import cartpole

from ppo_lib.config import PPOConfig
from ppo_lib.envs import make_vector_env
from ppo_lib.evaluation import agent_policy, evaluate_policy
from ppo_lib.ppo import PPO


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_cartpole_is_solved_within_100_000_steps(seed):
    config = PPOConfig(
        num_steps=128,
        num_epochs=8,
        learning_rate=1e-3,
        gamma=0.98,
        final_gamma=None,
        entropy_coef=0.0,
        max_grad_norm=0.5,
        seed=seed,
    )
    test_envs = cartpole(20)
    scores = []

    def measure(ppo, diagnostics):
        """Every 10 updates; stops as soon as it is solved."""
        if ppo.env_steps % 10_240 == 0:
            evaluation = evaluate_policy(agent_policy(ppo.actor), test_envs, episodes=20, seed=10_000)
            scores.append((ppo.env_steps, evaluation.returns.mean()))
            return bool(scores[-1][1] < 475)
        return True

    learner = PPO(cartpole(8), config).learn(100_000, measure, progress=False)
    assert scores[-1][1] >= 475, scores
    assert scores[-1][0] == learner.env_steps  # it stopped because it was solved, and not a step later
    assert all(score < 475 for _, score in scores[:-1])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_pendulum_stands_within_40_000_steps(seed):
    """Continuous actions: a mean return above -250 over 20 episodes."""
    config = PPOConfig(
        num_steps=128,
        num_epochs=10,
        gamma=0.9,
        final_gamma=None,
        entropy_coef=0.0,
        normalize_rewards=True,
        seed=seed,
    )
    learner = PPO(make_vector_env("Pendulum-v1", 8, "sync"), config).learn(40_000, progress=False)
    test_envs = make_vector_env("Pendulum-v1", 20, "sync")
    assert evaluate_policy(agent_policy(learner.actor), test_envs, 20, seed=10_000).returns.mean() > -250
