import json
import os
import subprocess
import sys

import gymnasium
import numpy as np
import pytest

from ppo_lib.envs import EnvSpec, highway_config, make_vector_env
from ppo_lib.errors import UsageError

PAYLOAD = """
from pathlib import Path
Path("ran").write_text("somebody else's code")
"""


def test_it_goes_to_json_and_back():
    spec = EnvSpec("highway-fast-v0", 3, "auto", highway_config(lanes_count=np.int64(2)), {"num_threads": 1})
    again = EnvSpec.from_json(json.loads(json.dumps(spec.to_json())))
    assert again == spec
    assert spec.backend == "fast"
    envs, same = spec.make(), again.make()
    np.testing.assert_array_equal(envs.reset(seed=3)[0], same.reset(seed=3)[0])
    assert envs.env_spec == spec


def test_numbers_of_numpys_become_plain(tmp_path):
    spec = EnvSpec(
        "highway-fast-v0", np.int64(2), "fast", {"lanes_count": np.int64(3), "reward_speed_range": (20, 30)}
    )
    assert type(spec.config["lanes_count"]) is int
    assert spec.config["reward_speed_range"] == [20, 30]
    assert type(spec.num_envs) is int


def test_what_json_cannot_hold_is_refused_in_a_configuration():
    with pytest.raises(UsageError, match=r"config\['lanes_count'\] must be plain finite numbers"):
        EnvSpec("highway-fast-v0", 1, "sync", {"lanes_count": object()})


def test_arguments_of_the_environment_are_part_of_it():
    spec = EnvSpec("FrozenLake-v1", 2, "sync", kwargs={"is_slippery": False})
    envs = spec.make()
    envs.reset(seed=0)
    assert envs.step(np.array([2, 2]))[0].argmax(1).tolist() == [1, 1]  # on ice it would slip twice in three times
    with pytest.raises(UsageError, match=r"FrozenLake-v1 cannot be made: .*is_wet"):
        EnvSpec("FrozenLake-v1", 2, "sync", kwargs={"is_wet": True}).make()


def test_what_was_made_by_hand_must_be_made_by_hand_again():
    envs = make_vector_env("CartPole-v1", 2, "sync", wrapper=gymnasium.wrappers.NormalizeObservation)
    assert envs.env_spec.by_hand == ("wrapper",)
    with pytest.raises(UsageError, match="made with wrapper, which no file can hold"):
        envs.env_spec.make()
    assert envs.env_spec.make(wrapper=lambda env: env).num_envs == 2


@pytest.mark.parametrize(
    "change",
    [
        {"config": {"other_vehicles_type": "folder.payload.Car"}},
        {"config": {"other_vehicles_type": "payload.Car"}},
        {"config": {"other_vehicles_type": "highway_env.vehicle.behavior.np"}},
        {"config": {"action": {"type": "payload.Car"}}},
        {"env_id": "payload:CartPole-v1", "backend": "sync", "config": None},
        {"env_id": "GymV26Environment-v0", "backend": "sync", "config": None, "kwargs": {"env_id": "payload:Car-v0"}},
    ],
)
def test_nothing_that_a_file_names_is_imported(change, tmp_path):
    """In a process of its own, where the payload could be imported."""
    (tmp_path / "payload.py").write_text(PAYLOAD)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "payload.py").write_text(PAYLOAD)
    document = EnvSpec("highway-fast-v0", 1, "sync").to_json() | change
    code = (
        "import sys, json\nfrom ppo_lib.envs import EnvSpec\nfrom ppo_lib.errors import UsageError\n"
        "try: EnvSpec.from_json(json.loads(sys.argv[1])).make()\nexcept UsageError as e: print(e)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    command = [sys.executable, "-c", code, json.dumps(document)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "names code that would be imported" in done.stdout or "unknown environment" in done.stdout
    assert not (tmp_path / "ran").exists()


def test_highway_envs_own_vehicles_are_allowed_by_name():
    config = {"other_vehicles_type": "highway_env.vehicle.behavior.AggressiveVehicle"}
    document = EnvSpec("highway-fast-v0", 1, "sync", config).to_json()
    EnvSpec.from_json(document).make().close()


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"env_id": "CartPole-v1"}, EnvSpec("CartPole-v1").to_json() | {"num_envs": "2"},
     EnvSpec("CartPole-v1").to_json() | {"kwargs": 3}, EnvSpec("CartPole-v1").to_json() | {"by_hand": [1]},
     EnvSpec("CartPole-v1").to_json() | {"num_envs": 10**9}, EnvSpec("CartPole-v1").to_json() | {"backend": "auto"}],
)  # fmt: skip
def test_a_document_that_is_none_is_refused(document):
    with pytest.raises(UsageError):
        EnvSpec.from_json(document)


