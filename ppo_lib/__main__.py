"""The command line: python -m ppo_lib train | evaluate | record | benchmark."""

import io
import json
import re
import sys
from contextlib import redirect_stderr
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

import tyro
from tyro.conf import FlagCreatePairsOff, OmitArgPrefixes, Positional

from ppo_lib import checkpoint
from ppo_lib.config import PPOConfig
from ppo_lib.envs import default_backend, highway_config, is_highway, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.evaluation import agent_policy, evaluate_baselines, evaluate_policy, format_table
from ppo_lib.ppo import PPO
from ppo_lib.recording import record_drive
from ppo_lib.training_state import load_networks

NEW_RUN_STEPS = 100_000
PROGRAM = "python -m ppo_lib"
EVALUATION_SEED = 1_000_000  # far from the seeds that training starts from


@dataclass
class Highway:
    """What the driver sees, and how often it decides (highway-env only)."""

    observation: Literal["grayscale", "kinematics"] = "grayscale"  # images, or features of the nearest vehicles
    observation_shape: tuple[int, int] = (96, 24)  # width and height of the images, in pixels
    stack_size: int = 2  # consecutive images in one observation
    scaling: float = 1.25  # pixels per metre
    policy_frequency: int = 1  # decisions per second, in Hz
    env_config: str = "{}"  # any other key of highway-env's configuration, as JSON

    def config(self) -> dict:
        """highway-env's configuration dictionary."""
        try:
            overrides = json.loads(self.env_config)
        except json.JSONDecodeError as error:
            raise UsageError(f"--env-config is no JSON ({error}); write it like '{{\"lanes_count\": 4}}'") from None
        if not isinstance(overrides, dict):
            raise UsageError(
                f"--env-config must be a JSON object like '{{\"lanes_count\": 4}}', got {self.env_config}"
            )
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "env_config"}
        return highway_config(**own | overrides)


@dataclass
class Train:
    """Train an agent, or go on training one."""

    out: Path = Path("runs/first")  # the run's folder: progress.csv and the checkpoints
    env_id: str = "highway-fast-v0"  # any environment of Gymnasium's with discrete actions
    backend: str = "auto"  # fast, sync (one process), async (a process per environment); auto: fast where it can be
    num_envs: int | None = None  # environments driven side by side; by default 32 if fast, else 8
    total_steps: int | None = None  # environment steps in all; by default 100,000, or what the run was given
    resume: bool = False  # go on with the run in --out; its own settings hold
    start_from: Path | None = None  # a run or checkpoint whose networks a new run begins with
    eval_episodes: int = 20  # episodes of the closing evaluation; 0: none
    tensorboard: bool = False  # write TensorBoard files into --out, too
    device: str = "auto"  # auto, cpu, cuda, ...
    ppo: PPOConfig = field(default_factory=PPOConfig)
    highway: Highway = field(default_factory=Highway)

    def run(self) -> int:
        """Train, evaluate, say where it is. 130 when stopped by Ctrl-C, as shells expect."""
        learner = self._resumed() if self.resume else self._new()
        planned = NEW_RUN_STEPS if learner.total_steps is None else learner.total_steps
        total_steps = planned if self.total_steps is None else self.total_steps
        learner.learn(total_steps, out=self.out, tensorboard=self.tensorboard)
        print(f"{learner.env_steps:,} steps; the newest checkpoint is {checkpoint.newest_checkpoint(self.out)}")
        if learner.env_steps + learner.config.batch_size(learner.envs.num_envs) <= total_steps:
            print(f"Stopped early. To go on: python -m ppo_lib train --resume --out {self.out}")
            learner.envs.close()
            return 130
        if self.eval_episodes:
            results = evaluate_policy(
                agent_policy(learner.actor), learner.envs, self.eval_episodes, EVALUATION_SEED, progress=True
            )
            print(format_table({"this agent": results}))
        learner.envs.close()
        return 0

    def _new(self) -> PPO:
        if checkpoint.checkpoints_in(self.out):
            raise UsageError(f"{self.out} holds a run already; go on with it by --resume, or choose another --out")
        config = self.highway.config() if is_highway(self.env_id) else None
        backend = default_backend(self.env_id) if self.backend == "auto" else self.backend
        num_envs = self.num_envs
        if num_envs is None:
            num_envs = 32 if backend == "fast" else 8
        self.ppo.minibatch_size(max(num_envs, 1))
        envs = make_vector_env(self.env_id, num_envs, backend, config)
        try:
            trained = checkpoint.load_checkpoint(self.start_from) if self.start_from else None
            networks = load_networks(*trained, envs) if trained else ()
            return PPO(envs, self.ppo, *networks, device=self.device)
        except UsageError:
            envs.close()
            raise

    def _resumed(self) -> PPO:
        state = _load_state(self.out)[0]
        saved = state["config"] | {name: state["envs"][name] for name in ("env_id", "num_envs", "backend")}
        asked = {f.name: getattr(self.ppo, f.name) for f in fields(PPOConfig)} | vars(self)
        usual = {f.name: f.default for f in (*fields(PPOConfig), *fields(Train))}
        for name, value in saved.items():
            if asked[name] not in (usual[name], value):
                raise UsageError(
                    f"--{name.replace('_', '-')} {asked[name]} contradicts the run in {self.out}, which has {value}; "
                    "a resumed run keeps its settings, only --total-steps can change"
                )
        road = state["envs"]["config"]
        if self.highway != Highway() and json.loads(json.dumps(self.highway.config())) != road:
            raise UsageError(
                f"the road asked for differs from that of the run in {self.out}, which is {json.dumps(road)}; "
                "a resumed run keeps its settings, only --total-steps can change"
            )
        return PPO.load(self.out, device=self.device)


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

    def run(self) -> int:
        """Print the table, or the JSON object."""
        actor, origin = _load_agent(self.run_or_checkpoint)
        if self.episodes < 1:
            raise UsageError(f"--episodes must be at least 1, got {self.episodes}")
        backend = origin["backend"] if self.backend is None else self.backend
        where = origin | {"backend": backend, "num_envs": min(self.num_envs, self.episodes)}
        envs = make_vector_env(**where)
        policy = agent_policy(actor, deterministic=not self.stochastic)
        results = {"this agent": evaluate_policy(policy, envs, self.episodes, self.seed, progress=not self.json)}
        envs.close()
        if self.baselines:
            results |= evaluate_baselines(**where, episodes=self.episodes, seed=self.seed, progress=not self.json)
        if self.planner:
            from ppo_lib.planner import evaluate_planner  # only here, because numba takes a second to import

            road = {"env_id": where["env_id"], "config": where["config"], "num_envs": where["num_envs"]}
            results["planner"] = evaluate_planner(
                **road, episodes=self.episodes, seed=self.seed, progress=not self.json
            )
        if self.json:
            summaries = {driver: evaluation.summary() for driver, evaluation in results.items()}
            print(json.dumps(summaries.pop("this agent") | ({"baselines": summaries} if summaries else {})))
        else:
            print(format_table(results))
        return 0


