"""The exercise loop of the notebook 06_training_loop."""

from functools import partial

import numpy as np

from ppo_lib.exercises.attempt import Complaint, NotNumbers, describe, read_numbers
from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake
from ppo_lib.exercises.training_loop.common import is_empty

ANNEAL, ROLLOUT, UPDATE = range(3)
TOLD_AT_MOST = 13  # calls


class Record:
    """The three functions that a loop calls, and the calls of them: rows of (which one, with or what).

    A batch is a number, counted from 1, in a wrapping that nobody else makes.

    Args:
        at_most: calls, until the loop counts as endless.
    """

    def __init__(self, at_most):
        self.calls, self.at_most, self.batches = [], at_most, {}

    def anneal(self, progress):
        """Notes the share."""
        try:
            share = read_numbers(progress).reshape(())
        except (NotNumbers, ValueError):
            raise Complaint(
                "no share", f"You give anneal {describe(progress)}; it needs a number, the share that is done."
            ) from None
        self._note(ANNEAL, float(share))

    def rollout(self):
        """Hands out one more batch."""
        batch = {"rewards": len(self.batches) + 1}
        self.batches[id(batch)] = batch
        self._note(ROLLOUT, len(self.batches))
        return batch

    def update(self, batch):
        """Notes which batch it is given."""
        if id(batch) not in self.batches:
            raise Complaint(
                "no batch", f"You give update {describe(batch)}; it needs the batch that rollout returned."
            )
        self._note(UPDATE, batch["rewards"])

    def _note(self, which, what):
        if len(self.calls) == self.at_most:
            raise Complaint(
                "endless",
                "Your loop does not end where it should: each rollout takes batch_size steps. Do you count them?",
            )
        self.calls.append((which, what))


def turns(total_steps, batch_size):
    """The steps that have been taken when each rollout begins."""
    return range(0, total_steps - batch_size + 1, batch_size)


def share_done(done, total_steps, batch_size):
    """How much of the training is done."""
    return done / total_steps


def in_order(anneal, rollout, update):
    """One turn of the loop."""
    anneal()
    update(rollout())


def by_turns(total_steps, batch_size, anneal, rollout, update, *, starts=turns, share=share_done, turn=in_order):
    """Anneal, collect, update, over and over."""
    for done in starts(total_steps, batch_size):
        turn(partial(anneal, share(done, total_steps, batch_size)), rollout, update)


