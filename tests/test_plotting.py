import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba

from ppo_lib import plotting


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_running_mean_by_hand():
    np.testing.assert_allclose(plotting.running_mean([2, 4, 6, 8], window=2), [2, 3, 5, 7])
    np.testing.assert_allclose(plotting.running_mean([2, 4], window=10), [2, 3])


def test_a_learning_curve_skips_updates_without_episodes_and_names_its_baselines():
    ax = plotting.plot_learning_curve([10, 20, 30], [1.0, np.nan, 3.0], baselines={"always SLOWER": 2.5})
    mean, dots, baseline = ax.lines
    np.testing.assert_array_equal(dots.get_xydata(), [[10, 1], [30, 3]])
    np.testing.assert_array_equal(mean.get_xydata(), [[10, 1], [30, 3]])
    assert set(baseline.get_ydata()) == {2.5}
    assert [text.get_text() for text in ax.texts] == ["always SLOWER"]
    assert ax.get_xlabel() == "environment steps"
    assert ax.get_ylabel() == "return per episode"


def test_a_long_learning_curve_is_smoothed_over_a_tenth_of_it():
    values = np.random.default_rng(0).normal(size=100)
    mean = plotting.plot_learning_curve(np.arange(100), values).lines[0]
    np.testing.assert_allclose(mean.get_ydata()[50], values[40:51].mean())


def test_the_name_of_a_baseline_stands_where_the_curve_is_not():
    ax = plotting.plot_learning_curve(np.arange(9), np.arange(9.0), baselines={"high": 8.0, "low": 0.0})
    high, low = ax.texts
    assert (high.xy, high.get_ha()) == ((0, 8.0), "left")
    assert (low.xy, low.get_ha()) == ((1, 0.0), "right")


def test_the_name_of_a_contests_reference_stands_where_the_curves_are_not():
    rising = {"ours": ([0, 1, 2, 3], [[1, 3, 5, 8]]), "theirs": ([0, 1, 2, 3], [[0, 2, 6, 7]])}
    for value, side in ((8.0, "left"), (0.0, "right")):
        (name,) = plotting.plot_contest(rising, reference=("lazy", value)).texts
        assert name.get_ha() == side


def test_further_trainings_are_thin_smoothed_lines_behind_the_first():
    values = np.random.default_rng(0).normal(size=(3, 50))
    first, _, *others = plotting.plot_learning_curve(np.arange(50), values[0], others=values[1:]).lines
    assert len(others) == 2
    for line, row in zip(others, values[1:], strict=True):
        np.testing.assert_allclose(line.get_ydata()[-1], row[-6:].mean())
        assert line.get_zorder() < first.get_zorder()
        assert line.get_linewidth() < first.get_linewidth()
        assert line.get_color() == first.get_color()


def test_a_contest_shows_the_mean_and_the_range_of_the_seeds_in_agreeing_colours():
    curves = {"ours": ([0, 10], [[1, 2], [3, 6]]), "theirs": ([0, 5], [[0, 1], [0, 1]])}
    ax = plotting.plot_contest(curves, reference=("lazy", 1.5))
    ours, theirs, lazy = ax.lines
    np.testing.assert_array_equal(ours.get_xydata(), [[0, 2], [10, 4]])
    np.testing.assert_array_equal(ax.collections[0].get_paths()[0].get_extents().get_points(), [[0, 1], [10, 6]])
    assert set(lazy.get_ydata()) == {1.5}
    assert [text.get_text() for text in ax.texts] == ["lazy"]
    colors = plotting.contestant_colors(["another", *curves])
    again = plotting.plot_contest(curves, colors=colors).lines
    assert [line.get_color() for line in again] == [colors["ours"], colors["theirs"]]
    assert colors["ours"] == theirs.get_color()  # the second colour


def test_no_contestant_is_left_without_a_colour():
    many = [str(n) for n in range(20)]
    assert list(plotting.contestant_colors(many)) == many


