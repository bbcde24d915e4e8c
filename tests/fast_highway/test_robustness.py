"""Mistakes get a clear answer; sizes, threads and processes do not matter."""

import ctypes
import multiprocessing
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from highway_oracle import GRAY

import ppo_lib.fast_highway
from ppo_lib.fast_highway import FastHighwayVectorEnv, compilation, numpy_math, state, threads, unavailable

PACKAGE = Path(ppo_lib.fast_highway.__file__).parent


def fingerprint_of_a_drive(seed=0, config=None, num_envs=40, steps=8):
    envs = FastHighwayVectorEnv(num_envs, config=config, num_threads=2)
    envs.reset(seed=seed)
    rng = np.random.default_rng(seed)
    total = 0.0
    for _ in range(steps):
        obs, rewards, *_ = envs.step(rng.integers(5, size=num_envs))
        total += float(rewards.sum()) + float(obs.sum(dtype=np.float64))
    envs.close()
    return total


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([1, 2, 5], "action 5 of environment 2"),
        ([1, -1, 0], "action -1 of environment 1"),
        ([1, 2], "3 integers"),
        ([[1, 2, 3]], "3 integers"),
        ([1.0, 2.0, 3.0], "float64"),
        ([True, False, True], "bool"),
        (["FASTER"] * 3, "3 integers"),
        (None, "3 integers"),
        (2, "3 integers"),
    ],
)
def test_wrong_actions(actions, message):
    envs = FastHighwayVectorEnv(3)
    envs.reset(seed=0)
    before = envs.get_state()
    with pytest.raises(ValueError, match=message):
        envs.step(actions)
    assert all(
        np.array_equal(array, before[name], equal_nan=True)
        for name, array in envs.get_state().items()
        if array.dtype.kind == "f"
    )


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8])
def test_all_integers_are_actions(dtype):
    envs = FastHighwayVectorEnv(2, config={"vehicles_count": 0})
    envs.reset(seed=0)
    infos = envs.step(np.array([3, 4], dtype))[4]
    assert infos["action"].dtype == dtype
    assert infos["action"].tolist() == [3, 4]


def test_wrong_seeds_and_options():
    envs = FastHighwayVectorEnv(2)
    with pytest.raises(ValueError, match="3 seeds for num_envs=2"):
        envs.reset(seed=[1, 2, 3])
    with pytest.raises(ValueError, match="environment 1"):
        envs.reset(seed=[1, -2])
    with pytest.raises(ValueError, match="environment 0"):
        envs.reset(seed=-1)
    with pytest.raises(ResetNeeded):
        envs.reset(options={"reset_mask": np.array([True, False])})
    envs.reset(seed=0)
    for mask in ([True, False], np.array([1, 0]), np.array([True]), np.array([False, False])):
        with pytest.raises(ValueError, match="reset_mask"):
            envs.reset(options={"reset_mask": mask})
    with pytest.raises(ValueError, match="configuration"):
        envs.reset(options={"config": {"lanes_count": 2}})


def test_stepping_too_early_and_too_late():
    envs = FastHighwayVectorEnv(2)
    with pytest.raises(ResetNeeded):
        envs.step([1, 1])
    with pytest.raises(ResetNeeded):
        envs.get_state()
    envs.reset()
    envs.close()
    envs.close()
    for call in (lambda: envs.step([1, 1]), envs.reset, envs.get_state, envs.observe):
        with pytest.raises(ClosedEnvironmentError):
            call()


# ---------------------------------------------------------------- sizes, threads, processes


@pytest.mark.parametrize("num_envs", [1, 4096])
def test_few_and_many_environments(num_envs):
    envs = FastHighwayVectorEnv(num_envs)
    obs, _ = envs.reset(seed=0)
    assert len(np.unique(obs[:, 1], axis=0)) == num_envs
    for action in (3, 1, 0):
        obs, rewards, *_ = envs.step(np.full(num_envs, action))
    assert obs.shape == (num_envs, 5, 5)
    assert np.isfinite(rewards).all()


def test_an_environment_does_not_depend_on_its_place_or_on_threads():
    """The same seed and actions as environment 0 of a small batch and as environment 69 of a large one."""
    config = {"observation": GRAY, "duration": 5}
    large = FastHighwayVectorEnv(70, config=config, num_threads=3)
    small = FastHighwayVectorEnv(1, config=config, num_threads=1)
    large.reset(seed=100)
    small.reset(seed=169)
    for t in range(15):
        found, expected = large.step(np.full(70, t % 5)), small.step([t % 5])
        for k in range(4):
            assert np.array_equal(found[k][69], expected[k][0])


