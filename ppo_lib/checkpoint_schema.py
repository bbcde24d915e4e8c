"""What checkpoint.json may say: the whole document is held against its types before anything in it is used."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ppo_lib.errors import UsageError

FORMAT = 2  # raised whenever an older reader would misunderstand
Count = Annotated[int, Field(ge=0, lt=2**63)]
Finite = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class _PCG64State(_Strict):
    state: Annotated[int, Field(ge=0, lt=2**128)]
    inc: Annotated[int, Field(ge=0, lt=2**128)]


class _PCG64(_Strict):
    """numpy's generator, as `bit_generator.state` gives it."""

    bit_generator: Literal["PCG64"]
    state: _PCG64State
    has_uint32: Annotated[int, Field(ge=0, le=1)]
    uinteger: Annotated[int, Field(ge=0, lt=2**32)]


class _Episode(_Strict):
    """What an original environment is set back by, see wrappers.ReplayableEpisode."""

    generator: _PCG64
    actions: list[Any]  # each held against the action space before it is taken


class _Rewards(_Strict):
    """A normalization.RewardScaler, without its returns."""

    count: Finite
    mean: Annotated[float, Field(allow_inf_nan=False)]
    variance: Finite
    resets: Count


class _Learner(_Strict):
    learning_rate: Finite
    gamma: Finite
    entropy_coef: Finite
    rewards: _Rewards | None = None  # where rewards are normalised


class _Collector(_Strict):
    env_spec: dict[str, Any] | None  # see envs.EnvSpec.from_json
    seed: Count
    resets: Count
    rollouts: Count
    steps: Count
    episodes: list[_Episode] | None = None


class _State(_Strict):
    learner: _Learner
    collector: _Collector


class _Document(_Strict):
    format: int
    config: dict[str, Any]  # see config.PPOConfig
    env_steps: Count
    total_steps: Count | None
    state: _State


def read_document(data: bytes) -> dict:
    """checkpoint.json as plain data.

    Raises UsageError, in one line, for what is no JSON, from another version, or not what such a document says.
    """
    try:
        document = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError, too
        raise UsageError(f"checkpoint.json is damaged (no readable JSON: {error}); use another checkpoint") from None
    written_in = document.get("format") if isinstance(document, dict) else None
    if isinstance(written_in, int) and written_in != FORMAT:
        raise UsageError(f"it is in format {written_in}, this version of ppo_lib reads {FORMAT}; train anew")
    try:
        return _Document.model_validate(document).model_dump(exclude_unset=True)
    except (ValidationError, RecursionError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": "nested too deeply"}
        where = ".".join(map(str, first["loc"])) or "it"
        raise UsageError(f"checkpoint.json is damaged ({where}: {first['msg'].lower()})"[:300]) from None


def _refuse_constant(name):
    raise ValueError(f"{name} is no number")
