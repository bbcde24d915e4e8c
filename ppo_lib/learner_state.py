"""What of a learner a training goes on from, beside the weights: schedules, Adam's averages, torch's generators."""

import numpy as np
import torch

from ppo_lib.errors import UsageError
from ppo_lib.validation import check_array


def learner_state(ppo) -> dict:
    """The state of the learner `ppo` in plain values and arrays."""
    generators = {"minibatches": ppo.generator.get_state(), "torch": torch.get_rng_state()}
    if ppo.device.type == "cuda":
        generators["cuda"] = torch.cuda.get_rng_state(ppo.device)
    adam = {}
    for name, parameter in named_parameters(ppo).items():
        for key, value in ppo.optimizer.state.get(parameter, {}).items():  # none before the first step
            adam.setdefault(key, {})[name] = value
    schedules = {"learning_rate": ppo.optimizer.param_groups[0]["lr"], "gamma": ppo.gamma}
    state = schedules | {"entropy_coef": ppo.entropy_coef, "generators": generators}
    if ppo.reward_scaler:
        state["rewards"] = ppo.reward_scaler.state_dict()
    return state | ({"adam": adam} if adam else {})


def restore_learner(ppo, state: dict, num_envs: int) -> None:
    """Put back what learner_state gave of a learner with `num_envs` environments.

    Raises UsageError where the networks are others, an array has not the shape and type that it must, or there are
    statistics of rewards where none are kept, or none where they are.
    """
    if ("rewards" in state) != (ppo.reward_scaler is not None):
        raise UsageError("there must be statistics of the rewards where normalize_rewards is on, and only there")
    if ppo.reward_scaler:
        ppo.reward_scaler.load_state_dict(state["rewards"], num_envs)
    ppo.optimizer.param_groups[0]["lr"] = state["learning_rate"]
    ppo.gamma, ppo.entropy_coef = state["gamma"], state["entropy_coef"]
    _restore_adam(ppo, state.get("adam", {}))
    _restore_generators(ppo, state["generators"])


def named_parameters(ppo) -> dict[str, torch.nn.Parameter]:
    """The parameters of both networks; one that they share goes by the actor's name."""
    pairs = [
        (parameter, f"{network}.{name}")
        for network in ("critic", "actor")
        for name, parameter in getattr(ppo, network).named_parameters()
    ]
    names = dict(pairs)  # the last name that a parameter has
    return {name: parameter for parameter, name in names.items()}


def _restore_adam(ppo, adam):
    if not adam:  # saved before the first step
        return
    parameters = named_parameters(ppo)
    if set(adam) != {"step", "exp_avg", "exp_avg_sq"} or any(set(part) != set(parameters) for part in adam.values()):
        raise UsageError(
            "the optimiser's state is that of other networks; if actor and critic shared layers when they were saved, "
            "or were networks of your own, pass such networks as actor and critic"
        )
    for name, parameter in parameters.items():
        check_array(f"the step of {name}", adam["step"][name], (), np.float32)
        averages = {}
        for key in ("exp_avg", "exp_avg_sq"):
            check_array(f"{key} of {name}", adam[key][name], parameter.shape, np.dtype(str(parameter.dtype)[6:]))
            # fused Adam wants them in the parameter's memory layout
            averages[key] = torch.empty_like(parameter).copy_(torch.as_tensor(adam[key][name]))
        step = torch.as_tensor(adam["step"][name], device=parameter.device)
        ppo.optimizer.state[parameter] = {"step": step.clone(), **averages}


def _restore_generators(ppo, generators):
    setters = {"minibatches": ppo.generator.set_state, "torch": torch.set_rng_state}
    current = {"minibatches": ppo.generator.get_state(), "torch": torch.get_rng_state()}
    if ppo.device.type == "cuda" and "cuda" in generators:
        setters["cuda"] = lambda state: torch.cuda.set_rng_state(state, ppo.device)
        current["cuda"] = torch.cuda.get_rng_state(ppo.device)
    for name, restore in setters.items():
        check_array(f"the generator {name}", generators.get(name), current[name].shape, np.uint8)
        try:
            restore(torch.as_tensor(generators[name]))
        except RuntimeError as error:
            raise UsageError(f"the generator {name} is not in a state that torch knows ({error})") from None