def test_two_instances_do_not_disturb_each_other():
    one, other = (
        FastHighwayVectorEnv(2),
        FastHighwayVectorEnv(3, "highway-v0", {"lanes_count": 2, "vehicles_count": 5}),
    )
    alone = FastHighwayVectorEnv(2)
    for envs in (one, other, alone):
        envs.reset(seed=0)
    for t in range(10):
        other.step([t % 5] * 3)
        assert np.array_equal(one.step([t % 5] * 2)[0], alone.step([t % 5] * 2)[0])


def test_several_threads_at_once():
    expected = [fingerprint_of_a_drive(seed) for seed in range(4)]
    found = [0.0] * 4

    def work(seed):
        found[seed] = fingerprint_of_a_drive(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == expected


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_worker_processes(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"{method} is not available here")
    parent = FastHighwayVectorEnv(40, num_threads=2)  # its worker thread exists when the process forks
    parent.reset(seed=0)
    parent.step(np.ones(40, int))
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map_async(fingerprint_of_a_drive, [1, 2]).get(timeout=120)
    assert found == [fingerprint_of_a_drive(1), fingerprint_of_a_drive(2)]


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_environment_made_before_a_fork_works_after_it():
    envs = FastHighwayVectorEnv(40, num_threads=2)
    envs.reset(seed=0)
    envs.step(np.ones(40, int))
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()

    def work():
        rewards = envs.step(np.ones(40, int))[1]
        queue.put((rewards, sum("fast_highway" in thread.name for thread in threading.enumerate())))

    child = context.Process(target=work)
    child.start()
    child.join(60)
    assert child.exitcode == 0
    rewards, workers = queue.get()
    assert np.array_equal(rewards, envs.step(np.ones(40, int))[1])
    assert workers == 1  # a new one: threads do not survive a fork


def test_an_error_in_a_helper_thread_is_not_lost():
    caller = threading.get_ident()

    def work(counter, total):
        if threading.get_ident() != caller:
            raise RuntimeError("lost")
        time.sleep(0.5)  # time enough for the worker to begin

    with pytest.raises(RuntimeError, match="lost"):
        threads.WorkerThreads(2).run(work, np.ones(100))


def test_every_environment_is_taken_once():
    seen = [np.zeros(1003, int) for _ in range(3)]

    def work(counter, total):
        mine = seen.pop()
        while (n := threads.next_index(counter)) < total:
            mine[n] += 1
            time.sleep(0.0001)  # let others have their turn
        done.append(mine)

    done: list[np.ndarray] = []
    threads.WorkerThreads(3).run(work, np.ones(1003))
    assert (sum(done) == 1).all()


# ---------------------------------------------------------------- compiled code


@pytest.mark.parametrize("name", ["sin", "power"])
def test_a_numpy_without_the_loops_is_noticed(monkeypatch, name):
    """As when a newer numpy lays out its ufuncs otherwise, or has no loop for float64 any more."""
    assert unavailable() is None
    FastHighwayVectorEnv(1)
    monkeypatch.setattr(np, name, np.logical_not)
    reason = unavailable()
    assert "\n" not in reason
    assert f"no loop for {name}" in reason
    with pytest.raises(ValueError, match=f"cannot run here: numpy .* has no loop for {name}"):
        FastHighwayVectorEnv(1)
    monkeypatch.setattr(np, name, lambda x: x)
    assert "no ufunc" in unavailable()
    monkeypatch.undo()
    monkeypatch.setattr(numpy_math, "_UFunc", _WrongLayout)
    assert "unknown layout" in unavailable()


class _WrongLayout(ctypes.Structure):
    _fields_ = (("rest", ctypes.c_int), *numpy_math._UFunc._fields_)


def test_asking_is_cheap():
    unavailable()
    begun = time.perf_counter()
    for _ in range(100):
        unavailable()
    assert time.perf_counter() - begun < 0.5


def test_a_numba_that_refuses_to_be_imported_is_noticed():
    """numba does so beside a numpy that is newer than itself."""
    code = (
        "import sys; sys.modules['numba'] = None\nfrom ppo_lib.fast_highway import unavailable\nprint(unavailable())"
    )
    assert "cannot run here" in run_python(code).stdout


def test_whole_and_broken_numbers_share_one_compiled_version():
    for config in (
        {"duration": 5, "ego_spacing": 2},
        {"duration": 5.5, "collision_reward": -1.5, "right_lane_reward": 0},
    ):
        fingerprint_of_a_drive(config=config, steps=2)
        fingerprint_of_a_drive(config={**config, "observation": GRAY}, steps=2)
    for kernel in compilation.entry_points:
        assert len(kernel.signatures) <= 1, kernel


def test_warm_up_compiles_everything():
    code = (
        "from ppo_lib.fast_highway import compilation, warm_up\n"
        "warm_up()\n"
        "print(all(len(kernel.signatures) == 1 for kernel in compilation.entry_points), len(compilation.entry_points))"
    )
    assert run_python(code).stdout.split() == ["True", "5"]


def test_numpys_own_functions_are_called():
    """Equal to the last bit: that is why the simulator equals highway-env on any processor."""
    rng = np.random.default_rng(0)
    for name in numpy_math.UNARY:
        address = numpy_math.loop_address(name)
        for value in [*rng.uniform(-0.99, 0.99, size=200), *rng.uniform(-1e-8, 1e-8, size=50), 0.0]:
            assert _unary(*address, value) == getattr(np, name)(value)
    address = numpy_math.loop_address("power")
    for base, exponent in rng.uniform([0, 3.5], [1.4, 4.5], size=(200, 2)):
        assert _binary(*address, base, exponent) == np.power(base, exponent)
    for value in rng.uniform(-3, 3, size=500):  # squares are multiplied, there and here
        assert np.power(value, 2) == value * value


@compilation.kernel
def _unary(function, data, value):
    return numpy_math.call_unary(function, data, value)


@compilation.kernel
def _binary(function, data, base, exponent):
    return numpy_math.call_binary(function, data, base, exponent)


@compilation.kernel
def _trigonometry(rules, angle):
    rule = rules[0]
    return numpy_math.sine(rule, angle), numpy_math.cosine(rule, angle)


def test_tiny_angles_need_no_sine():
    envs = FastHighwayVectorEnv(1)
    for exponent in range(-60, 1):
        for angle in (2.0**exponent, -1.37 * 2.0**exponent):
            assert _trigonometry(envs._rules, angle) == (np.sin(angle), np.cos(angle))


def test_dot_products_are_rounded_as_numpy_does():
    rule = FastHighwayVectorEnv(1)._rules[0]
    for a, b in np.random.default_rng(5).normal(size=(500, 2, 2)):
        assert numpy_math.dot(rule["dot_rounding"], *a, *b) == np.dot(a, b)
        assert numpy_math.dot(rule["matrix_rounding"], *a, *b) == (np.array([a, b]) @ b)[0]
        assert numpy_math.dot(rule["dot_rounding"], *a, *a) == np.linalg.norm(a) ** 2 or np.sqrt(
            numpy_math.dot(rule["dot_rounding"], *a, *a)
        ) == np.linalg.norm(a)


def run_python(code, folder=PACKAGE.parent.parent, **environment):
    import os

    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        cwd=folder,  # comes first on the path
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return result


@pytest.mark.slow
def test_an_edit_in_any_file_is_noticed(tmp_path):
    """numba's cache alone would go on with the old ``dynamics.py``, because the entry points stand in another file."""
    package = tmp_path / "ppo_lib" / "fast_highway"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "ppo_lib" / "__init__.py").touch()
    code = (
        "from ppo_lib.fast_highway import FastHighwayVectorEnv as E\n"
        "e = E(1); e.reset(seed=0)\n"
        "print([float(e.step([1])[4]['speed'][0]) for _ in range(3)], float(e.get_state()['x'].sum()))"
    )
    environment = {"folder": tmp_path, "NUMBA_CACHE_DIR": tmp_path / "cache"}
    first = run_python(code, **environment)
    again = run_python(code, **environment)
    assert "compiling" in first.stderr
    assert again.stderr == ""
    assert again.stdout == first.stdout
    dynamics = package / "dynamics.py"
    dynamics.write_text(dynamics.read_text().replace("TIME_GAP = 1.5", "TIME_GAP = 0.5"))
    edited = run_python(code, **environment)
    assert "compiling" in edited.stderr
    assert edited.stdout != first.stdout
    names = [path.name for path in (tmp_path / "cache").rglob("*.nbi")]
    assert len(names) == len({name.rsplit("_", 1)[0] for name in names})  # outdated machine code is removed


