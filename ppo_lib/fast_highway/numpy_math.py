"""numpy's own elementary functions, called from compiled code, so that every last bit agrees.

highway-env computes with numpy. Which code numpy runs for ``np.tan`` depends on the processor (with AVX-512 it is
another one than the C library's, and about one result in two hundred differs in the last bit), so a simulator that is
bit for bit equal has to call *numpy's* loop. A ufunc keeps a table of C functions, one for each element type; we look
up the address once and call it from the batch. To numba an address is a plain integer, so its cache stays valid.

For the same reason `dot` exists: numpy hands 2-vectors to a BLAS library, which rounds either twice or, with a fused
multiply-add, once. `detect_dot_rounding` finds out which.
"""

import ctypes

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ppo_lib.fast_highway.compilation import kernel

UNARY = ("sin", "cos", "tan", "arctan", "arcsin")
BINARY = ("power",)

SIN, COS, TAN, ARCTAN, ARCSIN, POWER = range(6)  # the same, as rows of a table of addresses
TINY = 2.0**-27  # [rad]

PLAIN, FUSED_SECOND, FUSED_FIRST = 0, 1, 2  # how the BLAS rounds a0·b0 + a1·b1


class _UFunc(ctypes.Structure):
    """The public head of numpy's ``PyUFuncObject`` (numpy/ufuncobject.h), up to the table of loops."""

    _fields_ = (
        ("header", ctypes.c_char * object.__basicsize__),
        ("num_inputs", ctypes.c_int),
        ("num_outputs", ctypes.c_int),
        ("num_args", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("num_types", ctypes.c_int),
    )


def loop_address(name: str) -> tuple[int, int]:
    """(function, data) addresses of numpy's float64 loop of the ufunc `name`.

    Raises:
        RuntimeError: this Python or numpy keeps its loops elsewhere, so equality could not be promised.
    """
    ufunc = getattr(np, name)
    if not isinstance(ufunc, np.ufunc):
        raise RuntimeError(f"numpy {np.__version__} has no ufunc {name}")
    head = _UFunc.from_address(id(ufunc))
    signature = "d" * ufunc.nin + "->d"
    if (head.num_inputs, head.num_outputs, head.num_types) != (ufunc.nin, ufunc.nout, ufunc.ntypes):
        raise RuntimeError(
            f"cannot find numpy's loop for {name}: unknown layout of ufunc objects in numpy {np.__version__}"
        )
    index = ufunc.types.index(signature) if signature in ufunc.types else -1
    if index < 0 or not head.functions[index]:
        raise RuntimeError(f"numpy {np.__version__} has no loop for {name} of float64")
    return head.functions[index], head.data[index] or 0


def loop_addresses() -> list[tuple[int, int]]:
    """The table of all loops that the kernels call, in the order of `SIN` to `POWER`; see `loop_address`."""
    return [loop_address(name) for name in (*UNARY, *BINARY)]


def _loop_type():
    pointer, integer = ir.IntType(8).as_pointer(), ir.IntType(64)
    return ir.FunctionType(ir.VoidType(), [pointer.as_pointer(), integer.as_pointer(), integer.as_pointer(), pointer])


def _call_loop(builder, function, data, inputs, output, count):
    """Emit a call ``function(args, dimensions, strides, data)``, as numpy's ufunc machinery would."""
    pointer, integer = ir.IntType(8).as_pointer(), ir.IntType(64)
    args = cgutils.alloca_once(builder, ir.ArrayType(pointer, 3))
    strides = cgutils.alloca_once(builder, ir.ArrayType(integer, 3))
    dimension = cgutils.alloca_once(builder, integer)
    builder.store(count, dimension)
    for slot, address in enumerate([*inputs, output]):
        builder.store(address, cgutils.gep_inbounds(builder, args, 0, slot))
        builder.store(integer(8), cgutils.gep_inbounds(builder, strides, 0, slot))
    builder.call(
        builder.inttoptr(function, _loop_type().as_pointer()),
        [
            builder.bitcast(args, pointer.as_pointer()),
            dimension,
            builder.bitcast(strides, integer.as_pointer()),
            builder.inttoptr(data, pointer),
        ],
    )


@intrinsic
def call_unary(typingctx, function, data, value):
    """One value through numpy's loop: ``call_unary(function, data, value) -> float64``."""

    def codegen(context, builder, signature, args):
        pointer = ir.IntType(8).as_pointer()
        source = cgutils.alloca_once(builder, ir.DoubleType())
        result = cgutils.alloca_once(builder, ir.DoubleType())
        builder.store(args[2], source)
        inputs = [builder.bitcast(source, pointer)]
        _call_loop(builder, args[0], args[1], inputs, builder.bitcast(result, pointer), ir.IntType(64)(1))
        return builder.load(result)

    return types.float64(types.int64, types.int64, types.float64), codegen


@intrinsic
def call_binary(typingctx, function, data, first, second):
    """One pair of values through numpy's loop: ``call_binary(function, data, a, b) -> float64``."""

    def codegen(context, builder, signature, args):
        pointer = ir.IntType(8).as_pointer()
        slots = [cgutils.alloca_once(builder, ir.DoubleType()) for _ in range(3)]
        builder.store(args[2], slots[0])
        builder.store(args[3], slots[1])
        a, b, result = (builder.bitcast(slot, pointer) for slot in slots)
        _call_loop(builder, args[0], args[1], [a, b], result, ir.IntType(64)(1))
        return builder.load(slots[2])

    return types.float64(types.int64, types.int64, types.float64, types.float64), codegen


@intrinsic
def call_unary_array(typingctx, function, data, source, result, count):
    """`count` contiguous values from address `source` to address `result` through numpy's loop."""

    def codegen(context, builder, signature, args):
        pointer = ir.IntType(8).as_pointer()
        source, result = (builder.inttoptr(address, pointer) for address in args[2:4])
        _call_loop(builder, args[0], args[1], [source], result, args[4])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64, types.int64), codegen


