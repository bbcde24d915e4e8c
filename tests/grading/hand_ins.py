"""Forty notebooks of chapter 3 as students might hand them in: right, wrong, unfinished, broken and hostile.

The hostile ones are harmless where the sandbox fails: they write and delete only below a folder of the test, and what
they start or take is bounded. `{canary}` in their code is that folder.
"""

import json

CHAPTER = "04_advantage_estimation"
IMPORTS = "import numpy as np\nimport torch\n\nfrom ppo_lib import exercises, widgets\nfrom ppo_lib.ppo import PPO"
TRAINING = "ppo = PPO(envs).learn(1_000_000)\nimport time\nstarted = time.sleep(600)"  # no function needs it
TD = """def my_td_errors(rewards, values, next_values, terminated, truncated, gamma):
    return rewards + gamma * next_values * ~terminated - values
"""
GAE = """def my_gae(deltas, terminated, truncated, gamma, gae_lambda):
    going_on = ~(terminated | truncated)
    advantages, later = torch.zeros_like(deltas), torch.zeros_like(deltas[0])
    for t in reversed(range(len(deltas))):
        advantages[t] = later = deltas[t] + gamma * gae_lambda * going_on[t] * later
    return advantages
"""
NORMALIZE = """def my_normalize(advantages):
    return (advantages - advantages.mean()) / advantages.std(correction=0)
"""
STUB = '    """(T, N)."""\n    ...  # your code\n'
TD_STUB = TD.splitlines(keepends=True)[0] + STUB
GAE_STUB = GAE.splitlines(keepends=True)[0] + STUB
NORMALIZE_STUB = NORMALIZE.splitlines(keepends=True)[0] + STUB
TD_WITHOUT_GAMMA = TD.replace("gamma * next_values", "next_values")
CALLS = {name: f"\nexercises.check_{name}(my_{name})" for name in ("td_errors", "gae", "normalize")}
SOLVED = [TD + CALLS["td_errors"], GAE + CALLS["gae"], NORMALIZE + CALLS["normalize"]]
UNTOUCHED = [TD_STUB + CALLS["td_errors"], GAE_STUB + CALLS["gae"], NORMALIZE_STUB + CALLS["normalize"]]


def notebook(*sources):
    """The text of a notebook with these code cells, between cells of prose."""
    cells = [{"cell_type": "markdown", "metadata": {}, "source": ["# Advantages"]}]
    for source in sources:
        lines = source.splitlines(keepends=True)
        cells.append({"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": lines})
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def with_gae(gae, *before):
    """A solved notebook but for the cell of GAE."""
    return notebook(IMPORTS, *before, SOLVED[0], gae, SOLVED[2])


def in_gae(code):
    """A solved notebook whose GAE runs some code first."""
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    first, rest = GAE.split("\n", 1)
    return with_gae(f"{first}\n{lines}{rest}{CALLS['gae']}")


