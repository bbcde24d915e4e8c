"""The exercise normalize of the notebook 04_advantage_estimation."""

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def mean(advantages, axes):
    """Their mean over these axes, which keep their places."""
    return advantages.mean(axes, keepdim=True)


def deviation(advantages, axes, correction):
    """Their standard deviation over these axes, which keep their places."""
    return advantages.std(axes, correction=correction, keepdim=True)


def normalize(advantages, *, axes=(0, 1), correction=0, centre=mean, spread=deviation):
    """(T, N): mean 0 and standard deviation 1 over all transitions together."""
    return (advantages - centre(advantages, axes)) / spread(advantages, axes, correction)


def draw_advantages(draw):
    """One input of normalize: never all equal, some of them 0, and sometimes far from 0 for their spread."""
    steps, num_envs = draw.sizes(2)
    if steps * num_envs < 3:
        steps += 3
    outlier = draw.cycle(1.0, 1.0, 100.0)
    steps *= 10 if outlier > 1 else 1  # among few numbers none can be far out
    spread = draw.floats(steps * num_envs)
    spread[3:4] *= outlier
    spread[:3] = 3 * draw.scale, -3 * draw.scale, 0.0
    centre = draw.cycle(0.0, 2.0, -5.0, 0.0, 1000.0) * draw.scale
    spread *= 1.0 if draw.plain else draw.cycle(1.0, 1.0, 1.0, 0.2)
    return {"advantages": (draw.rng.permutation(spread) + centre).reshape(steps, num_envs).astype(draw.dtype)}


def work_out_normalized(index, advantages):
    """One normalised advantage, in numbers."""
    mean, deviation = advantages.double().mean(), advantages.double().std(correction=0)
    return f"at {list(index)}: (Â - mean) / deviation = ({advantages[index]:.4g} - {mean:.4g}) / {deviation:.4g}"


check_normalize = Exercise(
    name="normalize",
    chapter="04_advantage_estimation",
    checked="mean 0 and standard deviation 1 over all transitions together, for small, large and negative advantages",
    solution=normalize,
    inputs=draw_advantages,
    worked=work_out_normalized,
    hints=(
        "Two numbers describe where the advantages lie: their mean, and their standard deviation. Of which numbers "
        "should the two be taken, so that a bad drive stays bad?",
        "One mean and one deviation for the whole (T, N) table: the methods take no axis then.",
        "Subtract first, then divide: (advantages - advantages.mean()) / advantages.std(correction=0).",
    ),
    mistakes={
        "over time": Mistake(
            "You normalise every drive by itself (over axis 0, time): then a bad drive looks as good as a good one. "
            "Use one mean and one standard deviation for all transitions.",
            options={"axes": (0,)},
        ),
        "over environments": Mistake(
            "You normalise every moment by itself (over axis 1, the environments): use one mean and one standard "
            "deviation for all transitions.",
            options={"axes": (1,)},
        ),
        "not centred": Mistake(
            "Your advantages still have their mean: subtract it before you divide.",
            options={"centre": lambda a, axes: 0.0},
        ),
        "not scaled": Mistake(
            "Your advantages have mean 0, but still their old spread: divide by the standard deviation.",
            options={"spread": lambda *_: 1.0},
        ),
        "variance": Mistake(
            "You divide by the variance; it is in squared units. Divide by its root, the standard deviation.",
            options={"spread": lambda a, axes, correction: a.var(axes, correction=correction, keepdim=True)},
        ),
        "one transition less": Mistake(
            "Nearly: torch's std divides by one less than the number of transitions, unless you write "
            "std(correction=0). In a large batch nobody would see it.",
            options={"correction": 1},
        ),
        "parentheses": Mistake(
            "You divide only the mean by the standard deviation: look at your parentheses.",
            instead=lambda a: a - a.mean() / a.std(correction=0),
        ),
        "mean after the division": Mistake(
            "You divide first, and then subtract the mean that the advantages had before the division: subtract "
            "first.",
            options={"centre": lambda a, axes: mean(a, axes) * deviation(a, axes, 0)},
        ),
        "median": Mistake(
            "You subtract the median. What PPO subtracts is the mean.",
            options={"centre": lambda a, axes: a.median()},
        ),
        "range": Mistake(
            "You divide by the distance from the smallest to the largest. One outlier would then make all others "
            "small: divide by the standard deviation.",
            options={"spread": lambda a, *_: a.max() - a.min()},
        ),
        "to the unit interval": Mistake(
            "You bring the advantages between 0 and 1, so that none is negative any more, and no action is ever "
            "discouraged. Mean 0 and standard deviation 1 are wanted.",
            options={"centre": lambda a, axes: a.min(), "spread": lambda a, *_: a.max() - a.min()},
        ),
        "mean absolute deviation": Mistake(
            "You divide by the mean distance from the mean. The standard deviation is the root of the mean *squared* "
            "distance.",
            options={"spread": lambda a, axes, correction: mean((a - mean(a, axes)).abs(), axes)},
        ),
        "norm": Mistake(
            "You divide by the length of the vector, so your advantages shrink as the batch grows. Divide by the "
            "standard deviation.",
            options={"spread": lambda a, *_: (a - a.mean()).norm()},
        ),
        "root mean square": Mistake(
            "You divide by the root of the mean of the squares, of advantages that still have their mean. The "
            "deviation is measured from the mean.",
            options={"spread": lambda a, axes, correction: mean(a.square(), axes).sqrt()},
        ),
        "epsilon": Mistake(
            "What you add to the standard deviation, lest it be 0, is too large: where advantages are small it "
            "decides. 1e-8 does no harm.",
            options={"spread": lambda *given: deviation(*given) + 1e-5},
        ),
        "sign": Mistake(
            "The sign: you subtract the advantages from their mean, so that good actions look bad.",
            result=lambda normalized, **_: -normalized,
        ),
    },
)