def test_ablations_stand_from_best_to_worst_with_the_baseline_shaded():
    scores = {
        "all": ([2, 4], 3.0, (2.0, 4.0)),
        "worse": ([1, 1], 1.0, (1.0, 1.0)),
        "better": ([5, 5], 5.0, (4.5, 5.5)),
    }
    ax = plotting.plot_ablations(scores, baseline="all")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["better", "all", "worse"]
    shade = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert [shade.x0, shade.x1] == pytest.approx([2, 4])
    middles = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "|"]
    assert middles == [5, 3, 1]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the best on top


def test_reward_components_are_stacked_up_and_down():
    ax = plotting.plot_reward_components(
        {"surviving": [0.6, 0.6], "high speed": [0.2, 0.1], "right lane": [0, 0], "collision": [0, -0.5]},
        actions=["FASTER", "LANE_LEFT"],
    )
    boxes = [(bar.get_y(), bar.get_height()) for bar in ax.patches]
    np.testing.assert_allclose(boxes, [(0, 0.6), (0, 0.6), (0.6, 0.2), (0.6, 0.1), (0.8, 0), (0, -0.5)])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["faster", "left"]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.8, 0.2])  # the dots: what the parts add up to
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["reward: their sum", "surviving", "high speed", "collision"]
    assert ax.get_ylim()[0] < -0.5
    assert ax.get_ylim()[1] > 0.8


def test_an_observation_stack_is_shown_upright_oldest_first():
    stack = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    axes = plotting.plot_observation_stack(stack)
    assert [ax.get_title() for ax in axes] == ["3 steps ago", "2 steps ago", "1 step ago", "now"]
    for ax, image in zip(axes, stack, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), image.T)


def test_many_roads_are_tiled_upright_in_reading_order():
    images = np.arange(3 * 4 * 2, dtype=np.uint8).reshape(3, 4, 2)
    sheet = plotting.plot_roads(images, columns=2).images[0].get_array()
    assert sheet.shape == (2 * (2 + 2), 2 * (4 + 2))
    np.testing.assert_array_equal(sheet[:2, 6:10], images[1].T)
    np.testing.assert_array_equal(sheet[4:6, :4], images[2].T)
    assert (sheet[4:, 6:] == 255).all()


def test_speeds_are_dots_with_their_numbers():
    ax = plotting.plot_speeds(["slow", "fast"], [40.2, 52_000])
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [(40.2, 0), (52_000, 1)])
    assert [text.get_text() for text in ax.texts] == ["40", "52,000"]
    assert ax.get_xscale() == "log"


def test_drivers_carry_their_names_crash_rates_and_intervals():
    ax = plotting.plot_drivers(["a", "b"], [10, 20], [(9, 12), (18, 21)], [1.0, 0.25], [28, 20])
    assert [text.get_text() for text in ax.texts] == ["a: 100% crash", "b: 25% crash"]
    (segments,) = [c for c in ax.collections if hasattr(c, "get_segments") and len(c.get_segments())]
    np.testing.assert_allclose(segments.get_segments()[0], [(28, 9), (28, 12)])


def test_who_crashes_often_has_a_marker_of_another_shape():
    ax = plotting.plot_drivers(["a", "b", "c"], [1, 2, 3], [(0, 4)] * 3, [1.0, 0.0, 0.5], [28, 20, 25])
    rarely, often = (c for c in ax.collections if not hasattr(c, "get_segments"))
    np.testing.assert_array_equal(rarely.get_offsets(), [(20, 2)])
    np.testing.assert_array_equal(often.get_offsets(), [(28, 1), (25, 3)])
    assert len(rarely.get_paths()[0].vertices) != len(often.get_paths()[0].vertices)


def test_a_ranking_stands_from_best_to_worst_with_its_intervals():
    ax = plotting.plot_ranking(["a", "b"], [10.0, 20.0], [(9, 12), (18, 21)], colors={"b": "red"})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "a"]
    assert [bar.get_width() for bar in ax.patches] == [20, 10]
    assert ax.patches[0].get_facecolor() == to_rgba("red")
    (segments,) = [c for c in ax.collections if hasattr(c, "get_segments")]
    np.testing.assert_allclose(segments.get_segments(), [[(18, 0), (21, 0)], [(9, 1), (12, 1)]])
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the best on top


def space_time(**options):
    """Two moments of three cars: ours, one that comes into its lane, and one that stays in another."""
    return plotting.plot_space_time([[5, 50, 90], [30, 72, 110]], [[0, 1, 1], [0, 0, 1]], **options)


