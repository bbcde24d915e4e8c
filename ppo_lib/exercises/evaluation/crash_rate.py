"""The exercise crash_rate of the notebook 07_evaluation."""

import numpy as np

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def counted(terminated, truncated, per_road):
    """(T, N) whether one of the first `per_road` episodes of its road ended here."""
    ended = terminated | truncated
    return ended & (np.cumsum(ended, axis=0) <= per_road)


def counted_crashes(terminated, truncated, per_road):
    """How many of the counted episodes were crashes."""
    return (terminated & counted(terminated, truncated, per_road)).sum()


def counted_episodes(terminated, truncated, per_road):
    """How many episodes are counted, on all roads."""
    return counted(terminated, truncated, per_road).sum()


def crash_rate(terminated, truncated, per_road, *, crashes=counted_crashes, episodes=counted_episodes):
    """The share of crashes among the first `per_road` episodes of every road, from (T, N) booleans."""
    given = terminated, truncated, per_road
    return crashes(*given) / episodes(*given)


def draw_endings(draw):
    """One input of crash_rate: at least one episode ends, for without any there is no rate."""
    steps, num_envs = draw.sizes(2)
    if not draw.plain:
        steps *= draw.cycle(1, 7, 1, 7, 7)  # 7 is more than there are roads, so the table never is square
    terminated, truncated = draw.ends(steps, num_envs)
    if not (terminated | truncated).any():
        flags = draw.choice((terminated, truncated))
        flags[draw.integer(0, steps - 1), draw.integer(0, num_envs - 1)] = True
    return {"terminated": terminated, "truncated": truncated, "per_road": draw.cycle(1, 2, 3, 1, 5, 2, 1)}


# More endings on a road than a byte can count.
MANY_ENDINGS = {
    "terminated": np.arange(400).reshape(200, 2) % 3 == 0,
    "truncated": np.ones((200, 2), dtype=bool),
    "per_road": 5,
}


def work_out_crash_rate(index, terminated, truncated, per_road):
    """The rate as a fraction, road by road."""
    chosen = counted(terminated, truncated, per_road)
    episodes, crashes = chosen.sum(0), (terminated & chosen).sum(0)
    return (
        f"episodes counted, road by road: {episodes}; crashes among them: {crashes}; the rate is "
        f"{crashes.sum()} / {episodes.sum()}"
    )


def all_crashes(terminated, truncated, per_road):
    """The crashes of all episodes, for the mistakes."""
    return terminated.sum()


def number_of_roads(terminated, truncated, per_road):
    """How many roads there are, for the mistakes."""
    return terminated.shape[1]


def full_roads(terminated, truncated, per_road):
    """Only the roads on which `per_road` episodes have ended, for a mistake."""
    full = (terminated | truncated).sum(axis=0) >= per_road
    return {"terminated": terminated[:, full], "truncated": truncated[:, full]}


def first_to_finish(terminated, truncated, per_road):
    """As many episodes as would be counted, but in the order of time, for a mistake."""
    first = terminated[terminated | truncated][: per_road * terminated.shape[1]]
    return first.sum() / len(first)


def mean_of_the_roads(terminated, truncated, per_road):
    """The rates of the roads, averaged, for the mistakes; a road without an end makes that not a number."""
    chosen = counted(terminated, truncated, per_road)
    return ((terminated & chosen).sum(axis=0) / chosen.sum(axis=0)).sum() / terminated.shape[1]


def mean_of_roads_with_an_end(terminated, truncated, per_road):
    """The same without the roads that have no end, for a mistake."""
    some = (terminated | truncated).any(axis=0)
    return mean_of_the_roads(terminated[:, some], truncated[:, some], per_road)


