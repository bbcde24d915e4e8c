"""Does this installation work? `make check`, or python -m ppo_lib.check, before the first session of a course.

It tries what the course does, each thing once and small: a line for each, and one line at the end that says that all
is well, or what is wrong and what to do about it. It stops at the first thing that fails, because what comes later
builds on it. Everything is imported where it is tried, so that a missing package is a line, too, and no traceback.
"""

import importlib
import importlib.metadata
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from ppo_lib.errors import UsageError

PROJECT = "highway-ppo"
OLDEST_PYTHON = (3, 11)
ENV_ID = "highway-fast-v0"
MODULE_OF = {"pillow": "PIL"}  # packages whose module has another name than a dash's or a capital's worth
TRAINING_STEPS, TRAINING_ENVS = 2048, 16
FREE_GIGABYTES = 1
INSTALL_AGAIN = "install again, by `make` or by `pip install -c constraints.txt -e .[dev]` in this environment"


class Problem(UsageError):
    """What is wrong with the installation, and what to do about it."""

    def __init__(self, wrong, remedy):
        super().__init__(f"{wrong}; {remedy}")


def check_python(folder) -> str:
    """The Python that runs this is new enough."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        raise Problem(f"this is Python {version}", f"install Python {oldest} or newer, and make PYTHON=python{oldest}")
    return version


def check_packages(folder) -> str:
    """Every package that the course and its notebooks need is there, new enough, and can be imported."""
    try:
        from packaging.requirements import Requirement

        needed = map(Requirement, importlib.metadata.requires(PROJECT))
    except ImportError as error:  # of which a package without metadata is one kind
        raise Problem(f"{PROJECT} is not installed here ({error})", INSTALL_AGAIN) from None
    needed = [r for r in needed if r.marker is None or r.marker.evaluate({"extra": "notebooks"})]
    for requirement in needed:
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            raise Problem(f"{requirement.name} is missing", INSTALL_AGAIN) from None
        if not requirement.specifier.contains(version, prereleases=True):
            raise Problem(f"{requirement.name} is {version}, needed is {requirement.specifier}", INSTALL_AGAIN)
    # Ours first: it tells SDL that there is no screen before highway-env starts it.
    for name in ("ppo_lib.envs", *(MODULE_OF.get(r.name, r.name.replace("-", "_")) for r in needed)):
        try:
            importlib.import_module(name)
        except Exception as error:  # a library that cannot be loaded raises what it likes
            raise Problem(f"{name} cannot be imported ({_first_line(error)})", INSTALL_AGAIN) from None
    return f"{len(needed)} of {len(needed)}, torch {importlib.metadata.version('torch')}"


def check_disk(folder) -> str:
    """There is room for runs, both where the user is and where temporary files go."""
    for place in (Path.cwd(), folder):
        try:
            with tempfile.TemporaryFile(dir=place) as file:
                file.write(b"x")
        except OSError as error:
            remedy = "work in a folder of your own, and let TMPDIR name one"
            raise Problem(f"cannot write in {place} ({error.strerror or error})", remedy) from None
        free = shutil.disk_usage(place).free / 1e9
        if free < FREE_GIGABYTES:
            raise Problem(f"only {free:.1f} GB are free in {place}", f"make room for at least {FREE_GIGABYTES} GB")
    return f"{free:.0f} GB free"


def check_simulator(folder, steps=5) -> str:
    """The fast simulator compiles, steps, and shows and pays what highway-env does, to the last bit."""
    import numpy as np

    from ppo_lib.envs import highway_config, make_vector_env
    from ppo_lib.fast_highway import warm_up

    started = perf_counter()
    warm_up()
    compiled = perf_counter() - started
    for observation in ("grayscale", "kinematics"):
        pair = [make_vector_env(ENV_ID, 2, backend, highway_config(observation)) for backend in ("fast", "sync")]
        seen = [[envs.reset(seed=7)[0]] for envs in pair]
        for step in range(steps):
            for arrays, envs in zip(seen, pair, strict=True):
                arrays += envs.step([step % 5, 3])[:4]  # observation, reward, terminated, truncated
        for envs in pair:
            envs.close()
        if not all(np.array_equal(ours, theirs) for ours, theirs in zip(*seen, strict=True)):
            raise Problem(
                f"the fast simulator and highway-env differ ({observation})",
                f"{INSTALL_AGAIN}; until they agree, train with --backend async",
            )
    return f"as highway-env, ready after {compiled:.1f} s"


def check_training(folder) -> str:
    """A short training on images takes its steps and leaves weights that are numbers, and a checkpoint."""
    from ppo_lib.envs import highway_config, make_vector_env
    from ppo_lib.ppo import PPO

    envs = make_vector_env(ENV_ID, TRAINING_ENVS, "fast", highway_config())
    ppo = PPO(envs)
    started = perf_counter()
    ppo.learn(TRAINING_STEPS, out=folder / "run", progress=False)
    rate = ppo.env_steps / (perf_counter() - started)
    envs.close()
    if ppo.env_steps != TRAINING_STEPS:
        raise Problem(f"the training ended after {ppo.env_steps} of {TRAINING_STEPS} steps", "run this check again")
    if not all(bool(p.isfinite().all()) for p in [*ppo.actor.parameters(), *ppo.critic.parameters()]):
        raise Problem("the training gave weights that are no numbers", INSTALL_AGAIN)
    return f"{rate:,.0f} steps a second on {next(ppo.actor.parameters()).device.type}"


def check_driving(folder) -> str:
    """What was saved can be loaded, drives, and drives the same again."""
    from ppo_lib.envs import highway_config, make_vector_env
    from ppo_lib.evaluation import agent_policy, evaluate_policy
    from ppo_lib.ppo import PPO

    lengths = []
    for _ in range(2):
        envs = make_vector_env(ENV_ID, 4, "fast", highway_config())
        ppo = PPO.load(folder / "run", envs)
        lengths.append(evaluate_policy(agent_policy(ppo.actor), envs, episodes=4, seed=0).lengths.tolist())
        envs.close()
    if lengths[0] != lengths[1]:
        raise Problem(f"the same driver drove {lengths[0]} and then {lengths[1]} steps", INSTALL_AGAIN)
    return f"{sum(lengths[0])} steps in {len(lengths[0])} episodes"


def check_film(folder) -> str:
    """A drive can be filmed without a screen, in colours, and encoded."""
    from ppo_lib.envs import highway_config
    from ppo_lib.evaluation import constant_policy
    from ppo_lib.recording import film, record_drive

    where = (constant_policy(1), ENV_ID, highway_config("kinematics", duration=1))
    frames, _, _ = film(*where)
    picture = frames[0][: len(frames[0]) // 2]  # the road; the caption below is drawn by other means
    if picture.min() == picture.max():
        raise Problem("every picture of the road is one plain colour", "unset SDL_VIDEODRIVER")
    file = folder / "drive.mp4"
    record_drive(*where, out=file)
    if file.stat().st_size == 0:
        raise Problem("the film is empty", INSTALL_AGAIN)
    return f"{len(frames)} pictures"


def check_notebooks(folder) -> str:
    """Jupyter starts, and a kernel runs a cell that imports the figures, in the same environment as this check."""
    import nbformat
    from nbclient import NotebookClient

    lab = subprocess.run(
        [sys.executable, "-m", "jupyter", "lab", "--version"], capture_output=True, text=True, timeout=60, check=False
    )
    if lab.returncode != 0:
        raise Problem(f"jupyter lab does not start ({_last_line(lab.stderr)})", INSTALL_AGAIN)
    cell = nbformat.v4.new_code_cell("import sys, ppo_lib.widgets\nprint(sys.prefix, end='')")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    quiet = ["--IPKernelApp.log_level=40"]  # else it warns of its TCP port
    NotebookClient(notebook, timeout=60, startup_timeout=60, kernel_name="python3", extra_arguments=quiet).execute()
    (output,) = [output for output in notebook.cells[0].outputs if output.get("name") == "stdout"]
    if Path(output.text) != Path(sys.prefix):
        raise Problem(
            f"Jupyter runs the Python of {output.text} instead of {sys.prefix}",
            "take that kernel away: `jupyter kernelspec remove python3`",
        )
    return f"jupyter lab {lab.stdout.strip()}"


CHECKS = {  # name: (what tries it, what to do where it fails in a way that nobody foresaw)
    "python": (check_python, INSTALL_AGAIN),
    "packages": (check_packages, INSTALL_AGAIN),
    "disk": (check_disk, "work in a folder that you may write"),
    "simulator": (check_simulator, INSTALL_AGAIN),
    "training": (check_training, INSTALL_AGAIN),
    "driving": (check_driving, INSTALL_AGAIN),
    "film": (check_film, INSTALL_AGAIN),
    "notebooks": (check_notebooks, INSTALL_AGAIN),
}


def main() -> int:
    """Try everything; 0 where all is well, else 1."""
    try:
        folder = Path(tempfile.mkdtemp())
    except OSError as error:
        return _fail("disk", f"{_first_line(error)}; let TMPDIR name a folder that you may write")
    try:
        return _run(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder) -> int:
    facts = {}
    for name, (check, remedy) in CHECKS.items():
        started = perf_counter()
        try:
            facts[name] = check(folder)
        except UsageError as error:  # it says what to do
            return _fail(name, str(error))
        except Exception as error:  # whatever it is, whoever checks an installation wants no traceback
            return _fail(name, f"{_first_line(error)}; {remedy}")
        print(f"ok  {name:<10} {perf_counter() - started:>5.1f} s  {facts[name]}", flush=True)
    print(f"All is well: {facts['training']} in training. Begin with notebook 1 (make lab).")
    return 0


def _fail(name, line) -> int:
    print(f"Something is wrong with {name}: {line}.", flush=True)
    return 1


def _first_line(error) -> str:
    return f"{type(error).__name__}: {str(error).strip() or 'no more is known'}".splitlines()[0]


def _last_line(text) -> str:
    return (text.strip() or "it says nothing").splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main())
