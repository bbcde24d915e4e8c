"""What several exercises of this chapter share: solutions, inputs and parts of mistakes."""

import numpy as np

Z_95 = 1.96  # standard errors to either side that hold 95 % of a normal distribution


BOTH = np.array([-1.0, 1.0])  # the lower and the upper side of an interval


def share(crashes, episodes):
    """The measured rate."""
    return crashes / episodes
