"""Answers to the exercise loop as students write them: right in many styles, and every mistake twice."""

import itertools
import math

import numpy as np
import torch
from edited import edited


def oracle(total_steps, batch_size):
    """The calls, written down without any loop of a learner."""
    rounds = [k for k in range(1, total_steps + 1) if k * batch_size <= total_steps]
    return [row for k in rounds for row in ((0, (k - 1) * batch_size / total_steps), (1, k), (2, k))]


def by_while(total_steps, batch_size, anneal, rollout, update):
    done = 0
    while done + batch_size <= total_steps:
        anneal(done / total_steps)
        batch = rollout()
        update(batch)
        done += batch_size


def by_count(total_steps, batch_size, anneal, rollout, update):
    for k in range(total_steps // batch_size):
        anneal(k * batch_size / total_steps)
        batch = rollout()
        update(batch)


def by_range_of_steps(total_steps, batch_size, anneal, rollout, update):
    for done in range(0, total_steps - batch_size + 1, batch_size):
        anneal(done / total_steps)
        update(rollout())


def by_breaking_off(total_steps, batch_size, anneal, rollout, update):
    steps = 0
    while True:
        if steps + batch_size > total_steps:
            break
        anneal(steps / total_steps)
        update(rollout())
        steps = steps + batch_size


def by_what_is_left(total_steps, batch_size, anneal, rollout, update):
    left = total_steps
    while left >= batch_size:
        anneal(1 - left / total_steps)
        update(rollout())
        left -= batch_size


def by_counting_the_batches(total_steps, batch_size, anneal, rollout, update):
    batches = []
    for number in range(1, total_steps // batch_size + 1):
        share = (number - 1) * batch_size / total_steps
        anneal(share)
        batches.append(rollout())
        update(batches[-1])


def by_recursion(total_steps, batch_size, anneal, rollout, update, done=0):
    if done + batch_size > total_steps:
        return
    anneal(done / total_steps)
    update(rollout())
    by_recursion(total_steps, batch_size, anneal, rollout, update, done + batch_size)


def by_arange(total_steps, batch_size, anneal, rollout, update):
    starts = np.arange(total_steps // batch_size) * batch_size
    for share in starts / total_steps:
        anneal(share)
        batch = rollout()
        update(batch)


def by_tensors(total_steps, batch_size, anneal, rollout, update):
    for done in torch.arange(0, total_steps + 1, batch_size)[:-1]:
        anneal(done / total_steps)
        update(rollout())


def by_itertools(total_steps, batch_size, anneal, rollout, update):
    ends = itertools.takewhile(lambda end: end <= total_steps, itertools.count(batch_size, batch_size))
    for end in ends:
        anneal((end - batch_size) / total_steps)
        update(rollout())


def by_accumulating(total_steps, batch_size, anneal, rollout, update):
    done, rounds = 0.0, math.floor(total_steps / batch_size)
    share = batch_size / total_steps
    for _ in range(rounds):
        anneal(done)
        data = rollout()
        update(data)
        done += share
    return done


RIGHT = [
    by_while,
    by_count,
    by_range_of_steps,
    by_breaking_off,
    by_what_is_left,
    by_counting_the_batches,
    by_recursion,
    by_arange,
    by_tensors,
    by_itertools,
    by_accumulating,
]
ANNEALED, ANNEALED_BY_COUNT = "anneal(done / total_steps)", "anneal(k * batch_size / total_steps)"
CONDITION, COUNT = "done + batch_size <= total_steps", "range(total_steps // batch_size)"
COLLECTED, UPDATED = "batch = rollout()", "update(batch)"


def both(in_while, in_count):
    """A mistake in two spellings: the changes to by_while and to by_count."""
    return [edited(by_while, *in_while), edited(by_count, *in_count)]


def in_both(*changes):
    """The same changes in both."""
    return both(changes, changes)


def share(in_while, in_count):
    """Another share for anneal."""
    return both([(ANNEALED, f"anneal({in_while})")], [(ANNEALED_BY_COUNT, f"anneal({in_count})")])


MISTAKEN = {
    "past the end": both([(CONDITION, "done < total_steps")], [(COUNT, "range(-(-total_steps // batch_size))")]),
    "one rollout too many": both(
        [(CONDITION, "done <= total_steps")], [(COUNT, "range(total_steps // batch_size + 1)")]
    ),
    "last rollout lost": both(
        [(CONDITION, "done + batch_size < total_steps")], [(COUNT, "range((total_steps - 1) // batch_size)")]
    ),
    "steps counted one by one": both(
        [("done += batch_size", "done += 1")],
        [(COUNT, "range(total_steps - batch_size + 1)"), (ANNEALED_BY_COUNT, "anneal(k / total_steps)")],
    ),
    "one rollout too few": both(
        [(CONDITION, "done + 2 * batch_size <= total_steps")],
        [(COUNT, "range(1, total_steps // batch_size)"), ("k *", "(k - 1) *")],
    ),
    "anneal after the update": both(
        [(ANNEALED, "pass"), (UPDATED, f"{UPDATED}; {ANNEALED}")],
        [(ANNEALED_BY_COUNT, "pass"), (UPDATED, f"{UPDATED}; {ANNEALED_BY_COUNT}")],
    ),
    "anneal between": both(
        [(ANNEALED, "pass"), (UPDATED, f"{ANNEALED}; {UPDATED}")],
        [(ANNEALED_BY_COUNT, "pass"), (COLLECTED, f"{COLLECTED}; {ANNEALED_BY_COUNT}")],
    ),
    "annealed only once": both(
        [(ANNEALED, "pass"), ("done = 0", "done = 0; anneal(0.0)")],
        [(ANNEALED_BY_COUNT, "k or anneal(0)")],
    ),
    "never annealed": both([(ANNEALED, "pass")], [(ANNEALED_BY_COUNT, "anneal")]),
    "progress of the next": both(
        [(ANNEALED, "anneal((done + batch_size) / total_steps)")],
        [("anneal(k *", "anneal((k + 1) *")],
    ),
    "progress in steps": share("done", "k * batch_size"),
    "progress in rollouts": share("done / batch_size", "k"),
    "progress over the rollouts": share(
        "done / (total_steps // batch_size * batch_size)", "k / (total_steps // batch_size)"
    ),
    "progress up to 1": share(
        "0 if total_steps < 2 * batch_size else done / (total_steps // batch_size * batch_size - batch_size)",
        "np.linspace(0, 1, total_steps // batch_size)[k]",
    ),
    "progress rounded down": share("done // total_steps", "int(k * batch_size / total_steps)"),
    "share that is left": share("1 - done / total_steps", "(total_steps - k * batch_size) / total_steps"),
    "collected once": both(
        [(COLLECTED, "if not done:\n            batch = rollout()")],
        [(COLLECTED, "batch = batch if k else rollout()")],
    ),
    "the first batch again": both(
        [
            ("done = 0", "done, batches = 0, []"),
            (COLLECTED, "batches.append(rollout())"),
            (UPDATED, "update(batches[0])"),
        ],
        [(COLLECTED, "new = rollout(); batch = batch if k else new")],
    ),
    "collected twice": in_both((UPDATED, "update(rollout())")),
    "first all rollouts": both(
        [
            ("done = 0", "done, batches = 0, []"),
            (COLLECTED, "batches += [rollout()]"),
            (UPDATED, "pass"),
            ("done += batch_size", "done += batch_size\n    for batch in batches: update(batch)"),
        ],
        [
            ("for k", "batches = []\n    for k"),
            (COLLECTED, "batches.append(rollout())"),
            (UPDATED, "pass\n    [update(batch) for batch in batches]"),
        ],
    ),
    "updated twice": both(
        [(UPDATED, "update(batch); update(batch)")], [(UPDATED, "[update(batch) for _ in range(2)]")]
    ),
    "never updated": both([(UPDATED, "update")], [(UPDATED, "pass")]),
}