@intrinsic
def call_binary_array(typingctx, function, data, first, second, result, count):
    """`count` contiguous pairs from addresses `first`, `second` to address `result` through numpy's loop."""

    def codegen(context, builder, signature, args):
        pointer = ir.IntType(8).as_pointer()
        first, second, result = (builder.inttoptr(address, pointer) for address in args[2:5])
        _call_loop(builder, args[0], args[1], [first, second], result, args[5])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64, types.int64, types.int64), codegen


@intrinsic
def fused_multiply_add(typingctx, a, b, c):
    """a·b + c, rounded once."""

    def codegen(context, builder, signature, args):
        return builder.fma(*args)

    return types.float64(types.float64, types.float64, types.float64), codegen


@intrinsic
def copy_bytes(typingctx, target, source, count):
    """Copy `count` bytes between two addresses (memcpy): pictures are copied a hundred times faster than in a loop."""

    def codegen(context, builder, signature, args):
        pointer = ir.IntType(8).as_pointer()
        target, source = (builder.inttoptr(address, pointer) for address in args[:2])
        cgutils.raw_memcpy(builder, target, source, args[2], 1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen


@kernel
def sine(rules, angle):
    """``np.sin``; of an angle so small (rad) that its cube does not show, the angle itself."""
    if abs(angle) < TINY:
        return angle
    return call_unary(rules.loops[SIN, 0], rules.loops[SIN, 1], angle)


@kernel
def cosine(rules, angle):
    """``np.cos``; of an angle so small (rad) that its square does not show, one."""
    if abs(angle) < TINY:
        return 1.0
    return call_unary(rules.loops[COS, 0], rules.loops[COS, 1], angle)


@kernel
def dot(rounding, a0, a1, b0, b1):
    """a0·b0 + a1·b1, rounded as numpy's ``np.dot`` of two 2-vectors is on this machine."""
    if rounding == FUSED_SECOND:
        return fused_multiply_add(a1, b1, a0 * b0)
    if rounding == FUSED_FIRST:
        return fused_multiply_add(a0, b0, a1 * b1)
    return a0 * b0 + a1 * b1


def _products() -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Random pairs of 2-vectors, and their product under each of the three roundings, exactly computed."""
    from fractions import Fraction

    a, b = np.random.default_rng(0).normal(size=(2, 200, 2))
    exact = [
        [Fraction(float(x)) * Fraction(float(y)) for x, y in zip(u, v, strict=True)] for u, v in zip(a, b, strict=True)
    ]
    rounded = a * b
    fused_second = np.array([float(Fraction(float(r[0])) + e[1]) for r, e in zip(rounded, exact, strict=True)])
    fused_first = np.array([float(e[0] + Fraction(float(r[1]))) for r, e in zip(rounded, exact, strict=True)])
    return a, b, [rounded[:, 0] + rounded[:, 1], fused_second, fused_first]


def detect_rounding() -> tuple[int, int]:
    """Which of `PLAIN`, `FUSED_SECOND`, `FUSED_FIRST` numpy uses here, for vector·vector and for matrix @ vector.

    (Unknown kinds of rounding count as plain: then the last bit may differ from highway-env's.)
    """
    a, b, candidates = _products()
    vector = np.array([np.dot(u, v) for u, v in zip(a, b, strict=True)])
    matrix = np.array([(np.array([u, u]) @ v)[0] for u, v in zip(a, b, strict=True)])
    kinds = (PLAIN, FUSED_SECOND, FUSED_FIRST)
    return tuple(next((k for k in kinds if np.array_equal(candidates[k], found)), PLAIN) for found in (vector, matrix))
