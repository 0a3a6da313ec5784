"""Frames and values: what is valid comes back the same, what is not is a ProtocolError."""

import json
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from grader.outcomes import SourceText, TensorValue, Uncrossable
from grader.sandbox import protocol
from grader.sandbox.protocol import (
    DTYPES,
    LENGTH,
    MAX_DEPTH,
    Answer,
    Array,
    Call,
    Mapping,
    ProtocolError,
    Raised,
    Ran,
    Sequence,
    StudentException,
    Tensor,
    Text,
    check_value,
    pack,
    unpack_from_child,
    unpack_to_child,
)
from grader.sandbox.values import Packing, from_protocol, to_protocol
from grader.sandbox.worker.values import build_value, pack_value

VALID = [
    pack(frame)[LENGTH.size :]
    for frame in (
        Text(stream="stdout", text="hello"),
        Ran(failures=[StudentException(type="E", text="t", cell=1, line=2)], defined=["f"]),
        Raised(id=1, exception=StudentException(type="E", text="t", statement=(1, 2))),
        Answer(
            id=1,
            value=Mapping(
                items=[
                    ("a", Sequence(kind="list", items=[None, 1, 2.0, "s"])),
                    ("b", Tensor(data=Array(dtype="float32", shape=(2,), data=bytes(8)))),
                ]
            ),
            arguments=[("x", Array(dtype="bool", shape=(), data=b"\x02"))],
        ),
    )
]


def decodes_or_refuses(body):
    try:
        frame = unpack_from_child(body)
    except ProtocolError:
        return
    if isinstance(frame, Answer):
        from_protocol(frame.value)
        for _, value in frame.arguments:
            from_protocol(value)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_decoder(body):
    decodes_or_refuses(body)


@settings(deadline=None)
@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 10),
)
def test_no_mutation_of_a_valid_frame_breaks_the_decoder(body, changes, cut):
    mutated = bytearray(body)
    for place, byte in changes:
        mutated[place % len(mutated)] = byte
    decodes_or_refuses(bytes(mutated[: len(mutated) - cut]))


def test_frames_nested_without_end_are_refused():
    deep = b"\x83\xa5frame\xa8sequence\xa4kind\xa4list\xa5items\x91"
    body = b"\x83\xa5frame\xa6answer\xa2id\x01\xa5value" + deep * 100_000 + b"\xc0"
    with pytest.raises(ProtocolError):
        unpack_from_child(body)


def test_a_value_nested_too_deep_is_refused():
    value = 1
    for _ in range(MAX_DEPTH + 1):
        value = Sequence(kind="list", items=[value])
    with pytest.raises(ProtocolError, match="nested deeper"):
        check_value(value)


def test_a_frame_above_the_cap_is_not_packed():
    with pytest.raises(ProtocolError, match="above the limit"):
        pack(Text(stream="stdout", text="x" * protocol.MAX_FRAME))


def unpacked(**frame):
    return unpack_from_child(msgspec.msgpack.encode(frame))


MANY = {
    "entries of a dict": {"frame": "mapping", "items": [(str(n), n) for n in range(65)]},
    "entries of a list": {"frame": "sequence", "kind": "list", "items": [None] * 1_000_001},
    "dimensions": {"frame": "array", "dtype": "int8", "shape": [1] * 33, "data": b"1"},
}


@pytest.mark.parametrize("value", MANY.values(), ids=MANY)
def test_a_value_that_is_longer_than_any_may_be_is_refused(value):
    with pytest.raises(ProtocolError, match="of length <="):
        unpacked(frame="answer", id=1, value=value)


LISTS = {
    "failures": {
        "frame": "ran",
        "failures": [{"frame": "exception", "type": "", "text": ""}] * 1_001,
        "defined": [],
    },
    "names": {"frame": "ran", "failures": [], "defined": [""] * 2_001},
    "arguments": {"frame": "answer", "id": 1, "value": 1, "arguments": [("", 1)] * 1_001},
    "events": {"frame": "trace", "id": 1, "events": [{}] * 100_001},
    "fields of an event": {
        "frame": "trace", "id": 1, "events": [{str(number): 1 for number in range(17)}],
    },
}  # fmt: skip


@pytest.mark.parametrize("frame", LISTS.values(), ids=LISTS)
def test_a_frame_that_would_take_much_more_memory_than_it_has_bytes_is_refused(frame):
    with pytest.raises(ProtocolError, match="of length <="):
        unpacked(**frame)


