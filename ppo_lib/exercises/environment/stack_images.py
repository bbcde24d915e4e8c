"""The exercise stack_images of the notebook 01_environment."""

import numpy as np

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.environment.common import one_row_earlier
from ppo_lib.exercises.recognition import Mistake

LARGEST_BYTE = 255


def stack_images(images, size):
    """(T, size, W, H): at every step the last `size` images, the newest last, black before the first."""
    black = np.zeros((size - 1, *images.shape[1:]), images.dtype)
    padded = np.concatenate([black, images])
    return np.stack([padded[t : t + size] for t in range(len(images))])


def draw_images(draw):
    """One input of stack_images; no pixel of an image is as black as what comes before the first."""
    steps, width, height = draw.sizes(3)
    shape = (steps, width, height)
    if draw.cycle(True, True, False):
        images = draw.rng.integers(1, 10 if draw.plain else LARGEST_BYTE, shape, dtype=np.uint8, endpoint=True)
    else:
        images = draw.floats(*shape, low=0.1, high=1.0, scaled=False)
    return {"images": images, "size": draw.cycle(2, 3, 1, steps + 1, 4, steps, steps + 3)}


def work_out_pixel(index, images, size):
    """Where one pixel of the stacks comes from."""
    t, place = index[:2]
    image = t - (size - 1 - place)
    seen = f"image {image}" if image >= 0 else "black, nothing had been seen yet"
    return f"stack {t} ends with image {t}, so place {place} of its {size} is {seen}"


def not_seen_yet(stacks):
    """(T, size): the places of the stacks that come before the first image."""
    steps, size = stacks.shape[:2]
    return np.arange(steps)[:, None] + np.arange(size) < size - 1


def filled(stacks, fill):
    """The stacks with other images where nothing has been seen yet; `fill` gives that of stack t at a place."""
    result = stacks.copy()
    for t, place in np.argwhere(not_seen_yet(stacks)):
        result[t, place] = fill(t, place)
    return result


def filled_up_from_the_front(stacks, **_):
    """In every stack what has been seen comes first, and black last."""
    return np.stack(
        [np.roll(stack, -missing.sum(), 0) for stack, missing in zip(stacks, not_seen_yet(stacks), strict=True)]
    )


def without_row(stacks, t):
    """Stack t was never filled."""
    result = stacks.copy()
    result[t] = 0
    return result


def one_step_early(stacks, **_):
    """Every stack holds what belongs to the next one; the last ends black."""
    last = np.concatenate([stacks[-1:, 1:], np.zeros_like(stacks[-1:, :1])], 1)
    return np.concatenate([stacks[1:], last])


