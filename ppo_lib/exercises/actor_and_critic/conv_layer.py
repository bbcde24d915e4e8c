"""The exercise conv_layer of the notebook 02_actor_and_critic."""

import math

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def conv_layer(length, channels_in, channels_out, kernel, stride):
    """The side of a square image behind a convolution, and the convolution's number of parameters."""
    side = (length - kernel) // stride + 1
    return side, channels_out * (channels_in * kernel**2 + 1)


def draw_convolution(draw):
    """One input of conv_layer: kernels that fit exactly, and those that leave pixels over."""
    kernel = draw.integer(1, 7)
    stride = draw.cycle(1, draw.integer(2, 5), kernel, kernel + draw.integer(1, 4))
    steps = draw.cycle(draw.integer(1, 6), 0, draw.integer(2, 12))
    left_over = draw.cycle(draw.integer(0, stride - 1), stride - 1)
    return {
        "length": kernel + steps * stride + left_over,
        "channels_in": draw.cycle(draw.integer(2, 8), 1, draw.integer(2, 8)),
        "channels_out": draw.cycle(draw.integer(2, 8), draw.integer(2, 8), 1),
        "kernel": kernel,
        "stride": stride,
    }


def work_out_convolution(index, length, channels_in, channels_out, kernel, stride):
    """The side or the number of parameters, in numbers."""
    if index == (0,):
        left = [i * stride for i in range((length - kernel) // stride + 1)]
        shown = ", ".join(map(str, left if len(left) < 5 else [*left[:3], "...", left[-1]]))
        return f"the side: the kernel's left edge may stand at {shown}; {left[-1] + stride} would be over the edge"
    weights = f"{channels_in} · {kernel} · {kernel} weights"
    return f"the parameters: each of {channels_out} output channels has {weights} and 1 bias"


def side_of(side):
    """The mistake that gives the image another side, and leaves the parameters as they are."""
    return lambda result, **layer: (side(**layer), result[1])


def with_weights(weights):
    """The mistake that makes another number of weights of the right one, and leaves the side and the biases."""
    return lambda result, channels_out, **layer: (
        result[0],
        weights(result[1] - channels_out, **layer) + channels_out,
    )


def with_biases(biases):
    """The mistake that counts another number of biases, and leaves the side and the weights."""
    return lambda result, channels_in, channels_out, **_: (
        result[0],
        result[1] - channels_out + biases(channels_in, channels_out),
    )


check_conv_layer = Exercise(
    name="conv_layer",
    chapter="02_actor_and_critic",
    checked="kernels of one pixel and as large as the image, strides of 1 and beyond the kernel, single channels, and "
    "images whose last pixels no step reaches",
    solution=conv_layer,
    inputs=draw_convolution,
    tensors=False,
    worked=work_out_convolution,
    examples=(  # the two convolutions of the notebook's actor, along the road
        {"length": 96, "channels_in": 2, "channels_out": 16, "kernel": 8, "stride": 4},
        {"length": 23, "channels_in": 16, "channels_out": 32, "kernel": 4, "stride": 2},
        {"length": 31, "channels_in": 512, "channels_out": 768, "kernel": 5, "stride": 3},  # and a large one
    ),
    hints=(
        "For the side, draw a row of 10 pixels and a kernel of 4 that moves on by 3: at how many places can it "
        "stand? For the parameters, look at one output channel first: what does it look at?",
        "The kernel's left edge stands at 0, stride, 2 · stride, ..., at most at length - kernel: count the steps, "
        "and the place where it starts. An output channel has a square of weights for every input channel, and one "
        "bias.",
        "The side is (length - kernel) // stride + 1; the parameters are channels_out times what one output channel "
        "has: channels_in · kernel² + 1.",
    ),
    mistakes={
        "fence posts": Mistake(
            "The side is one too small: between the first and the last place of the kernel there are "
            "(length - kernel) // stride steps, so one place more than steps.",
            result=lambda result, **_: (result[0] - 1, result[1]),
        ),
        "fence post inside": Mistake(
            "You add 1 before you divide by the stride. The place where the kernel starts counts in full: add 1 "
            "after it.",
            result=side_of(lambda length, kernel, stride, **_: (length - kernel + 1) // stride),
        ),
        "kernel forgotten": Mistake(
            "You divide the length by the stride, and leave the kernel out of the side. Its left edge can go only as "
            "far as length - kernel.",
            result=side_of(lambda length, stride, **_: length // stride),
        ),
        "kernel forgotten, one added": Mistake(
            "You let the kernel's left edge go as far as the last pixel. It has to fit as a whole: its left edge "
            "goes as far as length - kernel.",
            result=side_of(lambda length, stride, **_: length // stride + 1),
        ),
        "padded": Mistake(
            "You divide the length by the stride and round up, as if the kernel could hang over the edge. Without "
            "padding it has to fit: subtract the kernel first.",
            result=side_of(lambda length, stride, **_: math.ceil(length / stride)),
        ),
        "padded by half a kernel": Mistake(
            "Your formula pads the image by half a kernel on both sides. Here there is no padding.",
            result=side_of(lambda length, kernel, stride, **_: (length + 2 * (kernel // 2) - kernel) // stride + 1),
        ),
        "rounded up": Mistake(
            "You round the number of steps up. The last step of the kernel has to fit as a whole: round down.",
            result=side_of(lambda length, kernel, stride, **_: math.ceil((length - kernel) / stride) + 1),
        ),
        "rounded to the nearest": Mistake(
            "You round the number of steps to the nearest whole number. The last step of the kernel has to fit as a "
            "whole: round down.",
            result=side_of(lambda length, kernel, stride, **_: round((length - kernel) / stride) + 1),
        ),
        "not rounded": Mistake(
            "Your side is not always a whole number. The last step of the kernel has to fit as a whole: round down.",
            result=side_of(lambda length, kernel, stride, **_: (length - kernel) / stride + 1),
        ),
        "stride forgotten": Mistake(
            "You let the kernel move on by one pixel at a time. It moves on by the stride: divide by it.",
            result=side_of(lambda length, kernel, **_: length - kernel + 1),
        ),
        "side without parentheses": Mistake(
            "You divide only the kernel by the stride. Look at your parentheses: first subtract, then divide.",
            result=side_of(lambda length, kernel, stride, **_: length - kernel // stride + 1),
        ),
        "kernel and stride swapped in the side": Mistake(
            "In the side, kernel and stride have changed places: subtract the kernel, divide by the stride.",
            result=side_of(lambda length, kernel, stride, **_: (length - stride) // kernel + 1),
        ),
        "kernel and stride swapped": Mistake(
            "Kernel and stride have changed places, in both answers. Look at the order of the arguments.",
            given=lambda kernel, stride, **_: {"kernel": stride, "stride": kernel},
        ),
        "pixels for the side": Mistake(
            "You give the number of pixels of the resulting image. Its side is wanted.",
            result=lambda result, **_: (result[0] ** 2, result[1]),
        ),
        "without biases": Mistake(
            "In the parameters you forgot the biases: one for each output channel.",
            result=with_biases(lambda channels_in, channels_out: 0),
        ),
        "one bias in all": Mistake(
            "You count a single bias for the whole layer. Each output channel has one of its own.",
            result=with_biases(lambda channels_in, channels_out: 1),
        ),
        "a bias for each input channel": Mistake(
            "You count a bias for each pair of an output and an input channel. Each output channel has only one.",
            result=with_biases(lambda channels_in, channels_out: channels_in * channels_out),
        ),
        "kernel not squared": Mistake(
            "In the parameters, the kernel is a square: kernel × kernel weights for each input channel.",
            result=with_weights(lambda weights, kernel, **_: weights // kernel),
        ),
        "kernel doubled": Mistake(
            "In the parameters, you double the kernel where it should be squared: kernel × kernel weights.",
            result=with_weights(lambda weights, kernel, **_: 2 * weights // kernel),
        ),
        "one input channel": Mistake(
            "In the parameters, every output channel looks at all input channels, with weights of its own for each.",
            given=lambda **_: {"channels_in": 1},
        ),
        "one output channel": Mistake(
            "These are the parameters of one output channel. There are channels_out of them.",
            given=lambda **_: {"channels_out": 1},
        ),
        "channels swapped": Mistake(
            "You count as many biases as input channels. The weights are the same if the channels change places, but "
            "the biases belong to the output channels.",
            result=with_biases(lambda channels_in, channels_out: channels_in),
        ),
        "multiplications": Mistake(
            "You count the weights again at every place where the kernel stands. That is the number of "
            "multiplications; the parameters are stored once, and with the biases.",
            result=lambda result, channels_in, channels_out, kernel, **_: (
                result[0],
                result[0] ** 2 * channels_out * channels_in * kernel**2,
            ),
        ),
        "parameters at every place": Mistake(
            "You count the parameters again at every place where the kernel stands. They are stored once, and used at "
            "every place: that is what makes a convolution small.",
            result=lambda result, **_: (result[0], result[0] ** 2 * result[1]),
        ),
        "fully connected": Mistake(
            "You give every output channel a weight for each pixel of the image, as in a fully connected layer. A "
            "convolution has only those of its kernel, and uses them at every place.",
            result=with_weights(lambda weights, length, kernel, **_: weights // kernel**2 * length**2),
        ),
        "side only": Mistake(
            "You return one number, the side. The number of parameters is asked for as well: return both.",
            result=lambda result, **_: result[0],
        ),
        "parameters only": Mistake(
            "You return one number, that of the parameters. The side of the image is asked for as well: return both.",
            result=lambda result, **_: result[1],
        ),
        "order": Mistake(
            "Your two numbers have changed places: first the side, then the parameters.",
            result=lambda result, **_: result[::-1],
        ),
    },
)
