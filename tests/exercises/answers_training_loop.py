"""Answers to the exercises of notebook 6 as students write them: right in many styles, and every mistake twice."""

import math
import statistics
from decimal import Decimal
from fractions import Fraction

import answers_loop
import answers_rollout
import answers_update
import numpy as np
import torch
import torch.nn.functional as F


def loss_in_fractions(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    parts = [Fraction(float(part)) for part in (policy_loss, value_loss, entropy)]
    return parts[0] + Fraction(value_coef) * parts[1] - Fraction(entropy_coef) * parts[2]


def rate_in_fractions(learning_rate, env_steps, total_steps):
    return Fraction(learning_rate) * (Fraction(total_steps) - Fraction(env_steps)) / Fraction(total_steps)


def variance_by_statistics(values, returns):
    errors = [float(g) - float(v) for g, v in zip(returns.flatten(), values.flatten(), strict=True)]
    return 1 - statistics.pvariance(errors) / statistics.pvariance(returns.double().flatten().tolist())


# The same by other means, to hold the solutions against.
ORACLES = {
    "total_loss": loss_in_fractions,
    "annealed_learning_rate": rate_in_fractions,
    "explained_variance": variance_by_statistics,
    "rollout": answers_rollout.oracle,
    "update": answers_update.oracle,
    "loop": answers_loop.oracle,
}


def loss_in_other_order(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    return -entropy_coef * entropy + value_loss * value_coef + policy_loss


def loss_step_by_step(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    weighted_value_loss = value_coef * value_loss
    bonus = entropy_coef * entropy
    loss = policy_loss + weighted_value_loss
    return loss - bonus


def loss_by_numpys_dot(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    return np.dot([1, value_coef, -entropy_coef], [policy_loss, value_loss, entropy])


def loss_by_sum(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    return sum([policy_loss, value_coef * value_loss, -entropy_coef * entropy])


def loss_by_fsum(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    return math.fsum((policy_loss, value_coef * value_loss, -(entropy_coef * entropy)))


def loss_by_zip(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    weights = (1.0, value_coef, -entropy_coef)
    return sum(weight * part for weight, part in zip(weights, (policy_loss, value_loss, entropy), strict=True))


def loss_of_a_tensor(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    parts = torch.tensor([policy_loss, value_loss, entropy])
    return (parts * torch.tensor([1.0, value_coef, -entropy_coef])).sum()


def loss_by_matrix_product(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    return np.array([policy_loss, value_loss, entropy]) @ np.array([1, value_coef, -entropy_coef])


def loss_of_as_tensors(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    policy_loss, value_loss, entropy = map(torch.as_tensor, (policy_loss, value_loss, entropy))
    return torch.add(policy_loss, value_loss, alpha=value_coef).sub(entropy, alpha=entropy_coef)


def loss_as_minus_an_objective(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    objective = -policy_loss - value_coef * value_loss + entropy_coef * entropy
    return -objective


def loss_by_loop(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    loss = 0
    for part, weight, sign in ((policy_loss, 1, 1), (value_loss, value_coef, 1), (entropy, entropy_coef, -1)):
        loss = loss + sign * weight * part
    return loss


def loss_as_a_float(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    return float(policy_loss) + float(value_loss) * value_coef - float(entropy) * entropy_coef


def loss_in_a_list(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    parts = {"policy": policy_loss, "value": value_coef * value_loss, "entropy": -entropy_coef * entropy}
    return torch.stack([torch.as_tensor(float(part)) for part in parts.values()]).sum()


def rate_by_the_share_left(learning_rate, env_steps, total_steps):
    left = 1.0 - env_steps / total_steps
    return left * learning_rate


def rate_by_the_steps_left(learning_rate, env_steps, total_steps):
    return learning_rate * (total_steps - env_steps) / total_steps


def rate_by_subtraction(learning_rate, env_steps, total_steps):
    return learning_rate - learning_rate * env_steps / total_steps


def rate_by_slope(learning_rate, env_steps, total_steps):
    slope = (0 - learning_rate) / total_steps
    return learning_rate + slope * env_steps


def rate_by_interp(learning_rate, env_steps, total_steps):
    return np.interp(env_steps, [0, total_steps], [learning_rate, 0.0])


def rate_by_lerp(learning_rate, env_steps, total_steps):
    return torch.lerp(torch.tensor(learning_rate), torch.tensor(0.0), env_steps / total_steps)


def rate_by_polynomial(learning_rate, env_steps, total_steps):
    return np.polyval([-learning_rate / total_steps, learning_rate], env_steps)


def rate_by_linspace(learning_rate, env_steps, total_steps):
    return np.linspace(learning_rate, 0, int(total_steps) + 1)[int(env_steps)]


def rate_in_decimals(learning_rate, env_steps, total_steps):
    return Decimal(learning_rate) * (1 - Decimal(env_steps) / Decimal(total_steps))


def rate_never_below_zero(learning_rate, env_steps, total_steps):
    progress = min(env_steps / total_steps, 1.0)
    return max(learning_rate * (1.0 - progress), 0.0)


def rate_by_tensors(learning_rate, env_steps, total_steps):
    done = torch.tensor(env_steps, dtype=torch.float64) / total_steps
    return (learning_rate * (1 - done)).item()


def rate_by_two_cases(learning_rate, env_steps, total_steps):
    if env_steps >= total_steps:
        return 0
    if env_steps == 0:
        return learning_rate
    return learning_rate * (1 - env_steps / total_steps)


def rate_by_a_function(learning_rate, env_steps, total_steps):
    def schedule(progress_remaining):
        return progress_remaining * learning_rate

    return schedule((total_steps - env_steps) / total_steps)


def variance_as_in_stable_baselines(values, returns):
    y_pred, y_true = values.flatten().numpy(), returns.flatten().numpy()
    var_y = np.var(y_true)
    return np.nan if var_y == 0 else 1 - np.var(y_true - y_pred) / var_y


def variance_by_torch(values, returns):
    return 1 - torch.var(returns - values) / torch.var(returns)


def variance_biased(values, returns):
    return 1.0 - (values - returns).var(correction=0) / returns.var(correction=0)


def variance_with_epsilon(values, returns):
    return 1 - (returns - values).var() / (returns.var() + 1e-8)


def variance_by_deviations(values, returns):
    return 1 - ((returns - values).std() / returns.std()) ** 2


def variance_as_a_fraction(values, returns):
    return (returns.var() - (returns - values).var()) / returns.var()


def variance_by_sums(values, returns):
    errors = returns - values
    unexplained = ((errors - errors.mean()) ** 2).sum()
    return 1 - unexplained / ((returns - returns.mean()) ** 2).sum()


def variance_by_mean_squares(values, returns):
    errors = returns - values
    var_of_errors = (errors**2).mean() - errors.mean() ** 2
    return 1 - var_of_errors / ((returns**2).mean() - returns.mean() ** 2)


def variance_by_covariance(values, returns):
    cov = torch.cov(torch.stack([values.flatten(), returns.flatten()]))
    return (2 * cov[0, 1] - cov[0, 0]) / cov[1, 1]


def variance_by_loops(values, returns):
    errors, targets = [], []
    for row_v, row_g in zip(values.tolist(), returns.tolist(), strict=True):
        for v, g in zip(row_v, row_g, strict=True):
            errors.append(g - v)
            targets.append(g)

    def variance(numbers):
        mean = sum(numbers) / len(numbers)
        return sum((x - mean) ** 2 for x in numbers) / len(numbers)

    return 1 - variance(errors) / variance(targets)


def variance_of_centred_errors(values, returns):
    values, returns = values - values.mean(), returns - returns.mean()
    return 1 - F.mse_loss(values, returns) / F.mse_loss(returns, torch.zeros_like(returns))


def variance_over_both_axes(values, returns):
    return 1 - (returns - values).var(dim=(0, 1)) / returns.var(dim=(0, 1))


def variance_by_var_mean(values, returns):
    of_errors, _ = torch.var_mean(returns.double() - values.double())
    of_returns, _ = torch.var_mean(returns.double())
    return float(1 - of_errors / of_returns)


def variance_in_doubles(values, returns):
    values, returns = np.asarray(values, dtype=float), np.asarray(returns, dtype=float)
    return 1 - np.var(returns - values, ddof=1) / np.var(returns, ddof=1)


RIGHT = {
    "total_loss": [
        loss_in_fractions,
        loss_in_other_order,
        loss_step_by_step,
        loss_by_numpys_dot,
        loss_by_sum,
        loss_by_fsum,
        loss_by_zip,
        loss_of_a_tensor,
        loss_by_matrix_product,
        loss_of_as_tensors,
        loss_as_minus_an_objective,
        loss_by_loop,
        loss_as_a_float,
        loss_in_a_list,
    ],
    "annealed_learning_rate": [
        rate_in_fractions,
        rate_by_the_share_left,
        rate_by_the_steps_left,
        rate_by_subtraction,
        rate_by_slope,
        rate_by_interp,
        rate_by_lerp,
        rate_by_polynomial,
        rate_by_linspace,
        rate_in_decimals,
        rate_never_below_zero,
        rate_by_tensors,
        rate_by_two_cases,
        rate_by_a_function,
    ],
    "explained_variance": [
        variance_by_statistics,
        variance_as_in_stable_baselines,
        variance_by_torch,
        variance_biased,
        variance_with_epsilon,
        variance_by_deviations,
        variance_as_a_fraction,
        variance_by_sums,
        variance_by_mean_squares,
        variance_by_covariance,
        variance_by_loops,
        variance_of_centred_errors,
        variance_over_both_axes,
        variance_by_var_mean,
        variance_in_doubles,
    ],
    "rollout": answers_rollout.RIGHT,
    "update": answers_update.RIGHT,
    "loop": answers_loop.RIGHT,
}


def added(weights_and_signs):
    """A loss that goes through its parts one by one, with their weights and signs as three numbers."""

    def loss(policy_loss, value_loss, entropy, value_coef, entropy_coef):
        total = 0.0
        weights = weights_and_signs(value_coef, entropy_coef)
        for weight, part in zip(weights, (policy_loss, value_loss, entropy), strict=True):
            total = total + weight * float(part)
        return total

    return loss


TOTAL_LOSS = {
    "sign of the entropy": [
        lambda p, v, e, cv, ce: p + cv * v + ce * e,
        added(lambda cv, ce: (1, cv, ce)),
    ],
    "sign of the value loss": [
        lambda p, v, e, cv, ce: p - cv * v - ce * e,
        added(lambda cv, ce: (1, -cv, -ce)),
    ],
    "sign of the policy loss": [
        lambda p, v, e, cv, ce: cv * v - p - ce * e,
        added(lambda cv, ce: (-1, cv, -ce)),
    ],
    "an objective": [
        lambda p, v, e, cv, ce: -p - cv * v + ce * e,
        lambda p, v, e, cv, ce: -(p + cv * v - ce * e),
    ],
    "weights left out": [
        lambda p, v, e, cv, ce: p + v - e,
        added(lambda cv, ce: (1, 1, -1)),
    ],
    "value weight left out": [
        lambda p, v, e, cv, ce: p + v - ce * e,
        added(lambda cv, ce: (1, 1, -ce)),
    ],
    "entropy weight left out": [
        lambda p, v, e, cv, ce: p + cv * v - e,
        added(lambda cv, ce: (1, cv, -1)),
    ],
    "weights swapped": [
        lambda p, v, e, cv, ce: p + ce * v - cv * e,
        added(lambda cv, ce: (1, ce, -cv)),
    ],
    "same weight for both": [
        lambda p, v, e, cv, ce: p + cv * (v - e),
        added(lambda cv, ce: (1, cv, -cv)),
    ],
    "parentheses": [
        lambda p, v, e, cv, ce: p + cv * (v - ce * e),
        added(lambda cv, ce: (1, cv, -cv * ce)),
    ],
    "policy loss weighted": [
        lambda p, v, e, cv, ce: cv * (p + v) - ce * e,
        added(lambda cv, ce: (cv, cv, -ce)),
    ],
    "entropy left out": [
        lambda p, v, e, cv, ce: p + cv * v,
        added(lambda cv, ce: (1, cv, 0)),
    ],
    "value loss left out": [
        lambda p, v, e, cv, ce: p - ce * e,
        added(lambda cv, ce: (1, 0, -ce)),
    ],
    "policy loss left out": [
        lambda p, v, e, cv, ce: cv * v - ce * e,
        added(lambda cv, ce: (0, cv, -ce)),
    ],
    "value loss and entropy confused": [
        lambda p, v, e, cv, ce: p + cv * e - ce * v,
        added(lambda cv, ce: (1, -ce, cv)),
    ],
    "policy and value loss confused": [
        lambda p, v, e, cv, ce: v + cv * p - ce * e,
        added(lambda cv, ce: (cv, 1, -ce)),
    ],
    "halved": [
        lambda p, v, e, cv, ce: p + 0.5 * cv * v - ce * e,
        added(lambda cv, ce: (1, cv / 2, -ce)),
    ],
    "squared": [
        lambda p, v, e, cv, ce: p + cv * v**2 - ce * e,
        lambda p, v, e, cv, ce: sum((p, cv * v * v, -ce * e)),
    ],
    "weighted average": [
        lambda p, v, e, cv, ce: (p + cv * v - ce * e) / (1 + cv + ce),
        lambda p, v, e, cv, ce: np.average([float(p), float(v), -float(e)], weights=[1, cv, ce]),
    ],
    "mean of the three": [
        lambda p, v, e, cv, ce: (p + cv * v - ce * e) / 3,
        lambda p, v, e, cv, ce: np.mean([float(p), cv * float(v), -ce * float(e)]),
    ],
}

LEARNING_RATE = {
    "rising": [
        lambda rate, done, total: rate * done / total,
        lambda rate, done, total: np.interp(done, [0, total], [0, rate]),
    ],
    "whole numbers": [
        lambda rate, done, total: rate * (1 - done // total),
        lambda rate, done, total: rate * (1 - int(done / total)),
    ],
    "whole numbers of what is left": [
        lambda rate, done, total: rate * ((total - done) // total),
        lambda rate, done, total: rate * int(1 - done / total),
    ],
    "constant": [
        lambda rate, done, total: rate,
        lambda rate, done, total: rate * total / total,
    ],
    "only the share": [
        lambda rate, done, total: 1 - done / total,
        lambda rate, done, total: (total - done) / total,
    ],
    "a power": [
        lambda rate, done, total: rate ** (1 + done / total),
        lambda rate, done, total: rate * rate ** (done / total),
    ],
    "exponential": [
        lambda rate, done, total: rate * np.exp(-done / total),
        lambda rate, done, total: rate / math.e ** (done / total),
    ],
    "cosine": [
        lambda rate, done, total: 0.5 * rate * (1 + np.cos(np.pi * done / total)),
        lambda rate, done, total: rate * math.cos(math.pi / 2 * done / total) ** 2,
    ],
    "squared": [
        lambda rate, done, total: rate * ((total - done) / total) ** 2,
        lambda rate, done, total: rate * (1 - done / total) * (1 - done / total),
    ],
    "root": [
        lambda rate, done, total: rate * (1 - done / total) ** 0.5,
        lambda rate, done, total: rate * np.sqrt((total - done) / total),
    ],
    "divided": [
        lambda rate, done, total: rate / (1 + done / total),
        lambda rate, done, total: rate * total / (total + done),
    ],
    "half left": [
        lambda rate, done, total: rate * (1 - 0.5 * done / total),
        lambda rate, done, total: np.interp(done, [0, total], [rate, rate / 2]),
    ],
    "in half the time": [
        lambda rate, done, total: rate * (1 - 2 * done / total),
        lambda rate, done, total: rate * (1 - done / (0.5 * total)),
    ],
    "subtracted": [
        lambda rate, done, total: rate - done / total,
        lambda rate, done, total: rate * 1 - done / total,
    ],
    "parentheses": [
        lambda rate, done, total: rate * (1 - done) / total,
        lambda rate, done, total: rate * ((1 - done) / total),
    ],
    "upside down": [
        lambda rate, done, total: rate * (1 - total / done),
        lambda rate, done, total: rate * (done - total) / done,
    ],
    "one step late": [
        lambda rate, done, total: rate * (1 - (done - 1) / total),
        lambda rate, done, total: rate * (total - done + 1) / total,
    ],
    "one step early": [
        lambda rate, done, total: rate * (1 - (done + 1) / total),
        lambda rate, done, total: rate * (total - done - 1) / total,
    ],
    "one step less in all": [
        lambda rate, done, total: rate * (1 - done / (total - 1)),
        lambda rate, done, total: rate - rate * done / (total - 1),
    ],
    "one step more in all": [
        lambda rate, done, total: rate * (1 - done / (total + 1)),
        lambda rate, done, total: np.interp(done, [0, total + 1], [rate, 0]),
    ],
    "sign": [
        lambda rate, done, total: rate * (done / total - 1),
        lambda rate, done, total: rate * (done - total) / total,
    ],
}


def distance(numbers):
    return (numbers - numbers.mean()).abs().sum()


def slope_of_a_line(values, returns):
    return np.polyfit(returns.numpy().ravel(), values.numpy().ravel(), 1)[0]


def road_by_road(values, returns):
    pairs = zip(values.T, returns.T, strict=True)
    return torch.stack([1 - torch.var(g - v) / torch.var(g) for v, g in pairs])


def moment_by_moment(values, returns):
    marks = [1 - np.var((g - v).numpy()) / np.var(g.numpy()) for v, g in zip(values, returns, strict=True)]
    return sum(marks) / len(marks)


def pearson(values, returns):
    return np.corrcoef(values.numpy().ravel(), returns.numpy().ravel())[0, 1]


EXPLAINED_VARIANCE = {
    "not one minus": [
        lambda v, g: (g - v).var() / g.var(),
        lambda v, g: np.var(g.numpy() - v.numpy()) / np.var(g.numpy()),
    ],
    "sign": [
        lambda v, g: (g - v).var() / g.var() - 1,
        lambda v, g: ((v - g).var() - g.var()) / g.var(),
    ],
    "squared error for variance": [
        lambda v, g: 1 - F.mse_loss(v, g) / g.var(correction=0),
        lambda v, g: 1 - ((g - v) ** 2).sum() / ((g - g.mean()) ** 2).sum(),
        lambda v, g: 1 - np.mean((g.numpy() - v.numpy()) ** 2) / np.var(g.numpy()),
    ],
    "squared error alone": [
        lambda v, g: F.mse_loss(v, g),
        lambda v, g: (g - v).pow(2).mean(),
    ],
    "squared error, biased": [
        lambda v, g: 1 - F.mse_loss(v, g) / g.var(),
        lambda v, g: 1 - (g - v).pow(2).mean() / torch.var(g),
    ],
    "absolute error for variance": [
        lambda v, g: 1 - F.l1_loss(v, g) / g.var(),
        lambda v, g: 1 - (g - v).abs().sum() / g.numel() / torch.var(g),
    ],
    "squares for variances": [
        lambda v, g: 1 - F.mse_loss(v, g) / g.square().mean(),
        lambda v, g: 1 - ((g - v) ** 2).sum() / (g**2).sum(),
    ],
    "biased above": [
        lambda v, g: 1 - (g - v).var(correction=0) / g.var(),
        lambda v, g: 1 - np.var(g.numpy() - v.numpy()) / torch.var(g),
    ],
    "biased below": [
        lambda v, g: 1 - (g - v).var() / g.var(unbiased=False),
        lambda v, g: 1 - torch.var(v - g).item() / np.var(g.numpy()),
    ],
    "standard deviations": [
        lambda v, g: 1 - (g - v).std() / g.std(),
        lambda v, g: 1 - np.std(g.numpy() - v.numpy()) / np.std(g.numpy()),
    ],
    "upside down": [
        lambda v, g: 1 - g.var() / (g - v).var(),
        lambda v, g: 1 - np.var(g.numpy()) / np.var(g.numpy() - v.numpy()),
    ],
    "divided by nothing": [
        lambda v, g: 1 - (g - v).var(),
        lambda v, g: 1 - (v - g).std() ** 2,
    ],
    "biased, divided by nothing": [
        lambda v, g: 1 - np.var(g.numpy() - v.numpy()),
        lambda v, g: 1 - ((g - v) - (g - v).mean()).square().mean(),
    ],
    "divided by the values": [
        lambda v, g: 1 - (g - v).var() / v.var(),
        lambda v, g: 1 - np.var(v.numpy() - g.numpy()) / np.var(v.numpy()),
    ],
    "errors added": [
        lambda v, g: 1 - (g + v).var() / g.var(),
        lambda v, g: 1 - np.var(v.numpy() + g.numpy()) / np.var(g.numpy()),
    ],
    "errors without sign": [
        lambda v, g: 1 - torch.abs(g - v).var() / g.var(),
        lambda v, g: 1 - np.var(np.abs(v.numpy() - g.numpy())) / np.var(g.numpy()),
    ],
    "absolute distances": [
        lambda v, g: 1 - distance(g - v) / distance(g),
        lambda v, g: 1 - np.mean(np.abs((g - v) - (g - v).mean()).numpy()) / np.mean(np.abs(g - g.mean()).numpy()),
    ],
    "over time only": [
        lambda v, g: (1 - (g - v).var(0) / g.var(0)).mean(),
        lambda v, g: np.mean(1 - np.var((g - v).numpy(), axis=0) / np.var(g.numpy(), axis=0)),
    ],
    "over roads only": [
        lambda v, g: (1 - (g - v).var(1) / g.var(1)).mean(),
        moment_by_moment,
    ],
    "one for each road": [
        lambda v, g: 1 - (g - v).var(dim=0) / g.var(dim=0),
        road_by_road,
    ],
    "variance of the values": [
        lambda v, g: v.var() / g.var(),
        lambda v, g: 1 - (g.var() - v.var()) / g.var(),
    ],
    "correlation": [
        pearson,
        lambda v, g: ((v - v.mean()) * (g - g.mean())).mean() / (v.std(correction=0) * g.std(correction=0)),
    ],
    "squared correlation": [
        lambda v, g: pearson(v, g) ** 2,
        lambda v, g: torch.corrcoef(torch.stack([g.flatten(), v.flatten()]))[1, 0].square(),
    ],
    "slope": [
        slope_of_a_line,
        lambda v, g: torch.cov(torch.stack([v.flatten(), g.flatten()]))[0, 1] / g.var(),
    ],
}
MISTAKEN = {
    "total_loss": TOTAL_LOSS,
    "annealed_learning_rate": LEARNING_RATE,
    "explained_variance": EXPLAINED_VARIANCE,
    "rollout": answers_rollout.MISTAKEN,
    "update": answers_update.MISTAKEN,
    "loop": answers_loop.MISTAKEN,
}
