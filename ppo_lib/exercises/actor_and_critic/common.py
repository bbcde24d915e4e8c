"""What several exercises of this chapter share: solutions, inputs and parts of mistakes."""


def draw_sizes(draw):
    """(B, A), with two actions or more: where there is no choice, there is nothing to be told, and no gradient."""
    states, num_actions = draw.sizes(2)
    return (states, num_actions) if num_actions > 1 else (num_actions, states)


def draw_logits(draw, states, num_actions, spread, centre):
    """(B, A) logits around `centre`, no more than `spread` apart in each state.

    The two best actions are always close: the logarithm of a probability of nearly 1, and its gradient, would be
    differences of nearly equal numbers, of which float32 leaves little.
    """
    below = draw.rng.uniform(0, spread, (states, num_actions))
    below[:, 0] = 0.0
    below[:, 1] *= min(1.0, 2.0 / spread)
    best = centre + draw.rng.uniform(-3, 3, (states, 1))
    logits = draw.rng.permuted(best - below, axis=1)
    return logits.round(1) if draw.plain else logits


def share(weights, dim=1):
    """Each weight divided by the sum along `dim`."""
    return weights / weights.sum(dim, keepdim=True)


def weights_along(logits, dim):
    """exp of the logits, relative to the largest along `dim`; of an infinite logit exp is 0 or infinite, too."""
    return (logits - logits.amax(dim, keepdim=True).nan_to_num()).exp()


def draw_policies(draw):
    """One input of entropy: logits for which log(softmax) does well in float32.

    None is beyond 30, and no probability below 1e-5, where an epsilon in the logarithm would begin to matter.
    """
    states, num_actions = draw_sizes(draw)
    spread, centre = draw.cycle(2.0, 7.0, 2.0, 1.0), draw.cycle(0.0, 20.0, 0.0, -20.0)
    return {"logits": draw_logits(draw, states, num_actions, spread, centre).astype(draw.dtype)}