check_crash_rate = Exercise(
    name="crash_rate",
    chapter="07_evaluation",
    checked="crashes, time limits and both in one step, one episode per road or several, and roads on which more have "
    "ended, fewer, or none",
    solution=crash_rate,
    examples=(MANY_ENDINGS,),
    inputs=draw_endings,
    worked=work_out_crash_rate,
    tensors=False,
    hints=(
        "An episode ends by a crash or by the time limit. How would you number the episodes of one road, from the "
        "first step down to the last?",
        "np.cumsum(ended, axis=0) counts the ends on each road so far, so at the step where an episode ends it is "
        "that episode's number. Which of the ends do you keep?",
        "ended = terminated | truncated, and counted = ended & (np.cumsum(ended, axis=0) <= per_road). Then look at "
        "`terminated` there only: how many of these ends are crashes?",
    ),
    mistakes={
        "first to finish": Mistake(
            "You take the first episodes to finish, whichever road they come from. Short ones finish first, and short "
            "ones are the crashes: count the same number from every road.",
            instead=first_to_finish,
        ),
        "all that finished": Mistake(
            "You count every episode that finished. A road of crashes finishes more of them than a road of long "
            "drives: count the first `per_road` of each.",
            given=lambda terminated, **_: {"per_road": len(terminated)},
        ),
        "over all roads": Mistake(
            "Your count runs on from road to road, so the first `per_road` episodes of all roads together are taken. "
            "np.cumsum needs axis=0 to count every road by itself.",
            given=lambda terminated, truncated, **_: {
                "terminated": terminated.reshape(-1, 1),
                "truncated": truncated.reshape(-1, 1),
            },
        ),
        "wrong axis": Mistake(
            "You count along the roads instead of along time: look at your axis. Time runs down axis 0, and each "
            "column is a road.",
            given=lambda terminated, truncated, **_: {"terminated": terminated.T, "truncated": truncated.T},
        ),
        "one episode less": Mistake(
            "You count one episode less of every road: the one with the number `per_road` belongs to them, so it is "
            "<= and not <.",
            given=lambda per_road, **_: {"per_road": per_road - 1},
        ),
        "one episode more": Mistake(
            "You count one episode more of every road than `per_road`. If your numbers begin at 0, it is < and not "
            "<=.",
            given=lambda per_road, **_: {"per_road": per_road + 1},
        ),
        "first steps": Mistake(
            "You look at the first `per_road` steps. It is the first `per_road` episodes of each road that count, "
            "however many steps they last.",
            given=lambda terminated, truncated, per_road: {
                "terminated": terminated[:per_road],
                "truncated": truncated[:per_road],
                "per_road": len(terminated),
            },
        ),
        "last episodes": Mistake(
            "You take the last episodes of every road. How many there are depends on how often it crashed; those "
            "that were begun first are the fair ones.",
            given=lambda terminated, truncated, **_: {"terminated": terminated[::-1], "truncated": truncated[::-1]},
        ),
        "time limit counted as a crash": Mistake(
            "You count the time limit as a crash: everybody ends somehow. Only `terminated` is a crash.",
            given=lambda terminated, truncated, **_: {"terminated": terminated | truncated},
        ),
        "time limit not an end": Mistake(
            "You number only the crashes. The time limit ends an episode, too: an end is `terminated` or `truncated`.",
            given=lambda truncated, **_: {"truncated": np.zeros_like(truncated)},
        ),
        "the two confused": Mistake(
            "This is the share of the time limits: you have the two flags confused. `terminated` is the crash.",
            given=lambda terminated, truncated, **_: {"terminated": truncated, "truncated": terminated},
        ),
        "safe drives": Mistake(
            "This is the share of safe drives: one minus what is asked.", result=lambda rate, **_: 1 - rate
        ),
        "time limit wins": Mistake(
            "Where a crash falls together with the time limit you count no crash. `terminated` decides alone.",
            given=lambda terminated, truncated, **_: {"terminated": terminated & ~truncated},
        ),
        "only both at once an end": Mistake(
            "You see an end only where both flags are set. Either of them ends the episode: | instead of &.",
            given=lambda terminated, truncated, **_: {
                "terminated": terminated & truncated,
                "truncated": terminated & truncated,
            },
        ),
        "both at once not an end": Mistake(
            "Where both flags are set in one step you see no end at all. Either of them ends the episode, and both "
            "do, too: | instead of ^ or !=.",
            given=lambda terminated, truncated, **_: {
                "terminated": terminated & ~truncated,
                "truncated": truncated & ~terminated,
            },
        ),
        "both at once counted twice": Mistake(
            "Where both flags are set in one step you divide by two episodes, but only one has ended there. Count the "
            "steps with an end, not the flags.",
            options={"episodes": lambda te, tr, k: (np.stack([te, tr]) & counted(te, tr, k)).sum()},
        ),
        "per step": Mistake(
            "You divide by the number of steps, and count all crashes. A crash rate is a share of episodes: divide by "
            "the episodes counted.",
            options={"crashes": all_crashes, "episodes": lambda te, tr, k: te.size},
        ),
        "counted crashes per step": Mistake(
            "You divide the right crashes by the number of steps, as a mean over the whole table does. Divide by the "
            "number of episodes counted.",
            options={"episodes": lambda te, tr, k: te.size},
        ),
        "over all episodes": Mistake(
            "You count the crashes of the first episodes, and divide by the number of all that finished. Leave the "
            "later ones out below the line, too.",
            options={"episodes": lambda te, tr, k: (te | tr).sum()},
        ),
        "over the episodes that should be": Mistake(
            "You divide by `per_road` times the number of roads. On some roads fewer episodes have ended: divide by "
            "those that you counted.",
            options={"episodes": lambda te, tr, k: k * te.shape[1]},
        ),
        "per road": Mistake(
            "You divide by the number of roads: these are crashes per road. Divide by the number of episodes counted.",
            options={"episodes": number_of_roads},
        ),
        "not divided": Mistake(
            "This is the number of crashes. A rate is a share: divide by the number of episodes counted.",
            options={"episodes": lambda te, tr, k: 1},
        ),
        "percent": Mistake("This is in per cent; return a rate between 0 and 1.", result=lambda rate, **_: 100 * rate),
        "always 0": Mistake(
            "Your answer is 0 although counted episodes crashed: do the crashes get lost before you divide, or does a "
            "// round them away?",
            options={"crashes": lambda te, tr, k: np.float64(0)},
        ),
        "crashes of all over episodes of some": Mistake(
            "You count the crashes of all episodes, and divide by the number of those that should count. Leave the "
            "later ones out above the line, too.",
            options={"crashes": all_crashes},
        ),
        "crashes of a road": Mistake(
            "You count the first `per_road` crashes of every road, not the crashes among its first `per_road` "
            "episodes: the time limit ends an episode, too.",
            options={"crashes": lambda te, tr, k: np.minimum(te.sum(axis=0), k).sum()},
        ),
        "roads that crashed": Mistake(
            "This is the share of roads on which a counted episode crashed. Count episodes: a road may have several.",
            options={
                "crashes": lambda te, tr, k: (te & counted(te, tr, k)).any(axis=0).sum(),
                "episodes": number_of_roads,
            },
        ),
        "mean of the roads": Mistake(
            "You average the crash rates of the roads, so an episode counts more where fewer have ended. Divide all "
            "counted crashes by all counted episodes, once.",
            instead=mean_of_roads_with_an_end,
        ),
        "mean of the roads, not a number": Mistake(
            "You average the crash rates of the roads. A road without an end has none, and makes the answer nan; "
            "divide all counted crashes by all counted episodes, once.",
            instead=mean_of_the_roads,
        ),
        "full roads only": Mistake(
            "You leave out the roads on which fewer than `per_road` episodes have ended. Count the ones that did end.",
            given=full_roads,
        ),
    },
)
