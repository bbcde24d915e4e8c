"""Where the networks compute."""

import torch

from ppo_lib.errors import UsageError


def find_device(name) -> torch.device:
    """The device called `name`; "auto" is CUDA where there is one, else the CPU.

    Raises UsageError for a device that this machine does not have.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # torch raises either, by the kind of device
        raise UsageError(f"device {name!r} cannot be used ({str(error).splitlines()[0]}); use auto or cpu") from None
    return device
