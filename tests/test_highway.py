import pytest

from ppo_lib.envs import make_env, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.highway import highway_config, vehicle_classes


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"observation": {}}, "the key 'type' is missing in highway-env's observation configuration"),
        ({"observation": []}, r"observation in highway-fast-v0's configuration must be a dictionary, got \[\]"),
        (
            {"lanes_count": "four"},
            "lanes_count in highway-fast-v0's configuration must be a finite number, got 'four'",
        ),
        ({"lanes_count": 3.5}, r"lanes_count .* must be a whole number from 0 up, got 3.5"),
        ({"lanes_count": 10**9}, r"lanes_count .* must be a number up to 100, got 1000000000"),
        ({"vehicles_count": 10**400}, r"vehicles_count .* must be a finite number"),
        ({"duration": float("nan")}, r"config\['duration'\] must be plain finite numbers"),
        ({"offroad_terminal": "yes"}, r"offroad_terminal .* must be true or false, got 'yes'"),
        ({"reward_speed_range": 20}, r"reward_speed_range .* must be a list, got 20"),
        ({"other_vehicles_type": 5}, r"other_vehicles_type .* must be a text, got 5"),
        (
            {"observation": {"type": "GrayscaleObservation", "observation_shape": [5], "weights": [1, 1, 1]}},
            "width, h",
        ),
        (
            {"observation": {"type": "GrayscaleObservation", "observation_shape": [9999, 9999], "weights": [1, 1, 1]}},
            "is too large; the most are 10,000,000 numbers",
        ),
        ({"observation": {"type": "Kinematics", "vehicles_count": 10**9}}, r"vehicles_count .* up to 1000"),
        ({"observation": {"type": "Radar"}}, "cannot be made: "),
    ],
)
@pytest.mark.parametrize("backend", ["sync", "auto"])
def test_a_value_that_highway_env_would_stumble_over_is_refused_in_one_line(config, message, backend):
    with pytest.raises(UsageError, match=message) as refusal:
        make_vector_env("highway-fast-v0", 1, backend, config)
    assert "\n" not in str(refusal.value)


def test_a_value_of_highway_envs_own_type_passes():
    env = make_env("highway-fast-v0", {"offroad_terminal": 1, "duration": 2.5, "initial_lane_id": None})
    assert env.unwrapped.config["duration"] == 2.5


def test_the_vehicles_allowed_by_name_are_highway_envs_own():
    from highway_env.utils import class_from_path
    from highway_env.vehicle.kinematics import Vehicle

    class Mine(Vehicle):
        pass

    names = vehicle_classes()
    assert "highway_env.vehicle.behavior.IDMVehicle" in names
    assert all(issubclass(class_from_path(name), Vehicle) for name in names)
    assert not any("Mine" in name for name in names)


def test_continuous_actions_in_a_word_and_by_themselves_five_times_a_second():
    config = highway_config("kinematics", actions="continuous")
    env = make_env("highway-fast-v0", config).unwrapped
    assert env.action_space.shape == (2,)
    assert (env.action_space.low.min(), env.action_space.high.max()) == (-1, 1)
    assert env.config["policy_frequency"] == 5
    assert highway_config(actions="continuous", policy_frequency=3)["policy_frequency"] == 3
    lateral = {"type": "ContinuousAction", "longitudinal": False}
    assert highway_config(actions="continuous", action=lateral)["action"] == lateral
    meta = highway_config("kinematics")
    assert meta == highway_config("kinematics", actions="meta", policy_frequency=1)
    assert list(meta) == ["observation", "policy_frequency"]
    with pytest.raises(UsageError, match="unknown actions 'wheel'; choose one of meta, continuous"):
        highway_config(actions="wheel")