@dataclass
class Record:
    """Film one episode of an agent."""

    run_or_checkpoint: Positional[Path]  # a run's folder (then its newest checkpoint), or one checkpoint
    out: Path = Path("drive.mp4")  # the film: .mp4 or .gif
    seed: int = EVALUATION_SEED  # of the episode
    stochastic: bool = False  # draw actions from the probabilities instead of taking the most probable

    def run(self) -> int:
        """Film, and say what is to be seen."""
        actor, origin = _load_agent(self.run_or_checkpoint)
        policy = agent_policy(actor, deterministic=not self.stochastic)
        drive = record_drive(policy, origin["env_id"], origin["config"], out=self.out, seed=self.seed)
        end = ", crashed" if drive.get("crashed") else ""
        print(f"{self.out}: {drive['length']} steps, return {drive['return']:.1f}{end}")
        return 0


@dataclass
class Benchmark:
    """Measure our speed as ratios against rivals, in one run (minutes)."""

    json: bool = False  # print one JSON object
    parts: tuple[Literal["training", "simulator", "learner"], ...] = ("training", "simulator", "learner")  # which
    rounds: int = 3  # of the training: how often each contestant runs; they take turns, and the median counts
    updates: int = 3  # of the training: rollouts in each turn

    def run(self) -> int:
        """Print the table, or the JSON object."""
        from ppo_lib import benchmark  # it needs a development extra

        report = benchmark.run(self.parts, self.rounds, self.updates)
        print(json.dumps(report) if self.json else benchmark.format_report(report))
        return 0


def _load_agent(run_or_checkpoint):
    """(actor, keyword arguments of make_vector_env for where it was trained)."""
    state, directory = _load_state(run_or_checkpoint)
    return checkpoint.load_network(directory / "actor.safetensors"), state["envs"]


def _load_state(run_or_checkpoint):
    """(training state, checkpoint's folder) of a run whose environments can be made again."""
    state, directory = checkpoint.load_checkpoint(run_or_checkpoint)
    if state["envs"] is None:
        raise UsageError(f"{directory} does not say which environments it was trained in; use it from Python")
    return state, directory


# tyro's words for a mistake, and plainer ones.
PLAIN_WORDS = {
    r"^Error parsing \S*dummy\S*: ": "",
    r"^Error parsing (\S+): invalid literal for int\(\) with base 10:": r"\1 takes a whole number, got",
    r"^Error parsing (\S+): could not convert string to float:": r"\1 takes a number, got",
    r"^Error parsing (\S+): no type matching \{None\}\|INT .* from \[('.*?')\].*": r"\1 takes a whole number, got \2",
    r"^Error parsing (\S+): no type matching \{None\}\|FLOAT .* from \[('.*?')\].*": r"\1 takes a number, got \2",
}
COMMANDS = {"train": Train, "evaluate": Evaluate, "record": Record, "benchmark": Benchmark}


def main(args=None) -> int:
    """Run one command; its exit code. A user's mistake is one line on stderr and 2."""
    try:
        return _parse(args).run()
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parse(args):
    """The command that the arguments ask for. tyro's framed report of a mistake becomes one line."""
    report = io.StringIO()
    try:
        with redirect_stderr(report):
            return tyro.extras.subcommand_cli_from_dict(
                COMMANDS, args=args, prog=PROGRAM, config=(OmitArgPrefixes, FlagCreatePairsOff)
            )
    except SystemExit as exit:
        if exit.code == 0:
            raise
    wrong, *rest = _paragraphs(report.getvalue())
    wrong = wrong.rstrip(".")
    for theirs, ours in PLAIN_WORDS.items():
        wrong = re.sub(theirs, ours, wrong)
    meant = re.search(r"Perhaps you meant: (--[\w-]+)", " ".join(rest))
    hint = f"did you mean {meant[1]}?" if meant else f"{PROGRAM} COMMAND --help says what is allowed"
    raise UsageError(f"{wrong}; {hint}")


def _paragraphs(report):
    """The paragraphs of tyro's report, framed where the terminal has Unicode, each on one line."""
    lines = report.strip().splitlines()
    lines = [line.strip("│ ") for line in lines[1:-1]] if lines[0].startswith("╭") else lines[2:]
    texts = re.split(r"^ *[─-]{4,} *$", "\n".join(lines), flags=re.MULTILINE)
    return [" ".join(text.split()) for text in texts]


if __name__ == "__main__":
    sys.exit(main())
