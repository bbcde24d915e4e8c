from ppo_lib import contest


def test_contestants_take_turns_and_their_median_counts_without_the_first_turn(monkeypatch):
    clock, turns = [0.0], []
    monkeypatch.setattr(contest, "perf_counter", lambda: clock[0])

    def contestant(name, *seconds):
        left = iter(seconds)

        def turn():
            turns.append(name)
            clock[0] += next(left)

        return turn

    rates = contest.alternate({"a": contestant("a", 100, 1, 2, 30), "b": contestant("b", 0.01, 4, 4, 4)}, 8, rounds=3)
    assert rates == {"a": 4, "b": 2}
    assert turns == ["a", "b"] * 4