def test_space_and_time_are_measured_from_where_a_moving_point_is():
    ax = space_time(seconds=2, moving=10)
    (ours,) = [line for line in ax.lines if line.get_label() == "our car"]
    np.testing.assert_array_equal(ours.get_xydata(), [(0, 0), (2, 5)])
    dotted = [line for line in ax.lines if line.get_linestyle() == ":" and len(line.get_xdata())]
    np.testing.assert_array_equal([line.get_ydata() for line in dotted], [[45, 47], [85, 85]])
    assert "10 m/s" in ax.get_ylabel()
    assert space_time().get_ylabel() == "m along the road"


def test_a_car_is_solid_only_where_it_is_in_our_lane_and_a_crash_is_marked():
    quiet, loud = space_time(), space_time(crashed=True)
    solid = [line.get_ydata() for line in quiet.lines if line.get_linestyle() == "-" and len(line.get_xdata())]
    np.testing.assert_array_equal(solid[:2], [[np.nan, 67], [np.nan, np.nan]])
    marks = [[line for line in ax.lines if line.get_label() == "our crash"] for ax in (quiet, loud)]
    assert marks[0] == []
    np.testing.assert_array_equal(marks[1][0].get_xydata(), [(1, 25)])


def test_a_flow_has_its_boxes_and_labels_and_marks_what_it_is_about():
    boxes = {"agent": (0, 0), "road": (2, 0), "camera": (1, 1)}
    arrows = [("agent", "road", "action"), ("road", "agent", "reward"), ("road", "camera", "state")]
    ax = plotting.plot_flow(boxes, arrows, marked=["agent"])
    texts = {text.get_text(): text for text in ax.texts if text.get_text()}
    assert set(texts) == {*boxes, "action", "reward", "state"}
    colours = {name: texts[name].get_bbox_patch().get_facecolor() for name in boxes}
    assert colours["agent"] == to_rgba(plotting.AGENT_COLOR) != colours["road"] == colours["camera"]
    (x, y), (x_road, y_road) = texts["agent"].get_position(), texts["road"].get_position()
    assert texts["action"].get_position()[0] == texts["reward"].get_position()[0] == (x + x_road) / 2
    assert texts["action"].get_position()[1] == -texts["reward"].get_position()[1] != y  # there and back swerve
    # An arrow ends where its box was drawn last: one drawn before it vanishes below a box that a tight frame moved.
    drawn_arrows = [text for text in ax.texts if getattr(text, "arrow_patch", None)]
    assert len(drawn_arrows) == 3
    assert min(arrow.get_zorder() for arrow in drawn_arrows) > texts["agent"].get_zorder()
    x_camera, y_camera = texts["camera"].get_position()
    assert texts["state"].get_position() == ((x_camera + x_road) / 2, (y_camera + y_road) / 2)  # a single one does not


def test_a_policy_is_a_bar_for_each_action_the_picked_one_marked():
    ax = plotting.plot_action_probabilities([0.25, 0.75], ["LANE_LEFT", "IDLE"], picked=1)
    assert [bar.get_height() for bar in ax.patches] == [0.25, 0.75]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["left", "idle"]
    left, idle = (bar.get_facecolor() for bar in ax.patches)
    assert left != idle


def test_a_random_number_falls_on_a_stretch_as_long_as_the_probability():
    ax = plotting.plot_sampling([0.25, 0.7, 0.05], ["LANE_LEFT", "IDLE", "FASTER"], 0.3)
    stretches = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    np.testing.assert_allclose(stretches, [(0, 0.25), (0.25, 0.7), (0.95, 0.05)])
    assert [text.get_text() for text in ax.texts] == ["left", "idle"]
    assert set(ax.lines[0].get_xdata()) == {0.3}


def test_layers_are_bars_from_first_to_last_with_their_numbers():
    parameters, multiplications = plotting.plot_layers(["conv", "linear"], [4_112, 645], [659_456, 640])
    assert [bar.get_width() for bar in parameters.patches] == [4_112, 645]
    assert [text.get_text() for text in multiplications.texts] == ["659,456", "640"]
    assert parameters.yaxis_inverted()
    assert parameters.get_xlabel() == "parameters"


