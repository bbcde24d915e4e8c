"""A drive as a film: mp4 or GIF, without a screen."""

import os
from contextlib import closing
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ppo_lib.envs import is_highway, make_env
from ppo_lib.errors import UsageError
from ppo_lib.evaluation import Policy, act, check_seed, meta_actions
from ppo_lib.sampling import episode_noise, to_environment

FORMATS = (".mp4", ".gif")
CAPTION_HEIGHT = 26  # pixels


def record_drive(policy: Policy, env_id, config=None, *, out, seed=0, speedup=2.0, **kwargs) -> dict:
    """Film one episode of a driver: the very one that evaluate_policy drives from this seed.

    highway-env is shown at every step of its simulation, not at every decision only, so that the cars glide. The film
    takes its name when it is complete: what is interrupted leaves nothing behind, and an older film in place.

    Args:
        policy: observations (1, ...) to actions (1,).
        env_id, config, kwargs: as for make_env.
        out: the film's path, ending in .mp4 or .gif; its folder is made where it is missing.
        seed: of the episode.
        speedup: how much faster than life the film runs.

    Returns {"return", "length", "frames"} of the drive; for highway-env also {"crashed"}.

    Raises UsageError for another ending or a place that cannot be written.
    """
    out = Path(out)
    if out.suffix not in FORMATS:
        raise UsageError(f"cannot film to {out.name!r}: its name must end in {' or '.join(FORMATS)}")
    frames, fps, drive = film(policy, env_id, config, seed, **kwargs)
    frames += [frames[-1]] * round(fps)  # rest on the end for a second
    partial = out.with_name(f".{out.stem}.partial{out.suffix}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix == ".mp4":
            imageio.imwrite(partial, frames, fps=fps * speedup, codec="libx264", macro_block_size=2)
        else:
            imageio.imwrite(partial, frames, duration=1000 / (fps * speedup), loop=0)
        os.replace(partial, out)
    except OSError as error:
        raise UsageError(f"cannot write {out} ({error.strerror or error}); choose another place") from None
    finally:
        if partial.is_file():
            partial.unlink()
    return drive


def film(policy: Policy, env_id, config=None, seed=0, **kwargs) -> tuple[list[np.ndarray], float, dict]:
    """(frames (H, W, 3) uint8, frames per simulated second, facts of the drive) of one episode, captioned."""
    check_seed(seed)
    names = meta_actions(env_id, config, **kwargs)
    with closing(make_env(env_id, config, **kwargs | {"render_mode": "rgb_array"})) as env:
        camera = _Camera(env)
        obs, info = env.reset(seed=seed)
        if is_highway(env_id):
            env.unwrapped.set_record_video_wrapper(camera)  # highway-env calls it at every step of its simulation
            fps = env.unwrapped.config["simulation_frequency"]
        else:
            fps = env.metadata.get("render_fps", 30)
        noise, drive, done = [episode_noise(seed)], {"return": 0.0, "length": 0}, False
        camera.caption = _caption("start", info, drive)
        camera.take()
        while not done:
            action = to_environment(act(policy, obs[None], noise, env.action_space.shape)[0], env.action_space)
            camera.caption = _caption(names[action] if names else _in_words(action), info, drive)
            obs, reward, terminated, truncated, info = env.step(action)
            drive["return"] += float(reward)
            drive["length"] += 1
            done = terminated or truncated
            if done:
                camera.caption = _caption("crashed" if info.get("crashed") else "the end", info, drive)
            camera.take()
    if "crashed" in info:
        drive["crashed"] = bool(info["crashed"])
    return camera.frames, float(fps), drive | {"frames": len(camera.frames)}


class _Camera:
    """Takes captioned pictures of an environment; in highway-env's eyes it is a video recorder."""

    frames_per_sec = None  # set by highway-env, used by nobody

    def __init__(self, env):
        self.env = env
        self.caption = ()
        self.frames = []

    def take(self):
        self.frames.append(_captioned(self.env.unwrapped.render(), self.caption))

    _capture_frame = take  # the name that highway-env calls between two decisions


def _in_words(action):
    """An action that has no name: its number, or its numbers."""
    decimal = np.issubdtype(np.asarray(action).dtype, np.floating)
    return "action " + " ".join(f"{number:+.2f}" if decimal else f"{number}" for number in np.ravel(action))


def _caption(doing, info, drive):
    """What the strip below the picture says, column by column."""
    speed = f"{info['speed']:.1f} m/s" if "speed" in info else ""
    return doing, speed, f"return {drive['return']:.1f}", f"step {drive['length']}"


def _captioned(frame, columns):
    """`frame` with a strip of text below it, its sides even as video encoders want them."""
    height, width, _ = frame.shape
    picture = Image.new("RGB", (width - width % 2, (height + CAPTION_HEIGHT) // 2 * 2), "white")
    picture.paste(Image.fromarray(frame))
    font, draw = ImageFont.load_default(15), ImageDraw.Draw(picture)
    for i, text in enumerate(columns):
        draw.text((8 + i * width / len(columns), height + CAPTION_HEIGHT / 2), text, "black", font, anchor="lm")
    return np.asarray(picture)
