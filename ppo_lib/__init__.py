"""Proximal Policy Optimization, in pieces small enough to teach and tested well enough to trust.

Read the modules in this order; each imports only from those above it.

    errors          UsageError: one clear line for a mistake that the user can mend
    validation      values held against their types, by pydantic
    plain_data      what JSON can hold, and what of it a file is not trusted with
    tables          a small table, for notebooks and terminals
    missing_names   what to do about a name that a notebook's cell does not find
    config          PPOConfig: every number of the algorithm, validated
    randomness      independent streams of random numbers from one seed
    device          where the networks compute
    wrappers        episodes that can be replayed, and the statistics of a drive
    highway         highway_config, and what highway-env's configuration may say
    fast_highway    highway-env to the last bit, hundreds of times faster; imports nothing else of ours
    envs            EnvSpec, make_env, make_vector_env: highway-env and any Gymnasium environment
    threads         how many threads torch computes with: one, unless the user says otherwise
    normalization   observations and rewards in units of their own spread
    encoders        what the networks make of an observation, by name
    heads           what an actor says of actions: a distribution for each kind of space
    networks        Actor and Critic: observations to action probabilities and to state values
    sampling        actions from uniform numbers, and as an environment takes them
    advantages      compute_gae, discounted_returns, explained_variance
    losses          clipped_surrogate_loss, value_loss, approximate_kl, clip_fraction
    gradients       one gradient step, no longer than it may be
    intervals       confidence intervals, how often they hold the truth, and what to say over seeds
    plotting        one function per figure: arrays in, Axes out
    rollout         Rollout and collect_rollout: T steps of N environments
    collector       Collector: owns the environments, and gathers one rollout after another
    policy_gradient whole drives, what REINFORCE learns from them, and how much its gradients vary
    checkpoint_schema, checkpoint_files, checkpoint
                    saving that survives a kill, loading that trusts nothing
    run_folder      the folder of a training run: its lock, its log and its checkpoints
    drivers         drivers who have learned nothing, and what highway-env's actions move
    evaluation      evaluate_policy, the baseline drivers, a table of results
    probes          six tiny worlds that tell which part of a learner is wrong
    occlusion       where an actor looks: what it says when a part of the image is hidden
    trust_region    how far one batch can be trusted: what the surrogate promises, and what is really gained
    ground_truth    what a policy really earns after each action, from many futures of copied roads
    interrupt       Ctrl-C as a request
    learner_state   what of a learner, beside the weights, a training goes on from
    training        the loop: schedules, progress, Ctrl-C, log, checkpoints, why it stopped
    ppo             PPO: rollout, compute_returns_and_advantages, evaluate, update, learn, save, load
    resumable       trainings that a notebook's cell can stop, and go on with when it is run again
    rival           Stable-Baselines3's PPO with our networks, settings and simulator
    contest         contestants that take turns against the clock
    benchmark_gpu   what a GPU is worth, and whether it learns the same
    planner         a driver that searches with the exact simulator: the upper line
    behaviour       what a driver does, counted: its actions, and what its crashes look like
    recording       an mp4 or GIF of a drive
    benchmark       our speed as ratios against rivals
    check           does this installation work?
    widgets         the interactive figures of the notebooks
    exercises       their exercises: checks that name the mistake they recognise
    grading         notebooks handed in: their functions checked in a process that can do no harm
    arguments, commands, __main__
                    the command line: train, evaluate, record, benchmark, grade

Nothing is re-exported: `from ppo_lib.losses import value_loss` says where a thing lives. Only what the notebooks
alone use is called by its package: `widgets.distribution_explorer()`.
"""

import os

# Threads of OpenMP that wait for each other by spinning make a busy machine, whose environments and networks share two
# cores, up to a hundred times slower. This says: sleep instead. It must be said before torch is first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