def test_feature_maps_are_upright_beside_the_image_and_zero_is_white():
    image, feature_map = np.arange(12, dtype=np.uint8).reshape(4, 3), np.array([[1.0, -3.0]])
    left, right = plotting.plot_feature_maps(image, {"a filter": feature_map})
    np.testing.assert_array_equal(left.images[0].get_array(), image.T)
    np.testing.assert_array_equal(right.images[0].get_array(), feature_map.T)
    assert right.images[0].get_clim() == (-3, 3)
    assert right.get_title() == "a filter"


def test_signals_are_red_above_and_blue_below_a_white_zero():
    (ax,) = plotting.plot_signals({"contrast": np.array([[1.0, 0.0, -0.4]])})
    image = ax.images[0]
    red, white, blue = image.to_rgba(image.get_array())[:, 0, :3]
    np.testing.assert_allclose(white, 1, atol=0.01)
    assert red[0] > red[2]
    assert blue[2] > blue[0]


def test_a_convolution_is_written_out_in_numbers_and_its_first_place_is_framed():
    image = np.arange(12.0).reshape(3, 4)
    seen, window, sums = plotting.plot_convolution(image, np.array([[1, 0], [0, -1]]), stride=2)
    assert [text.get_text() for text in sums.texts] == ["-5", "-5"]  # 0 - 5 and 2 - 7; a third place does not fit
    assert [text.get_text() for text in seen.texts] == [f"{n:g}" for n in range(12)]
    assert (window.get_title(), sums.get_title()) == ("weights, 2 × 2", "sums at stride 2, 1 × 2")
    assert [ax.patches[0].get_width() for ax in (seen, sums)] == [2, 1]


def test_a_relu_drops_what_is_negative_and_a_leaky_one_makes_it_small():
    said = [text.get_text() for text in plotting.plot_relu([-1, 0, 2]).texts]
    assert said == ["-1 → 0", "0 → 0", "2 → 2"]
    assert plotting.plot_relu([-1], leak=0.1).texts[0].get_text() == "-1 → -0.1"


def test_a_filter_bank_is_tiled_in_four_columns_with_lines_between():
    maps = np.arange(8.0)[:, None, None] * np.ones((2, 3))
    tiled = plotting.plot_filter_bank(maps).images[0].get_array()
    assert tiled.shape == (2 * 3 - 1, 4 * 4 - 1)
    np.testing.assert_array_equal(tiled[0, ::4], [0, 1, 2, 3])
    np.testing.assert_array_equal(tiled[3, ::4], [4, 5, 6, 7])
    assert tiled.mask[2].all()
    assert tiled.mask[:, 3].all()


def test_shares_are_the_mean_of_the_runs_and_a_band_around_them():
    ax = plotting.plot_shares([0, 10, 100], {"policy": [[0, 0.2, 1], [0, 0.4, 1]]})
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [(10, 0.3), (100, 1)])
    band = ax.collections[0].get_paths()[0].vertices
    assert {0.2, 0.4} <= set(band[:, 1].round(3))
    assert ax.get_xscale() == "log"


def test_policies_are_columns_of_dots_side_by_side():
    policies = {"first": np.array([[0.5, 0.5], [0.4, 0.6]]), "second": np.array([[0.1, 0.9]])}
    ax = plotting.plot_policies(policies, ["LANE_LEFT", "IDLE"])
    dots = [line.get_xydata() for line in ax.lines if len(line.get_xdata()) and line.get_linestyle() == "None"]
    np.testing.assert_allclose(dots[0], [(-0.2, 0.5), (0.8, 0.5), (-0.2, 0.4), (0.8, 0.6)])
    np.testing.assert_allclose(dots[1], [(0.2, 0.1), (1.2, 0.9)])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["first", "second", "all equal"]


def test_a_view_is_framed_where_its_image_lies_in_metres():
    road, image = np.zeros((840, 200), np.uint8), np.zeros((96, 32), np.uint8)
    above, below = plotting.plot_view(road, 4.0, image, 1.25)
    frame = above.patches[0]
    np.testing.assert_allclose([frame.get_x(), frame.get_y(), frame.get_width()], [-0.3 * 76.8, -12.8, 76.8])
    np.testing.assert_allclose(above.images[0].get_extent(), [-63, 147, 25, -25])
    np.testing.assert_allclose(below.get_xlim(), [-0.3 * 76.8, 0.7 * 76.8])


