"""What results/ and docs/peers.md say can be computed again."""

import json
import signal
import sys
from pathlib import Path
from statistics import mean

import pytest
from scipy.stats import ttest_ind

from ppo_lib.__main__ import main

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results"
sys.path.insert(0, str(RESULTS))
import ablations  # noqa: E402
import competence  # noqa: E402
import experiments  # noqa: E402
import peers  # noqa: E402
import promise  # noqa: E402
import study  # noqa: E402

AGENTS = ("images", "features")
REALLY_RUN = {"CleanRL's algorithm": "ours, time limit taken for a crash"}  # what docs/peers.md calls it


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_drives_as_its_card_says(agent, capsys):
    """The card's figures come from the original; here the same episodes are driven in the fast simulator."""
    said = json.loads((RESULTS / agent / "evaluation.json").read_text())
    episodes = str(said["episodes"])
    assert main(["evaluate", str(RESULTS / agent), "--episodes", episodes, "--num-envs", "100", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["return_mean"] == pytest.approx(said["return_mean"], abs=0.1)  # another CPU may round differently
    assert measured["crash_rate"] == pytest.approx(said["crash_rate"], abs=0.006)
    assert measured["mean_speed"] == pytest.approx(said["mean_speed"], abs=0.1)


@pytest.mark.parametrize("agent", AGENTS)
def test_a_card_quotes_its_evaluation(agent):
    said = json.loads((RESULTS / agent / "evaluation.json").read_text())
    card = (RESULTS / agent / "README.md").read_text()
    assert f"{said['return_mean']:.2f} [{said['return_ci95'][0]:.2f}, {said['return_ci95'][1]:.2f}]" in card
    assert f"{said['crash_rate']:.1%}".replace("%", " %") in card
    assert f"{said['mean_speed']:.1f} m/s" in card


@pytest.mark.parametrize("part", study.VARIANTS)
def test_the_study_is_complete_and_its_table_is_what_the_readme_shows(part):
    rows = experiments.read_rows(RESULTS / f"study_{part}.csv")
    assert {(row["variant"], row["seed"]) for row in rows} == {(v, s) for v in study.VARIANTS[part] for s in "012"}
    assert study.format_study(rows) in (RESULTS / "README.md").read_text()


def test_the_ablations_are_complete_and_their_table_is_what_the_readme_shows():
    rows = experiments.read_rows(RESULTS / "ablations.csv")
    assert {(row["variant"], row["seed"]) for row in rows} == {(v, s) for v in ablations.VARIANTS for s in "01234"}
    assert ablations.format_ablations(rows) in (RESULTS / "README.md").read_text()


def test_promise_against_truth_is_complete_and_its_table_is_what_the_readme_shows():
    rows = experiments.read_rows(RESULTS / "promise.csv")
    found = [(row["setting"], int(row["seed"]), float(row["clip_eps"]), int(row["passes"])) for row in rows]
    expected = {
        (name, seed, clip_eps, passes)
        for name, setting in promise.SETTINGS.items()
        for seed in range(setting.seeds)
        for clip_eps in setting.clip_epsilons
        for passes in promise.PASSES
    }
    assert set(found) == expected
    assert len(found) == len(expected)
    assert promise.format_promise(rows) in (RESULTS / "README.md").read_text()


# {variant: (digits of the difference, does it stand after Bonferroni's correction for all comparisons?)}
DIFFERENCES = {
    "shared encoder": (1, True),
    "advantages not normalised": (1, False),
    "λ = 1": (1, False),
    "time limit taken for a crash": (1, False),
    "values clipped": (2, True),
}


@pytest.mark.parametrize("variant", DIFFERENCES)
def test_what_a_detail_is_worth_is_computed_from_the_ablations(variant):
    rows = experiments.read_rows(RESULTS / "ablations.csv")
    scores = {name: seeds for name, (seeds, _, _) in ablations.final_scores(rows).items()}
    digits, stands = DIFFERENCES[variant]
    welch = ttest_ind(scores["all details"], scores[variant], equal_var=False)
    low, high = welch.confidence_interval()
    difference = mean(scores["all details"]) - mean(scores[variant])
    said = f"{difference:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
    assert said in (RESULTS / "README.md").read_text()
    assert (welch.pvalue * (len(scores) - 1) < 0.05) == stands
    if variant in ("advantages not normalised", "values clipped"):
        chapter = (ROOT / "notebooks" / "06_training_loop.ipynb").read_text(encoding="utf-8")
        assert said in chapter.replace(", 95 % interval", "")


def test_the_search_for_the_defaults_is_complete_and_its_table_is_what_the_readme_shows():
    rows = experiments.read_rows(RESULTS / "competence.csv")
    assert {(row["variant"], row["seed"]) for row in rows} == {(v, s) for v in competence.SETTINGS for s in "01234"}
    target = competence.lazy_return() + competence.MARGIN
    assert competence.format_competence(rows, target) in (RESULTS / "README.md").read_text()
    fresh = experiments.read_rows(RESULTS / "competence_fresh.csv")
    ran = {(row["variant"], row["seed"]) for row in fresh}
    assert ran == {(v, str(s)) for v in ("default", "8 minibatches") for s in range(5, 15)}
    assert {row["seed"] for row in fresh}.isdisjoint({row["seed"] for row in rows})
    assert competence.format_competence(fresh, target) in (RESULTS / "README.md").read_text()


def test_the_peers_are_complete_and_their_table_is_what_the_guide_shows():
    contests = {"step": peers.per_step(0), "minute": peers.per_minute(0)}
    files = [experiments.read_rows(RESULTS / f"peers_{name}.csv") for name in contests]
    for rows, contestants in zip(files, contests.values(), strict=True):
        assert {(row["variant"], row["seed"]) for row in rows} == {(c, s) for c in contestants for s in "01234"}
    for row in (row for rows in files for row in rows):
        row["variant"] = REALLY_RUN.get(row["variant"], row["variant"])
    assert peers.format_peers(*files) in (ROOT / "docs" / "peers.md").read_text()


@pytest.mark.parametrize("rival", ["CleanRL's algorithm", "Stable-Baselines3, our settings"])
def test_the_guide_states_how_far_ours_is_from_a_rival_with_welchs_interval(rival):
    rows = experiments.read_rows(RESULTS / "peers_step.csv")
    ours, theirs = (
        [float(row["return"]) for row in experiments.last_rows(rows, variant)] for variant in ("ours", rival)
    )
    low, high = ttest_ind(ours, theirs, equal_var=False).confidence_interval()
    guide = " ".join((ROOT / "docs" / "peers.md").read_text().split())
    assert f" {mean(ours) - mean(theirs):.2f} " in guide
    assert f"[{low:.2f}, {high:.2f}]" in guide


def test_every_variant_of_an_experiment_differs_from_its_default():
    for variants in (ablations.VARIANTS, *study.VARIANTS.values()):
        default, *others = variants.values()
        for other in others:
            assert other != default


def test_a_run_is_judged_at_regular_steps_and_not_repeated(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "FOLDER", tmp_path)
    variant = study.numbers(num_envs=4, num_steps=16, num_minibatches=1)
    experiments.run_all("some.csv", {"a": variant}, (0, 1), 640)
    rows = experiments.read_rows(tmp_path / "some.csv")
    assert [int(row["env_steps"]) for row in rows if row["seed"] == "0"] == list(range(128, 641, 128))
    assert all(float(row["return"]) > 0 for row in rows)
    monkeypatch.setattr(variant, "run", None)  # would fail if called
    experiments.run_all("some.csv", {"a": variant}, (0, 1), 640)


def test_the_end_of_a_training_is_judged_once():
    whole, cut_short = (
        study.numbers(num_envs=4, num_steps=16, num_minibatches=1).run(0, total, judgements=2) for total in (256, 300)
    )
    assert [env_steps for env_steps, _, _ in whole] == [128, 256]
    assert [env_steps for env_steps, _, _ in cut_short] == [192, 256]  # no further rollout fits into 300


def test_a_run_by_time_ends_with_it():
    rows = study.numbers(num_envs=4, num_steps=16, num_minibatches=1).run(0, 10**6, judgements=2, seconds=1)
    assert rows[0][1] >= 0.5
    assert rows[-1][1] >= 1
    assert rows[-1][0] < 10**6


def test_an_interrupted_run_is_no_result(monkeypatch):
    monkeypatch.setattr(experiments.Judge, "__call__", lambda *_: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        study.numbers().run(0, 10_000)
    with pytest.raises(KeyboardInterrupt):
        competence.train_until(2, {}, seed=0, target=20)


def test_a_training_ends_when_the_target_is_reached_twice_in_a_row_or_is_given_up(monkeypatch):
    monkeypatch.setattr(competence, "GIVEN_UP_AT", 8_192)
    small = {"num_steps": 1024, "num_minibatches": 1, "num_epochs": 1}
    assert [env_steps for env_steps, _, _ in competence.train_until(2, small, 0, target=-1)] == [2048, 4096]
    assert [env_steps for env_steps, _, _ in competence.train_until(2, small, 0, target=31)][-1] == 8_192


def test_the_lazy_driver_is_beaten_at_the_first_of_two_judgements():
    rows = [{"env_steps": n, "return": str(value)} for n, value in enumerate((22, 20, 22, 23, 24))]
    assert competence.first_of_two(rows, 21.5)["env_steps"] == 2
    assert competence.first_of_two(rows, 23.5) is None


def test_a_setting_that_never_beats_the_lazy_driver_is_reported_too():
    rows = [
        {"variant": name, "seed": "0", "env_steps": str(n), "seconds": "1.0", "return": value, "crash_rate": "0.02"}
        for name, value in (("never", "20"), ("soon", "22"))
        for n in (2048, 4096)
    ]
    _, first, last = competence.format_competence(rows, 21.5).splitlines()
    assert first.split() == ["soon", "2,048", "1.0", "2%", "1", "of", "1"]
    assert last.split() == ["never", "inf", "inf", "nan%", "0", "of", "1"]


def test_a_time_limit_taken_for_a_crash():
    envs = experiments.TimeLimitAsCrash(
        experiments.make_vector_env("highway-fast-v0", 1, "fast", experiments.highway_config("kinematics", duration=2))
    )
    envs.reset(seed=0)
    envs.step([4])
    _, _, terminated, truncated, _ = envs.step([4])
    assert terminated[0]
    assert not truncated[0]


def test_stable_baselines3_is_told_of_crashes_and_time_limits():
    envs = peers.fast_envs(8, 0)
    envs.reset()
    ends = []
    for _ in range(31):
        _, _, done, infos = envs.step([3] * 4 + [4] * 4)  # four drive fast and crash, four drive slowly to the end
        ends += [infos[n]["TimeLimit.truncated"] for n in range(8) if done[n]]
        assert all("terminal_observation" in infos[n] for n in range(8) if done[n])
    assert {True, False} == set(ends)