def test_importing_is_silent_and_imports_little():
    code = (
        "import sys, warnings; warnings.simplefilter('error')\n"
        "import ppo_lib.fast_highway\n"
        "print(*sorted(m for m in ('highway_env', 'pandas', 'pygame', 'torch', 'matplotlib') if m in sys.modules))\n"
        "print(*(m for m in sys.modules if m.startswith('ppo_lib.') and 'fast_highway' not in m))"
    )
    result = run_python(code)
    assert result.stderr == ""
    assert result.stdout.strip() == ""


def test_no_screen_is_needed():
    """Sprites are drawn on surfaces, even where SDL would find no display."""
    code = (
        "from ppo_lib.fast_highway import FastHighwayVectorEnv\n"
        f"e = FastHighwayVectorEnv(1, config={{'observation': {GRAY!r}}})\n"
        "print(sorted(set(e.reset(seed=0)[0][0, -1].ravel())) != [0])"
    )
    result = run_python(code, SDL_VIDEODRIVER="dummy", DISPLAY="")
    assert result.stdout.strip() == "True"


def test_state_dtypes_are_packed():
    assert state.SAVED_CAR.itemsize == 9 * 8 + 3
    assert gymnasium.spaces.Discrete(5) == FastHighwayVectorEnv(1).single_action_space