def test_auto_falls_back_where_the_simulator_cannot_and_says_so_once(capsys):
    config = {"action": {"type": "DiscreteAction"}}
    for _ in range(2):
        assert EnvSpec("highway-fast-v0", config=config).backend == "async"
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert said[0].startswith("backend async instead of fast: ")
    assert "action" in said[0]
    with pytest.raises(UsageError, match="cannot reproduce action"):
        EnvSpec("highway-fast-v0", 1, "fast", config)
    assert EnvSpec("highway-fast-v0", config=highway_config()).backend == "fast"


def test_auto_falls_back_where_numpy_lacks_what_the_simulator_calls(monkeypatch, capsys):
    from ppo_lib import fast_highway

    assert fast_highway.unavailable() is None
    monkeypatch.setattr(fast_highway, "unavailable", lambda: "this numpy is too new for the fast simulator")
    assert EnvSpec("highway-fast-v0", config=highway_config()).backend == "async"
    assert "too new for the fast simulator" in capsys.readouterr().err


def test_auto_with_a_wrapper_runs_the_original():
    envs = make_vector_env("highway-fast-v0", 1, config=highway_config("kinematics"), wrapper=lambda env: env)
    assert envs.env_spec.backend == "async"
    envs.close()


def test_a_missing_library_is_one_line():
    try:
        import Box2D  # noqa: F401
    except ImportError:
        with pytest.raises(UsageError, match=r"LunarLander-v3 cannot be made: .*[Bb]ox2[Dd]") as refusal:
            make_vector_env("LunarLander-v3", 2, "sync")
        assert "\n" not in str(refusal.value)
    else:
        make_vector_env("LunarLander-v3", 2, "sync").close()


SCRIPT = """
import multiprocessing
multiprocessing.set_start_method("spawn", force=True)
from ppo_lib.envs import make_vector_env
from ppo_lib.errors import UsageError
try:
    make_vector_env("CartPole-v1", 2, "async")
except UsageError as error:
    print(error)
"""


def test_processes_started_without_a_main_guard_say_what_is_missing(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert 'must stand below  if __name__ == "__main__":' in done.stdout
    assert len(done.stderr.splitlines()) < 5, done.stderr


class Fails(gymnasium.Wrapper):
    """Raises at its third step, later than the others answer."""

    def step(self, action):
        if getattr(self, "steps", 0) == 2 and action == 1:
            raise RuntimeError("the engine is on fire")
        self.steps = getattr(self, "steps", 0) + 1
        return super().step(action)


def test_an_error_in_an_environment_does_not_end_in_waiting():
    envs = make_vector_env("CartPole-v1", 3, "async", wrapper=Fails)
    envs.reset(seed=0)
    for _ in range(2):
        envs.step(np.array([0, 1, 0]))
    with pytest.raises(RuntimeError, match="on fire"):
        envs.step(np.array([0, 1, 0]))
    processes = envs.unwrapped.processes
    envs.close()
    assert not any(process.is_alive() for process in processes)


class Hangs(gymnasium.Wrapper):
    """Never answers."""

    def step(self, action):
        import time

        time.sleep(1000)


def test_an_environment_that_hangs_does_not_keep_close_waiting():
    envs = make_vector_env("CartPole-v1", 2, "async", wrapper=Hangs)
    envs.reset(seed=0)
    envs.unwrapped.step_async(np.array([0, 1]))
    processes = envs.unwrapped.processes
    envs.close()
    assert not any(process.is_alive() for process in processes)