def test_the_values_of_a_frame_are_counted_wherever_they_are():
    row = Sequence(kind="list", items=[None] * 3)
    value = Mapping(items=[("a", Sequence(kind="tuple", items=[row, row])), ("b", 1)])
    assert check_value(value, room=11) == 0
    with pytest.raises(ProtocolError, match="more than 2000000 values"):
        check_value(value, room=10)


ARRAYS = st.sampled_from(sorted(DTYPES)).flatmap(
    lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, min_side=0, max_side=4))
)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=20)
    | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
).filter(lambda value: depth(value) <= MAX_DEPTH)


def depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return 1 + max(map(depth, value), default=0)
    return 0


def same(left, right):
    if type(left) is not type(right):
        return False
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and np.array_equal(
            left, right, equal_nan=left.dtype.kind == "f"
        )
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    return left == right


@settings(deadline=None)
@given(PLAIN)
def test_values_come_back_as_they_went_out(value):
    frame = Call(id=1, name="f", arguments=[("x", to_protocol(value))])
    received = unpack_to_child(pack(frame)[LENGTH.size :])
    in_child = build_value(received.arguments[0][1], None)
    assert same(in_child, value)
    answer = Answer(id=1, value=pack_value(in_child, None))
    returned = unpack_from_child(pack(answer)[LENGTH.size :])
    assert same(from_protocol(returned.value), value)


@settings(deadline=None)
@given(PLAIN)
def test_arguments_come_back_as_they_went_out(value):
    packing, arguments = Packing(), {"x": value}
    assert same(packing.unpack(packing.pack(arguments), arguments)["x"], value)


def test_an_array_that_comes_back_as_it_was_given_is_the_one_that_was_given():
    packing, arguments = Packing(), {"x": np.arange(3.0)}
    returned = packing.unpack([("x", to_protocol(np.arange(3.0)))], arguments)
    assert returned["x"] is arguments["x"]


@pytest.mark.parametrize(
    "changed", [np.array([0.0, 1.0, 3.0]), np.arange(3), np.arange(3.0)[None], None]
)
def test_an_argument_that_comes_back_otherwise_is_what_came_back(changed):
    packing, arguments = Packing(), {"x": np.arange(3.0)}
    returned = packing.unpack([("x", to_protocol(changed))], arguments)
    assert same(returned["x"], changed)


def test_arrays_arrive_writable():
    built = build_value(to_protocol(np.arange(3.0)), None)
    built[0] = 5.0
    assert from_protocol(to_protocol(np.arange(3.0))).flags.writeable


def test_a_bool_of_another_byte_is_true():
    value = from_protocol(Array(dtype="bool", shape=(2,), data=b"\x02\x00"))
    assert value.tolist() == [True, False]
    assert value[0] == np.True_


def test_a_tensor_keeps_its_state():
    value = TensorValue(
        np.ones(2, np.float32), requires_grad=True, is_leaf=False, grad_fn="MulBackward0",
        grad=np.zeros(2, np.float32),
    )  # fmt: skip
    returned = from_protocol(to_protocol(value))
    assert (returned.requires_grad, returned.is_leaf) == (True, False)
    assert returned.grad_fn == "MulBackward0"
    np.testing.assert_array_equal(returned.grad, value.grad)


def test_what_is_no_plain_value_is_not_sent():
    with pytest.raises(TypeError, match="expected a plain value, found set"):
        to_protocol({1})


def test_sources_and_opaque_values_are_sent():
    assert to_protocol(SourceText("abs")).text == "abs"
    assert to_protocol(Uncrossable("T", "why")).type == "T"


def test_a_value_too_large_in_all_becomes_opaque():
    packed = pack_value([np.ones(900_000)] * 4, None)
    assert packed.reason == "it takes more than 20971520 bytes"


def test_the_protocol_is_all_that_the_workers_side_imports():
    import subprocess
    import sys

    program = (
        "import sys, json\nsys.path[:0] = json.loads(sys.argv[1])\n"
        "import grader.sandbox.worker.zygote\n"
        "print(json.dumps([m for m in sys.modules if m.startswith('grader')]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(sys.path)], capture_output=True, check=True
    )
    loaded = json.loads(done.stdout)
    allowed = ("grader.sandbox.protocol", "grader.sandbox.worker")
    assert [m for m in loaded if not m.startswith(allowed)] == ["grader", "grader.sandbox"]
