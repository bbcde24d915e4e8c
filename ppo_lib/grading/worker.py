"""The confined process: runs the code of one notebook at a time, and calls its functions as it is told.

It is started as a script in a folder that holds nothing but this file, wire.py and attempt.py; see sandbox.py. It is
told inputs and answers what the function did with them. What would be right it never learns.
"""

import ast
import builtins
import json
import linecache
import os
import sys
import types
from functools import partial

# Events of Python's audit hooks that no exercise needs: other processes, and signals to them.
REFUSED = ("os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.kill", "os.killpg")
REFUSED += ("subprocess.Popen", "os.startfile")


class NoCourse:
    """Keeps the course's package from being imported, and says so where a student's code tries."""

    def find_spec(self, name, path=None, target=None):
        """The finder's one method; None lets the next finder look."""
        if name.partition(".")[0] == "ppo_lib":
            raise ModuleNotFoundError(
                f"{name} is not there while a hand-in is graded; a function must stand on its own"
            )


class StandIn:
    """What the name of a check, or of the module of checks, means here: calling it does nothing."""

    def __call__(self, *arguments, **named):
        """Nothing."""

    def __getattr__(self, name):
        """A check of the module; it has nothing else."""
        if name.startswith("check_"):
            return self
        raise AttributeError(f"exercises.{name} is not there while a hand-in is graded")


def take_pipes():
    """The pipes to the grader, moved away from stdin and stdout, where a student's code would meet them."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    return requests, replies


def limit_resources(cpu_seconds: int, memory: int, file_size: int, processes: int) -> None:
    """What this process may use from now on. `memory` comes on top of what the libraries took; 0 means no limit."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: cpu_seconds, resource.RLIMIT_FSIZE: file_size}
    if os.path.exists("/proc/self/statm"):  # elsewhere there is no telling what the libraries took
        with open("/proc/self/statm") as file:
            taken = int(file.read().split()[0]) * resource.getpagesize()
        limits[resource.RLIMIT_AS] = taken + memory
    if processes:
        limits[resource.RLIMIT_NPROC] = processes
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))


def refuse(event, arguments):
    """The audit hook. It stays for the life of the process."""
    if event in REFUSED:
        raise PermissionError(f"{event} is not allowed while a hand-in is graded")


def in_words(error: BaseException) -> str:
    """What was raised; of a student's own exception perhaps only its name."""
    try:
        return f"{type(error).__name__}: {error}"[:500]
    except BaseException:  # a student's code
        return type(error).__name__


def load(program: dict):
    """Run the statements of a program in a module of their own, and evaluate what is checked.

    Returns (its value, the statements that raised, in words): a statement that raises costs only itself.
    """
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module  # as in a notebook, for what looks its module up by name
    names, failures = vars(module), []
    names |= {"__builtins__": builtins} | dict.fromkeys(program["stand_ins"], StandIn())
    for label, source, indices in program["cells"]:
        filename = f"<{label}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        body = ast.parse(source).body
        for index in indices:
            try:
                exec(compile(ast.Module([body[index]], []), filename, "exec"), names)
            except BaseException as error:  # a student's code, SystemExit included
                failures.append(f"{in_words(error)} in {label}, line {body[index].lineno}")
    return eval(compile(program["argument"], "<the call of the check>", "eval"), names), failures


def nothing(*_):
    """What a check was given where nothing has been written yet."""


def give(value, *_):
    """What a check was given that is no function: a plan."""
    return value


def answer(request: dict, state: dict) -> dict:
    """What one request comes to: a program is loaded into `state`, then its function is attempted again and again."""
    if "program" in request:
        state.pop("function", None)
        try:
            value, failures = load(request["program"])
        except BaseException as error:  # a student's code, SystemExit included
            return {"error": in_words(error)}
        if value is None or value is ...:
            value = nothing
        elif isinstance(value, list | tuple):
            value = partial(give, value)
        elif not callable(value):
            return {"error": f"the check was given {state['describe'](value)}, not a function"}
        state["function"] = value
        return {"failures": failures}
    asked = request["parts"], tuple(request["differentiate"])
    try:
        return dict(vars(state["attempt"](state["function"], request["inputs"], *asked)))
    except KeyboardInterrupt:  # a student's code raises it itself
        return {"error": "KeyboardInterrupt"}


def main(settings: dict) -> None:
    """Serve requests until the grader closes its pipe. `settings` are this process's part of the sandbox's."""
    requests, replies = take_pipes()
    sys.path[:0] = [settings["files"]]
    sys.path += settings["packages"]
    sys.meta_path.insert(0, NoCourse())
    import attempt
    import torch
    import wire

    attempt.LIBRARIES += (settings["files"], *settings["packages"])
    torch.set_num_threads(1)
    limit_resources(**settings["limits"])
    sys.addaudithook(refuse)
    wire.send(replies, {"ready": True})
    state = {"attempt": attempt.attempt, "describe": attempt.describe}
    while True:
        try:
            request = wire.receive(requests)
        except EOFError:
            return
        try:
            wire.send(replies, answer(request, state))
        except wire.WireError as error:  # an answer of a gigabyte
            wire.send(replies, {"error": str(error)})


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
