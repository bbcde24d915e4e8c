"""Drive it yourself: buttons and keys drive the real road, and the baselines drive the same one."""

import numpy as np
import pytest

from ppo_lib import widgets
from ppo_lib.envs import make_env
from ppo_lib.evaluation import meta_actions
from ppo_lib.widgets.drive import KEYS, Drive

ENV_ID, SEED = "highway-fast-v0", 3
ACTIONS = meta_actions(ENV_ID)


def returns_of(plan):
    """The returns so far of a drive in highway-env itself, up to its end."""
    env = make_env(ENV_ID)
    env.reset(seed=SEED)
    earned = [0.0]
    for action in plan:
        _, reward, terminated, truncated, _ = env.step(ACTIONS.index(action))
        earned.append(earned[-1] + reward)
        if terminated or truncated:
            break
    return earned


@pytest.fixture(scope="module")
def figure():
    return widgets.drive_yourself(seed=SEED)


def buttons(figure):
    row, *_ = figure.children
    return {button.description: button for button in row.children}


def own_curve(figure):
    (line,) = [line for line in figure.figure.axes[1].lines if line.get_label() == "you"]
    return line.get_ydata()


def test_each_button_takes_its_action_and_shows_the_return(figure):
    plan = ["FASTER", "IDLE", "SLOWER", "LANE_LEFT", "LANE_RIGHT"]
    before = figure.picture.value
    for action in plan:
        buttons(figure)[KEYS[action][1]].click()
    assert figure.picture.value != before
    np.testing.assert_allclose(own_curve(figure), returns_of(plan))
    assert figure.caption.value.startswith("Driving: step 5,")
    buttons(figure)["start again (R)"].click()
    assert figure.picture.value == before


def test_each_key_belongs_to_a_button(figure):
    claimed = {name for button in buttons(figure).values() for name in button._dom_classes}
    assert claimed == {f"pressed-by-{key}" for key, _ in KEYS.values()} | {"pressed-by-KeyR"}
    assert "listens-to-keys" in figure._dom_classes
    assert '"' not in figure.children[-1].value.split('onload="')[1].removesuffix('">')  # it would end the attribute


def test_the_baselines_drive_the_same_road_to_their_end():
    drive = Drive(None, SEED, ENV_ID)
    for name, earned in drive.rivals.items():
        np.testing.assert_allclose(earned, returns_of([name.removeprefix("always ")] * 40))


def test_nothing_happens_after_the_end():
    drive = Drive(None, SEED, ENV_ID)
    for _ in range(12):
        drive.step("FASTER")
    assert drive.ending == "Crashed"
    np.testing.assert_allclose(drive.earned, drive.rivals["always FASTER"])
    drive.restart()
    for _ in range(31):
        drive.step("SLOWER")
    assert drive.ending == "Time is up"
    assert len(drive.earned) == 31