def on_record(total_steps, batch_size, *, loop=by_turns, **pieces):
    """(calls, 2): which function the loop called, and with which share or batch."""
    record = Record(at_most=6 * (total_steps // batch_size) + 9)
    returned = loop(total_steps, batch_size, record.anneal, record.rollout, record.update, **pieces)
    if not record.calls:
        if is_empty(returned, loop):
            return None
        raise Complaint(
            "no call", "Your function calls none of anneal, rollout and update. Is the loop never entered?"
        )
    return np.array(record.calls, float)


def tell(calls) -> str:
    """The calls as they would be written."""
    said = [("anneal({:.4g})", "batch {:.0f} = rollout()", "update(batch {:.0f})")[int(w)].format(x) for w, x in calls]
    if len(said) > TOLD_AT_MOST:
        said = [*said[: TOLD_AT_MOST - 3], f"... and {len(said) - TOLD_AT_MOST + 3} more calls"]
    return "\n".join(", ".join(said[i : i + 3]) for i in range(0, len(said), 3))


def draw_training(draw):
    """One input of loop: one rollout or several, with and without steps left over at the end."""
    batch_size = draw.integer(2, 9) if draw.plain else draw.choice([3, 7, 64, 100, 2048])
    rollouts = draw.integer(1, 3) if draw.plain else draw.integer(1, 9)
    left_over = draw.cycle(0, draw.integer(1, batch_size - 1), batch_size - 1)
    return {"total_steps": rollouts * batch_size + left_over, "batch_size": batch_size}


def once(which):
    """One of the functions is called in the first round only, for the mistakes."""

    def loop(total_steps, batch_size, anneal, rollout, update):
        batch = None
        for number, done in enumerate(turns(total_steps, batch_size)):
            if which != "anneal" or not number:
                anneal(done / total_steps)
            if which != "rollout" or not number:
                fresh = rollout()
                batch = fresh if which != "batch" or not number else batch
            update(batch)

    return loop


def first_all_rollouts(total_steps, batch_size, anneal, rollout, update):
    """All batches are collected before the first update, for a mistake."""
    batches = []
    for done in turns(total_steps, batch_size):
        anneal(done / total_steps)
        batches.append(rollout())
    for batch in batches:
        update(batch)


def as_loop(loop):
    """A whole loop as a mistake."""
    return {"loop": loop}


def annealed_late(anneal, rollout, update):
    """For a mistake."""
    update(rollout())
    anneal()


def annealed_between(anneal, rollout, update):
    """For a mistake."""
    batch = rollout()
    anneal()
    update(batch)


def annealed_never(anneal, rollout, update):
    """For a mistake."""
    update(rollout())


def updated_twice(anneal, rollout, update):
    """For a mistake."""
    anneal()
    batch = rollout()
    update(batch)
    update(batch)


def collected_twice(anneal, rollout, update):
    """For a mistake."""
    anneal()
    rollout()
    update(rollout())


def updated_never(anneal, rollout, update):
    """For a mistake."""
    anneal()
    rollout()


check_loop = Exercise(
    name="loop",
    chapter="06_training_loop",
    checked="trainings of one rollout and of many, with and without steps left over, the order of the calls, every "
    "share and every batch",
    solution=on_record,
    stands_for="loop",
    inputs=draw_training,
    told=tell,
    hints=(
        "How many rollouts fit into total_steps? What has to be known before each of them, and what is done with the "
        "batch afterwards, before the next one is collected?",
        "Keep `done`, the steps taken so far, which begins at 0. While one more rollout fits: anneal with the share "
        "that is done, collect one batch, update with it, and count its batch_size steps.",
        "while done + batch_size <= total_steps: anneal(done / total_steps), batch = rollout(), update(batch), and "
        "then done += batch_size.",
    ),
    mistakes={
        "past the end": Mistake(
            "Where total_steps is no multiple of batch_size, your last rollout goes past it. Stop when one more would "
            "exceed it: while done + batch_size <= total_steps.",
            options={"starts": lambda total, batch: range(0, total, batch)},
        ),
        "one rollout too many": Mistake(
            "Your loop always does one rollout too many. With done <= total_steps there is one more even when all "
            "steps are taken: it goes on while done + batch_size <= total_steps.",
            options={"starts": lambda total, batch: range(0, total + 1, batch)},
        ),
        "last rollout lost": Mistake(
            "Where the last rollout would end exactly at total_steps, you leave it out: it does not exceed them, so "
            "<= instead of <.",
            options={"starts": lambda total, batch: range(0, total - batch, batch)},
        ),
        "steps counted one by one": Mistake(
            "Your loop counts one step for each rollout, and goes on far too long: a rollout takes batch_size steps.",
            options={"starts": lambda total, batch: range(total - batch + 1)},
        ),
        "one rollout too few": Mistake(
            "Your loop does one rollout too few: total_steps // batch_size of them fit.",
            options={"starts": lambda total, batch: turns(total, batch)[:-1]},
        ),
        "anneal after the update": Mistake(
            "You anneal after the update, so the first rollout has no settings at all, and every later one those of "
            "the round before. Anneal first.",
            options={"turn": annealed_late},
        ),
        "anneal between": Mistake(
            "You anneal between rollout and update. What changes is set before the rollout, and holds for the update "
            "of the same batch, too.",
            options={"turn": annealed_between},
        ),
        "annealed only once": Mistake(
            "You anneal only once, at the start, so nothing ever changes. It belongs into the loop, before each "
            "rollout.",
            options=as_loop(once("anneal")),
        ),
        "never annealed": Mistake(
            "You never call anneal, so the learning rate and the rest stay where they were. Call it before each "
            "rollout.",
            options={"turn": annealed_never},
        ),
        "progress of the next": Mistake(
            "Your share counts the rollout that is still to come: the first is (0 + batch_size) / total_steps. Before "
            "the first rollout nothing is done yet, and the share is 0.",
            options={"share": lambda done, total, batch: (done + batch) / total},
        ),
        "progress in steps": Mistake(
            "You give anneal the number of steps. It needs a share from 0 to 1: divide by total_steps.",
            options={"share": lambda done, *_: done},
        ),
        "progress in rollouts": Mistake(
            "You give anneal the number of rollouts. It needs the share of the training that is done, from 0 to 1: "
            "steps taken / total_steps.",
            options={"share": lambda done, total, batch: done // batch},
        ),
        "progress over the rollouts": Mistake(
            "Your share is that of the rollouts; where steps are left over at the end it differs from that of the "
            "steps. Divide the steps taken by total_steps.",
            options={"share": lambda done, total, batch: done / (total - total % batch)},
        ),
        "progress up to 1": Mistake(
            "Your share reaches 1 before the last rollout, as if all were done: divide the steps taken so far by "
            "total_steps, without taking a rollout off.",
            options={"share": lambda done, total, batch: done / max((total // batch - 1) * batch, 1)},
        ),
        "progress rounded down": Mistake(
            "Your share is always 0: // divides whole numbers and drops the fraction. Use /.",
            options={"share": lambda done, total, batch: done // total},
        ),
        "share that is left": Mistake(
            "You give anneal the share that is left. It is told what is done: 0 at the start.",
            options={"share": lambda done, total, batch: 1 - done / total},
        ),
        "collected once": Mistake(
            "You collect once and use the same batch again and again. The policy changes with each update, so it has "
            "to drive anew: rollout() belongs into the loop.",
            options=as_loop(once("rollout")),
        ),
        "the first batch again": Mistake(
            "You collect every time, but update with the first batch. Give update the one that has just been driven.",
            options=as_loop(once("batch")),
        ),
        "collected twice": Mistake(
            "You call rollout twice in each round, and use one of the two batches: every call drives batch_size "
            "steps. Keep what it returns.",
            options={"turn": collected_twice},
        ),
        "first all rollouts": Mistake(
            "You collect all batches before the first update, so all of them are driven by the untrained policy. "
            "Update after each rollout.",
            options=as_loop(first_all_rollouts),
        ),
        "updated twice": Mistake(
            "You update twice with each batch. The passes over a batch are within update already.",
            options={"turn": updated_twice},
        ),
        "never updated": Mistake(
            "You never call update: it drives, and learns nothing.",
            options={"turn": updated_never},
        ),
    },
)