def test_in_a_race_the_last_driver_stands_out():
    ax = plotting.plot_race({"always IDLE": [0, 1, 2], "you": [0, 1.5]})
    lines = {line.get_label(): line for line in ax.lines}
    assert list(lines["you"].get_ydata()) == [0, 1.5]
    assert list(lines["always IDLE"].get_ydata()) == [0, 1, 2]
    assert lines["you"].get_linewidth() > lines["always IDLE"].get_linewidth()


def test_each_draws_into_the_axes_it_is_given():
    _, ax = plt.subplots()
    assert plotting.plot_learning_curve([1], [1], ax=ax) is ax
    assert plotting.plot_reward_components({"surviving": [1]}, ax=ax) is ax


def test_intervals_stand_beside_each_other_in_rows():
    series = {"agent": ([22.0, 21.0], [(21, 22.5), (20, 22)]), "SLOWER": ([21.0, 20.0], [(20, 22), (19, 21)])}
    ax = plotting.plot_intervals(["3 lanes", "4 lanes"], series, xlabel="return")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["3 lanes", "4 lanes"]
    agent, slower = (bars.lines[0].get_xydata() for bars in ax.containers)
    np.testing.assert_allclose(agent, [(22, -0.11), (21, 0.89)])
    np.testing.assert_allclose(slower, [(21, 0.11), (20, 1.11)])
    np.testing.assert_allclose(ax.containers[0].lines[2][0].get_segments()[0][:, 0], [21, 22.5])
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first on top


def test_rates_are_written_in_percent():
    ax = plotting.plot_intervals(["a"], {"agent": ([0.5], [(0.4, 0.6)])}, xlabel="crashes", percent=True)
    assert ax.xaxis.get_major_formatter().format_pct(0.5, 1) == "50%"
    assert ax.get_legend() is None


def test_convergence_is_lines_in_bands():
    ax = plotting.plot_convergence([5, 50], {"Ada": ([20, 22], [(15, 25), (21, 23)])}, ylabel="return")
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [(5, 20), (50, 22)])
    corners = ax.collections[0].get_paths()[0].vertices
    assert {(5, 15), (5, 25), (50, 21), (50, 23)} <= set(map(tuple, corners))
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["5", "50"]


def test_a_gallery_shows_each_picture_below_its_title():
    frames = [np.full((10, 20, 3), value, np.uint8) for value in (10, 20, 30)]
    axes = plotting.plot_gallery(frames, ["a", "b", "c"], columns=2)
    assert [ax.get_title() for ax in axes[:3]] == ["a", "b", "c"]
    for ax, frame in zip(axes, frames, strict=False):
        np.testing.assert_array_equal(ax.images[0].get_array(), frame)
    assert len(axes[0].figure.axes) == 3  # no empty frame beside the third


def test_occlusion_lies_over_the_image_in_metres():
    image, heat = np.zeros((100, 40), np.uint8), np.zeros((100, 40))
    heat[90, 10] = 0.4
    ax = plotting.plot_occlusion(image, heat, scaling=2, strongest=0.8)
    below, above = ax.images
    assert below.get_extent() == above.get_extent() == [-15, 35, 10, -10]  # 30 % of 50 m lie behind the car
    np.testing.assert_array_equal(below.get_array(), image.T)
    assert above.get_array()[10, 90] == 0.5
    assert above.get_array().sum() == 0.5


def test_a_filmstrip_shows_each_step_over_its_number_with_the_road_upwards():
    images = np.arange(3 * 4 * 2, dtype=np.uint8).reshape(3, 4, 2)
    ax = plotting.plot_filmstrip(images)
    (strip,) = ax.images
    assert strip.origin == "lower"
    assert strip.get_extent()[:2] == [-0.5, 2.5]
    np.testing.assert_array_equal(strip.get_array()[:, 2:4], images[1])


