"""The five commands of the command line. Each is a dataclass, whose fields are its flags: see ppo_lib.arguments."""

import json
import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from ppo_lib import checkpoint
from ppo_lib.arguments import flag
from ppo_lib.config import PPOConfig
from ppo_lib.envs import EnvSpec, highway_config, is_highway
from ppo_lib.errors import UsageError
from ppo_lib.evaluation import agent_policy, baselines, check_seed, evaluate_policy, format_table
from ppo_lib.ppo import PPO
from ppo_lib.recording import record_drive
from ppo_lib.training import FINISHED

NEW_RUN_STEPS = 100_000
EVALUATION_SEED = 1_000_000  # far from the seeds that training starts from
AGENT = "this agent"
INTERRUPTED = 130  # the exit code of what Ctrl-C ends, as shells expect


@dataclass
class Highway:
    """What the driver sees and moves, and how often it decides (highway-env only)."""

    observation: Literal["grayscale", "kinematics"] = "grayscale"  # images, or features of the nearest vehicles
    observation_shape: tuple[int, int] = (96, 24)  # width and height of the images, in pixels
    stack_size: int = 2  # consecutive images in one observation
    scaling: float = 1.25  # pixels per metre
    actions: Literal["meta", "continuous"] = "meta"  # faster, slower, left, right and idle, or throttle and steering
    policy_frequency: int | None = None  # decisions per second, in Hz; by default 1, with continuous actions 5
    env_config: str = "{}"  # any other key of highway-env's configuration, as JSON

    def config(self) -> dict:
        """highway-env's configuration dictionary."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "env_config"}
        return highway_config(**own | self.overrides())

    def overrides(self) -> dict:
        """What env_config says."""
        try:
            overrides = json.loads(self.env_config)
        except json.JSONDecodeError as error:
            raise UsageError(f"--env-config is no JSON ({error}); write it like '{{\"lanes_count\": 4}}'") from None
        if not isinstance(overrides, dict):
            raise UsageError(
                f"--env-config must be a JSON object like '{{\"lanes_count\": 4}}', got {self.env_config}"
            )
        return overrides


@dataclass
class Train:
    """Train an agent, or go on training one."""

    out: Path = Path("runs/first")  # the run's folder: progress.csv and the checkpoints
    env_id: str = "highway-fast-v0"  # any environment of Gymnasium's with discrete actions
    backend: str = "auto"  # fast, sync (one process), async (a process per environment); auto: fast where it can be
    num_envs: int | None = None  # environments driven side by side; by default 32 if fast, else 8
    total_steps: int | None = None  # environment steps in all; by default 100,000, or what the run was given
    resume: bool = False  # go on with the run in --out; its own settings hold
    overwrite: bool = False  # delete the run in --out and begin a new one
    start_from: Path | None = None  # a run or checkpoint whose networks a new run begins with
    eval_episodes: int = 20  # episodes of the closing evaluation; 0: none
    tensorboard: bool = False  # write TensorBoard files into --out, too
    device: str = "auto"  # auto, cpu, cuda, ...
    ppo: PPOConfig = field(default_factory=PPOConfig)
    highway: Highway = field(default_factory=Highway)

    def run(self, asked: dict) -> int:
        """Train, evaluate, say where it is. 130 when stopped by Ctrl-C."""
        learner = self._resumed(asked) if self.resume else self._new(asked)
        with closing(learner.collector):
            planned = learner.total_steps or NEW_RUN_STEPS
            total_steps = planned if self.total_steps is None else self.total_steps
            rollout = learner.config.batch_size(learner.envs.num_envs)
            if self.resume and self.total_steps is None and learner.env_steps + rollout > planned:
                print(
                    f"The run in {self.out} has done {learner.env_steps:,} of its {planned:,} steps; no rollout of "
                    f"{rollout:,} fits into the rest. Give more by --total-steps."
                )
                return 0
            learner.learn(total_steps, out=self.out, overwrite=self.overwrite, tensorboard=self.tensorboard)
            return self._conclude(learner, total_steps, rollout)

    def _conclude(self, learner, total_steps, rollout):
        print(f"{learner.env_steps:,} steps; the newest checkpoint is {checkpoint.newest_checkpoint(self.out)}")
        if learner.stop_reason != FINISHED:
            print(f"Stopped early. To go on: python -m ppo_lib train --resume --out {self.out}")
            return INTERRUPTED
        if learner.env_steps < total_steps:
            print(f"Another rollout of {rollout:,} steps would exceed the {total_steps:,} asked for.")
        if self.eval_episodes > 0:
            policy = agent_policy(learner.actor)
            results = evaluate_policy(policy, learner.envs, self.eval_episodes, EVALUATION_SEED, progress=True)
            print(format_table({AGENT: results}))
        return 0

    def _new(self, asked) -> PPO:
        if checkpoint.checkpoints_in(self.out) and not self.overwrite:
            raise UsageError(
                f"{self.out} holds a run already; go on with it by --resume, delete it by --overwrite, or choose "
                "another --out"
            )
        config = self.highway.config() if is_highway(self.env_id) else None
        for f in fields(Highway):
            if config is None and f.name in asked:
                raise UsageError(f"{flag(f.name)} is for the environments of highway-env; {self.env_id} is none")
        spec = EnvSpec(self.env_id, 1 if self.num_envs is None else self.num_envs, self.backend, config)
        if self.num_envs is None:
            spec = spec.with_(num_envs=32 if spec.backend == "fast" else 8)
        self.ppo.minibatch_size(spec.num_envs)
        trained = checkpoint.load_checkpoint(self.start_from) if self.start_from else None
        networks = trained.load_networks() if trained else ()
        with ExitStack() as undo:
            envs = undo.enter_context(closing(spec.make()))
            if trained:
                trained.check_spaces(networks[0], envs)
            learner = PPO(envs, self.ppo, *networks, device=self.device)
            undo.pop_all()
        return learner

    def _resumed(self, asked) -> PPO:
        for name in ("overwrite", "start_from"):
            if asked.get(name):
                raise UsageError(
                    f"{flag(name)} begins a new run, and --resume goes on with one; leave one of them out"
                )
        saved = _load(self.out)
        spec = saved.env_spec
        settings = {f.name: getattr(saved.config, f.name) for f in fields(PPOConfig)}
        settings |= {"env_id": spec.env_id, "num_envs": spec.num_envs, "backend": spec.backend}
        for name, value in settings.items():
            wanted = getattr(self.ppo, name, asked.get(name))
            if name in asked and wanted != value and (name, wanted) != ("backend", "auto"):
                raise UsageError(
                    f"{flag(name)} {wanted} contradicts the run in {self.out}, which has {value}; "
                    "a resumed run keeps its settings, only --total-steps can change"
                )
        if not self._is_the_road(asked, spec):
            raise UsageError(
                f"the road asked for differs from that of the run in {self.out}, which is {json.dumps(spec.config)}; "
                "a resumed run keeps its settings, only --total-steps can change"
            )
        return PPO.load(self.out, device=self.device)

    def _is_the_road(self, asked, spec) -> bool:
        """Whether all that was said of the road holds for that of a run."""
        said = {f.name for f in fields(Highway)} & asked.keys()
        if not said or spec.config is None:
            return not said
        road, wanted = (
            {**c, **c["observation"]} for c in (spec.config, spec.with_(config=self.highway.config()).config)
        )
        keys = said - {"observation", "actions", "env_config"} | self.highway.overrides().keys()
        keys |= ({"type"} if "observation" in said else set()) | ({"action"} if "actions" in said else set())
        return all(road.get(key) == wanted.get(key) for key in keys)


@dataclass
class Evaluate:
    """Measure an agent over fresh episodes: return, crash rate, speed, length."""

    run_or_checkpoint: Positional[Path]  # a run's folder (then its newest checkpoint), or one checkpoint
    episodes: int = 20  # number of episodes; number e is driven from seed + e
    backend: str | None = None  # fast, sync, async or auto; by default the one trained with
    num_envs: int = 8  # environments driven side by side; does not change the result
    seed: int = EVALUATION_SEED  # of the first episode
    stochastic: bool = False  # draw actions from the probabilities instead of taking the most probable
    baselines: bool = False  # measure the baseline drivers beside it
    planner: bool = False  # measure the planner beside it, the upper line (fast environments only, minutes)
    json: bool = False  # print one JSON object

    def run(self, asked: dict) -> int:
        """Print the table, or the JSON object. After Ctrl-C that of the drivers that had finished, and 130."""
        if self.episodes < 1:
            raise UsageError(f"--episodes must be at least 1, got {self.episodes}")
        check_seed(self.seed)
        results, stopped = {}, False
        try:
            for driver, evaluation in self._drivers():
                results[driver] = evaluation
        except KeyboardInterrupt:
            stopped = True
        if results:
            self._report(results)
        if stopped:
            finished = f"{', '.join(results)} had" if results else "No driver had"
            print(
                f"Stopped. {finished} finished all episodes; one that had not is left out, because the episodes that "
                "end first are the short ones.",
                file=sys.stderr,
            )
        return INTERRUPTED if stopped else 0

    def _drivers(self):
        """(name, Evaluation) of each driver; what cannot be done is refused before the first of them drives."""
        saved = _load(self.run_or_checkpoint)
        actor = checkpoint.load_network(saved.directory / "actor.safetensors")
        spec = saved.env_spec.with_(num_envs=min(self.num_envs, self.episodes))
        if self.backend is not None:
            spec = spec.with_(backend=self.backend)
        if self.planner:
            from ppo_lib.planner import evaluate_planner, planners_view  # here: numba takes a second to import

            planners_view(spec)
        how = {"episodes": self.episodes, "seed": self.seed, "progress": not self.json}
        with closing(spec.make()) as envs:
            yield AGENT, evaluate_policy(agent_policy(actor, not self.stochastic), envs, **how)
        if self.baselines:
            yield from baselines(spec, **how)
        if self.planner:
            yield "planner", evaluate_planner(spec.env_id, spec.config, num_envs=spec.num_envs, **spec.kwargs, **how)

    def _report(self, results):
        if not self.json:
            print(format_table(results))
            return
        summaries = {driver: evaluation.summary() for driver, evaluation in results.items()}
        print(json.dumps(summaries.pop(AGENT) | ({"baselines": summaries} if summaries else {})))


@dataclass
class Record:
    """Film one episode of an agent."""

    run_or_checkpoint: Positional[Path]  # a run's folder (then its newest checkpoint), or one checkpoint
    out: Path = Path("drive.mp4")  # the film: .mp4 or .gif
    seed: int = EVALUATION_SEED  # of the episode
    stochastic: bool = False  # draw actions from the probabilities instead of taking the most probable

    def run(self, asked: dict) -> int:
        """Film, and say what is to be seen."""
        saved = _load(self.run_or_checkpoint)
        spec = saved.env_spec
        policy = agent_policy(checkpoint.load_network(saved.directory / "actor.safetensors"), not self.stochastic)
        drive = record_drive(policy, spec.env_id, spec.config, out=self.out, seed=self.seed, **spec.kwargs)
        end = ", crashed" if drive.get("crashed") else ""
        print(f"{self.out}: {drive['length']} steps, return {drive['return']:.1f}{end}")
        return 0


@dataclass
class Benchmark:
    """Measure our speed as ratios against rivals, in one run (minutes)."""

    json: bool = False  # print one JSON object
    parts: tuple[Literal["training", "simulator", "learner", "gpu"], ...] = (
        "training",
        "simulator",
        "learner",
    )  # which
    rounds: int = 3  # of the training: how often each contestant runs; they take turns, and the median counts
    updates: int = 3  # of the training: rollouts in each turn

    def run(self, asked: dict) -> int:
        """Print the table, or the JSON object."""
        from ppo_lib import benchmark  # it needs a development extra

        report = benchmark.run(self.parts, self.rounds, self.updates)
        print(json.dumps(report) if self.json else benchmark.format_report(report))
        return 0


@dataclass
class Grade:
    """Check the exercises in notebooks that were handed in, each in a process that can do no harm."""

    folder: Positional[Path]  # a notebook for each student, or a folder of notebooks for each
    out: Path = Path("grades.csv")  # a line for each student and exercise
    plot: Path | None = None  # what the class confuses; by default beside the table, as .png
    seed: int | None = None  # of the inputs that functions are tried on; by default new ones each time
    jobs: int | None = None  # notebooks at once; by default as many as there are cores
    call_seconds: float = 10.0  # for the cells that a function needs, and for each of its calls
    notebook_seconds: float = 120.0  # for all that a notebook's cells and functions do

    def run(self, asked: dict) -> int:
        """Write the table and the plot, and print what is solved. After Ctrl-C the notebooks so far, and 130."""
        from ppo_lib.grading import command  # the exercises take a second to import

        limits = {"call_seconds": self.call_seconds, "notebook_seconds": self.notebook_seconds}
        finished = command.grade(self.folder, self.out, self.plot, self.seed, self.jobs, **limits)
        return 0 if finished else INTERRUPTED


COMMANDS = {"train": Train, "evaluate": Evaluate, "record": Record, "benchmark": Benchmark, "grade": Grade}


def _load(run_or_checkpoint) -> checkpoint.Checkpoint:
    """A checkpoint whose environments can be made again."""
    path = Path(run_or_checkpoint)
    if path.is_file():
        raise UsageError(f"{path} is a file; give the folder that it lies in, {path.parent}")
    saved = checkpoint.load_checkpoint(path)
    if saved.env_spec is None:
        raise UsageError(f"{saved.directory} does not say which environments it was trained in; use it from Python")
    if saved.env_spec.by_hand:
        by_hand = ", ".join(saved.env_spec.by_hand)
        raise UsageError(f"{saved.directory} was trained in environments with {by_hand}; use it from Python")
    return saved