check_stack_images = Exercise(
    name="stack_images",
    chapter="01_environment",
    checked="drives of one image and more, bytes and decimals, wide and high images, and stacks longer than the drive",
    solution=stack_images,
    inputs=draw_images,
    tensors=False,
    worked=work_out_pixel,
    hints=(
        "Take three images and stacks of two, on paper. How many stacks are there, what is the last image of each, "
        "and what is missing in the first?",
        "Put size - 1 black images in front of all others. At which place stands image t then, and where begins the "
        "stack that ends with it?",
        "padded = np.concatenate([np.zeros((size - 1, W, H)), images]) does the first part. Stack t is then "
        "padded[t : t + size], and np.stack makes one array of the T stacks.",
    ),
    mistakes={
        "newest first": Mistake(
            "Your stacks run from new to old. In highway-env the newest image is the last of the stack.",
            result=lambda stacks, **_: stacks[:, ::-1],
        ),
        "one step late": Mistake(
            "The newest image is missing: your stacks end one step too early. The driver sees the present, too.",
            given=lambda images, **_: {"images": one_row_earlier(images)},
        ),
        "one step early": Mistake(
            "Your stack at step t ends with image t + 1, which has not been seen yet. It should end with image t.",
            result=one_step_early,
        ),
        "looks into the future": Mistake(
            "Your stack at step t begins with image t, so it holds images that have not been seen yet. It should end "
            "with image t.",
            instead=lambda images, size: stack_images(images[::-1], size)[::-1, ::-1],
        ),
        "first image repeated": Mistake(
            "You fill up with copies of the first image. Some libraries do that, and it is arguably better, but "
            "highway-env leaves these places black: zeros.",
            result=lambda stacks, images, **_: filled(stacks, lambda t, place: images[0]),
        ),
        "newest image repeated": Mistake(
            "Where nothing has been seen yet you put copies of the newest image. highway-env leaves these places "
            "black: zeros.",
            result=lambda stacks, images, **_: filled(stacks, lambda t, place: images[t]),
        ),
        "negative indices": Mistake(
            "In the first stacks stand images from the end of the drive: a negative index counts from the end. Places "
            "before the first image are black.",
            result=lambda stacks, images, size: filled(stacks, lambda t, place: images[t + place - size + 1]),
        ),
        "rolled round": Mistake(
            "In the first stacks stand images from the end of the drive: np.roll turns them round, and so does %. "
            "Places before the first image are black.",
            result=lambda stacks, images, size: filled(
                stacks, lambda t, place: images[(t + place - size + 1) % len(images)]
            ),
        ),
        "black at the end": Mistake(
            "In the first stacks the black images stand at the end. They stand for the past, so they come first, and "
            "the newest image is always the last.",
            result=filled_up_from_the_front,
        ),
        "complete stacks only": Mistake(
            "You give the complete stacks only. The driver has to decide from the first step on: one stack for each "
            "image, black where nothing has been seen yet.",
            result=lambda stacks, size, **_: stacks[size - 1 :],
        ),
        "the same image all along": Mistake(
            "Each of your stacks holds one image several times. It should hold the last ones, each a step older than "
            "the next.",
            result=lambda stacks, **_: stacks[:, -1:].repeat(stacks.shape[1], 1),
        ),
        "stack last": Mistake(
            "The numbers are right, but the axes are not: the stack comes second, before width and height.",
            result=lambda stacks, **_: np.moveaxis(stacks, 1, -1),
        ),
        "stack first": Mistake(
            "The numbers are right, but the axes are not: time comes first, then the stack.",
            result=lambda stacks, **_: stacks.swapaxes(0, 1),
        ),
        "width and height swapped": Mistake(
            "Width and height have changed places. The images come with the width first; leave them as they are.",
            result=lambda stacks, **_: stacks.swapaxes(2, 3),
        ),
        "images joined": Mistake(
            "The images of a stack are joined to one long image. np.stack makes an axis of its own for the stack; "
            "np.concatenate does not.",
            result=lambda stacks, **_: stacks.reshape(len(stacks), -1, stacks.shape[3]),
        ),
        "stacks joined": Mistake(
            "Your stacks run on one after another in one long row of images. Each is a row of its own: np.stack makes "
            "that axis, np.concatenate does not.",
            result=lambda stacks, **_: stacks.reshape(-1, *stacks.shape[2:]),
        ),
        "one image too many": Mistake(
            "Your stacks hold size + 1 images. Count again, from t - size + 1 to t.",
            given=lambda size, **_: {"size": size + 1},
        ),
        "one image too few": Mistake(
            "Your stacks hold size - 1 images. Count again, from t - size + 1 to t.",
            given=lambda size, **_: {"size": size - 1},
        ),
        "last stack lost": Mistake(
            "There is one stack too few: your loop does not reach the last image. range(T) does.",
            instead=lambda images, size: np.stack([*stack_images(images, size)[:-1]]),
        ),
        "last stack black": Mistake(
            "Your last stack is black: the loop does not reach the last step. range(T) does.",
            result=lambda stacks, **_: without_row(stacks, -1),
        ),
        "first stack black": Mistake(
            "Your first stack is all black: the loop begins too late. The image of the reset has been seen at step 0.",
            result=lambda stacks, **_: without_row(stacks, 0),
        ),
        "scaled": Mistake(
            "You have divided by 255. Leave the numbers as they are: the networks turn bytes into decimals at the "
            "last moment, so that a stored image stays small.",
            result=lambda stacks, **_: stacks / LARGEST_BYTE,
        ),
    },
)
