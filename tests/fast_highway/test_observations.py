"""Tables and grids equal highway-env's, to the last bit."""

import pytest
from highway_oracle import assert_same_drive

ALL = [
    "presence",
    "x",
    "y",
    "vx",
    "vy",
    "heading",
    "cos_h",
    "sin_h",
    "cos_d",
    "sin_d",
    "long_off",
    "lat_off",
    "ang_off",
]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"features": ALL, "vehicles_count": 12, "see_behind": True},
        {"features": ["vy", "x"], "absolute": True, "vehicles_count": 30, "order": "unsorted"},
        {"order": "shuffled", "see_behind": True, "vehicles_count": 9},
        {"normalize": False, "observe_intentions": True, "include_obstacles": False},
        {"clip": False, "features_range": {"x": [0, 50], "vy": [-1, 2], "presence": [0, 3], "unknown": [0, 1]}},
    ],
)
def test_kinematics_equals_the_original(options):
    config = {"observation": {"type": "Kinematics", **options}, "policy_frequency": 2, "vehicles_density": 1.5}
    assert_same_drive(config=config, steps=30)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"features": ["on_road", "cos_h", "lat_off", "nonsense", "presence"], "grid_step": [3, 2.5]},
        {"align_to_vehicle_axes": True, "grid_size": [[-20, 60], [-10, 10.5]], "grid_step": [1.5, 1]},
        {"clip": False, "features_range": {"x": [-100, 100], "y": [-7, 7], "vx": [-20, 20]}, "features": ["vx", "x"]},
    ],
)
def test_occupancy_grid_equals_the_original(options):
    config = {"observation": {"type": "OccupancyGrid", **options}, "policy_frequency": 5, "vehicles_density": 2}
    assert_same_drive(config=config, steps=30)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_occupancy_grid_as_an_image():
    """highway-env casts NaN to uint8, which gives 0 (and a warning, there)."""
    assert_same_drive(config={"observation": {"type": "OccupancyGrid", "as_image": True}}, steps=20)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Kinematics", "OccupancyGrid"])
@pytest.mark.parametrize("env_id", ["highway-fast-v0", "highway-v0"])
def test_many_observations(env_id, kind):
    options = {"order": "shuffled"} if kind == "Kinematics" else {"align_to_vehicle_axes": True}
    config = {"observation": {"type": kind, **options}, "vehicles_count": 20, "policy_frequency": 5}
    assert_same_drive(env_id, config, steps=100, num_envs=2, seed=5)
