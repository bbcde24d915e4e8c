import numpy as np
import torch
from torch.distributions import Categorical


def sample(distribution, uniforms):
    if isinstance(distribution, Categorical):
        cdf = distribution.probs.double().cumsum(-1)
        return torch.searchsorted(
            cdf / cdf[..., -1:], torch.as_tensor(uniforms, device=cdf.device)[..., None], right=True
        )[..., 0]
    raise NotImplementedError