def test_a_filmstrip_names_the_actions_below_its_pictures():
    ax = plotting.plot_filmstrip(np.zeros((2, 4, 2), np.uint8), actions=["IDLE", "LANE_RIGHT"])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0\nidle", "1\nright"]


def bars(ax):
    """[(color, {step: height other than 0})] of each outline that plot_step_bars drew."""
    outlines = [(patch.get_facecolor(), *patch.get_data()[:2]) for patch in ax.patches if hasattr(patch, "get_data")]
    return [
        (color, {round((left + right) / 2): h for h, left, right in zip(heights, edges, edges[1:], strict=False) if h})
        for color, heights, edges in outlines
    ]


def test_step_bars_are_coloured_by_their_sign():
    (blue, above), (red, below) = bars(plotting.plot_step_bars([1.0, -2.0, 3.0], highlight=1))
    assert blue == to_rgba(plotting.AGENT_COLOR)
    assert red == to_rgba(plotting.CRASH_COLOR)
    assert above == {0: 1, 2: 3}
    assert below == {1: -2}


def test_weighted_step_bars_show_the_weighted_part_solid():
    pale, _, solid, solid_below = bars(plotting.plot_step_bars([4.0, -2.0], weights=np.array([0.25, 0.5])))
    assert pale == (to_rgba(plotting.AGENT_COLOR, 0.2), {0: 4})
    assert solid == (to_rgba(plotting.AGENT_COLOR), {0: 1})
    assert solid_below[1] == {1: -1}


def test_steps_are_labelled_with_their_actions():
    ax = plotting.label_steps(plotting.plot_step_bars([1.0, -2.0]), ["idle", "slower"])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0\nidle", "1\nslower"]


def test_advantages_of_actions_have_intervals_and_the_taken_ones_a_ring():
    advantages, margins = np.array([[1.0, -1.0], [0.5, 0.0]]), np.array([[0.1, 0.2], [0.3, 0.4]])
    ax = plotting.plot_action_advantages(advantages, margins, ["idle", "slower"], taken=[1, 0])
    idle, slower = ax.containers
    np.testing.assert_allclose(idle.lines[0].get_ydata(), [1, 0.5])
    bars = [segment[:, 1] for segment in slower.lines[2][0].get_segments()]
    np.testing.assert_allclose(bars, [[-1.2, -0.8], [-0.4, 0.4]])
    ring = next(c for c in ax.collections if c.get_label() == "taken")
    np.testing.assert_allclose(ring.get_offsets(), [[0.3, -1], [0.7, 0.5]])


def test_the_parts_of_an_error_are_stacked_up_to_the_whole():
    parts = {"bias": np.array([3.0, 1.0, 0.0]), "variance": np.array([0.0, 1.0, 4.0])}
    ax = plotting.plot_bias_and_variance(np.array([0.0, 0.5, 1.0]), parts)
    (total,) = ax.lines
    np.testing.assert_array_equal(total.get_ydata(), [3, 2, 4])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["mean squared error", "variance", "bias"]


@pytest.mark.parametrize(("advantage", "flat"), [(2.0, (1.3, 2.0)), (-2.0, (0.0, 0.7))])
def test_the_clipped_objective_is_flat_exactly_where_it_is_shaded(advantage, flat):
    ax = plotting.plot_clipped_objective(advantage, 0.3)
    (shaded,) = ax.patches
    np.testing.assert_allclose([shaded.get_x(), shaded.get_x() + shaded.get_width()], flat)
    ratio, objective = next(line for line in ax.lines if line.get_label() == "clipped").get_xydata().T
    slopes, middles = np.diff(objective) / np.diff(ratio), (ratio[1:] + ratio[:-1]) / 2
    np.testing.assert_allclose(slopes, np.where((middles > flat[0]) & (middles < flat[1]), 0, advantage), atol=1e-9)


def test_kl_estimates_are_counted_around_the_truth():
    ax = plotting.plot_kl_estimates({"k1": np.array([-1.0, 0.0, 1.0]), "k3": np.array([0.4, 0.5])}, 0.45)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["k1", "k3", "true KL"]
    assert sum(bar.get_height() for bar in ax.patches) == 5
    assert set(ax.lines[0].get_xdata()) == {0.45}