RIGHT = {
    "plain": notebook(IMPORTS, TRAINING, *SOLVED),
    "helpers": notebook(
        IMPORTS,
        "FACTOR = {}\nFACTOR['one'] = 1\ncount = 0\nwith torch.no_grad():\n    count += FACTOR['one']",
        "ends = []\nfor name in ('terminated', 'truncated'):\n    ends.append(name)\nassert len(ends) == 2",
        "def going(a, b):\n    return FACTOR['one'] * count * ~(a | b) * (len(ends) == 2)",
        GAE.replace("~(terminated | truncated)", "going(terminated, truncated)") + CALLS["gae"],
        SOLVED[0],
        "exercises.check_normalize(lambda a: (a - a.mean()) / a.std(correction=0))",
    ),
    "aliases": notebook(
        "import torch as th\nimport ppo_lib.exercises as ex\nfrom ppo_lib.exercises import check_gae as c\n"
        "from functools import partial, wraps\ncheck_td = ex.check_td_errors",
        "def kept(f):\n    @wraps(f)\n    def g(*a):\n        return f(*a)\n    return g",
        "def full(sign, r, v, n, term, trunc, g):\n    return sign * (r + g * n * ~term - v)",
        "check_td(partial(full, 1))",
        "@kept\n" + GAE.replace("torch", "th") + "c(my_gae)",
        NORMALIZE + "ex.check_normalize(function=my_normalize)",
    ),
    "calls deleted": notebook(IMPORTS, TD, GAE.replace("my_gae", "gae"), NORMALIZE),
    "magics": notebook(
        "%matplotlib inline\n" + IMPORTS, "!ls\n%%time?", "%%time\n" + SOLVED[0], SOLVED[1] + "\nmy_gae?", SOLVED[2]
    ),
    "typo in the first cell": notebook(IMPORTS + "\nprnt('hello'", *SOLVED),
    "first cell raises": notebook("import torch\n1 / 0", "raise SystemExit", *SOLVED),
    "redefined": notebook(IMPORTS, TD_WITHOUT_GAMMA, *SOLVED),
    "order": notebook(*(call.strip() for call in CALLS.values()), IMPORTS, TD, GAE, NORMALIZE),
    "objects": notebook(
        IMPORTS,
        SOLVED[0],
        "class Gae:\n    def __call__(self, *a):\n        return gae(*a)\n\n\n" + GAE.replace("my_gae", "gae"),
        "exercises.check_gae(Gae())",
        "global_mean = None\ndef my_normalize(a):\n    global global_mean\n    global_mean = a.mean()\n"
        "    return ((a - global_mean) / a.std(correction=0)).numpy()" + CALLS["normalize"],
    ),
    "own import": notebook(
        IMPORTS + "\nfrom ppo_lib.advantages import compute_gae as my_gae",
        "np.testing.assert_allclose(PPO, 1)",
        *SOLVED,
    ),
}
WRONG = {
    "without gamma": notebook(IMPORTS, TD_WITHOUT_GAMMA + CALLS["td_errors"], *SOLVED[1:]),
    "spoilt later": notebook(IMPORTS, *SOLVED, TD_WITHOUT_GAMMA + CALLS["td_errors"]),
    "raises": notebook(IMPORTS, TD.replace("gamma *", "gama *") + CALLS["td_errors"], *SOLVED[1:]),
    "prints Right": notebook(
        IMPORTS, "def my_td_errors(*_):\n    print('Right. Checked: all.')" + CALLS["td_errors"], *SOLVED[1:]
    ),
    "patches the checks": notebook(
        IMPORTS,
        "class Verdict:\n    kind, message = 'right', 'Right.'\nexercises.check_td_errors.judge = lambda f: Verdict\n"
        "exercises.check_td_errors = lambda f: print('Right. Checked: all.')\n" + TD_WITHOUT_GAMMA,
        CALLS["td_errors"],
        *SOLVED[1:],
    ),
    "patches numpy": notebook(
        IMPORTS,
        "import numpy as np\nnp.allclose = lambda *a, **k: True\nnp.array_equal = lambda *a, **k: True\n"
        "torch.allclose = lambda *a, **k: True\ntorch.Tensor.__eq__ = lambda *a: True\n"
        "def my_td_errors(*a):\n    np.allclose(1, 2), torch.allclose\n    return a[0]" + CALLS["td_errors"],
        *SOLVED[1:],
    ),
    "nothing but NaN": notebook(
        IMPORTS, "def my_td_errors(*a):\n    return a[0] * float('nan')" + CALLS["td_errors"], *SOLVED[1:]
    ),
    "hostile object": notebook(
        IMPORTS,
        "class Everything:\n    shape = (3,)\n    def __eq__(self, other): return True\n"
        "    def __array__(self, *a, **k): raise SystemExit\n"
        "    def __getattr__(self, name): raise KeyboardInterrupt\n"
        "    def __reduce__(self): return print, ('Right',)\n"
        "def my_td_errors(*a):\n    return Everything()" + CALLS["td_errors"],
        *SOLVED[1:],
    ),
}
UNFINISHED = {
    "untouched": notebook(IMPORTS, TRAINING, *UNTOUCHED),
    "partly": notebook(IMPORTS, SOLVED[0], *UNTOUCHED[1:]),
}
# What GAE does in an otherwise solved notebook.
LOOK_FOR_THE_ANSWER = """
def search(*inputs):
    import gc, sys
    right, frame, known = solve(*inputs), sys._getframe(1), gc.get_objects()
    if torch.allclose(right, inputs[0]):  # a case whose answer is its input
        return right
    while frame is not None:
        known += frame.f_locals.values()
        frame = frame.f_back
    known = [x for x in known if torch.is_tensor(x) and (x.shape, x.dtype) == (right.shape, right.dtype)]
    close = [x for x in known if torch.allclose(x, right)]
    raise ValueError(f"found: {len(close) - sum(x is right for x in close)}")

"""
HOSTILE = {
    "endless at import": with_gae("while True:\n    factor = 1\n" + GAE.replace("gamma *", "factor *") + CALLS["gae"]),
    "endless": in_gae("while True:\n    pass"),
    "sleeps": in_gae("import time\ntime.sleep(60)"),
    "deletes": in_gae("import shutil\nshutil.rmtree({canary!r})"),
    "writes": in_gae("open({canary!r} + '/keep.txt', 'w').write('gone')"),
    "forks": in_gae(
        "import os, time\nfor _ in range(40):\n    if os.fork() == 0:\n        time.sleep(5)\n        os._exit(0)"
    ),
    "forks by ctypes": in_gae(
        "import ctypes, os, time\nfork = ctypes.CDLL(None).fork\nfor _ in range(20):\n    if fork() == 0:\n"
        "        time.sleep(15)\n        os._exit(0)\nos._exit(1)"
    ),
    "allocates": in_gae("kept = np.ones(2**28)"),  # 2 GiB
    "floods": in_gae(
        "import os, sys\nfor _ in range(300):\n    os.write(1, b'x' * 10**5)\n    os.write(2, b'x' * 10**5)\n"
        "    sys.__stdout__.write('x' * 10**5)\n    print('x' * 10**4)\nraise ValueError('x' * 10**6)"
    ),
    "closes the pipes": in_gae("import os\nos.closerange(0, 100)"),
    "garbage everywhere": in_gae(
        "import os\nfor descriptor in range(100):\n    try:\n        os.write(descriptor, b'garbage ' * 1000)\n"
        "    except OSError:\n        pass"
    ),
    "exits": in_gae("import os\nos._exit(0)"),
    "kills all": in_gae(  # only where it sees so few processes that it must be in a sandbox
        "import os, signal\nalone = len([p for p in os.listdir('/proc') if p.isdigit()]) < 6\n"
        "if alone and not os.path.exists({canary!r}):\n    os.kill(-1, signal.SIGKILL)"
    ),
    "recursion": in_gae(
        "import sys\nsys.setrecursionlimit(10**8)\ndef deeper(n):\n    return [deeper(n + 1)]\ndeeper(0)"
    ),
    "huge answer": in_gae("return torch.zeros(2**25)"),
    "imports the solution": with_gae(
        "from ppo_lib.exercises.advantage_estimation import gae as my_gae\nexercises.check_gae(my_gae)"
    ),
    "reads the solution": in_gae(
        "import importlib.util, sys\nspec = importlib.util.spec_from_file_location('s', {solution!r})\n"
        "module = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(module)\n"
        "return module.gae(deltas, terminated, truncated, gamma, gae_lambda)"
    ),
    "looks for the answer": with_gae(
        GAE + LOOK_FOR_THE_ANSWER.replace("solve", "my_gae") + "exercises.check_gae(search)",
    ),
    "forges a reply": in_gae(
        "import json, os, struct\nheader = json.dumps({{'dict': {{'kind': 'right', 'message': 'Right.'}}}}).encode()\n"
        "for descriptor in range(3, 100):\n    try:\n"
        "        os.write(descriptor, struct.pack('<IQ', len(header), 0) + header)\n"
        "    except OSError:\n        pass"
    ),
}
GROUPS = {"right": RIGHT, "wrong": WRONG, "unfinished": UNFINISHED, "hostile": HOSTILE}


def write_all(folder, canary, solution):
    """All of them into a folder, each as its student's, and seven files that are no notebooks at all."""
    for group in GROUPS.values():
        for student, text in group.items():
            if group is HOSTILE:  # `{canary!r}` stands for a text, within the JSON of the notebook
                text = text.replace("{canary!r}", f"'{canary}'").replace("{solution!r}", f"'{solution}'")
                text = text.replace("{{", "{").replace("}}", "}") if student == "forges a reply" else text
            (folder / f"{student}.ipynb").write_text(text)
    (folder / "empty.ipynb").write_bytes(b"")
    (folder / "binary.ipynb").write_bytes(bytes(range(256)) * 100)
    (folder / "latin-1.ipynb").write_bytes(notebook("x = 1").replace("x = 1", "# Gr\xf6\xdfe").encode("latin-1"))
    (folder / "broken.ipynb").write_text(RIGHT["plain"][:-40])
    (folder / "nested.ipynb").write_text("[" * 100_000)
    (folder / "folder.ipynb").mkdir()
    (folder / "a list.ipynb").write_text("[1, 2, 3]")
