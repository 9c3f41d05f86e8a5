"""Frames, replies, zips and sources that nobody would send: the grader has a word for each and is done at once."""

import io
import json
import random
import struct
import tempfile
import time
import zipfile
from pathlib import Path

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vae_edu.course.catalog import load_catalog
from vae_edu.course.findings import Category, Finding
from vae_edu.course.intake import collect
from vae_edu.course.marks import marks
from vae_edu.course.protocol import ProtocolError, decode, encode
from vae_edu.course.witness import read_reply

SEAL = "5ea1"
HONEST = encode({"id": SEAL, "value": (torch.rand(3, 2), [1.5, None], {"k": torch.zeros(0, dtype=torch.int64)})})
NO_TENSORS = b"\x02\0\0\0\0\0\0\0{}"

WORDS = st.sampled_from(["id", "value", "problem", "category", "type", "line", "tensor", "tuple", "dict", "0", SEAL])
TEXTS = WORDS | st.sampled_from([str(category) for category in Category]) | st.text()
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=25,
)
HEADERS = st.dictionaries(
    TEXTS,
    st.fixed_dictionaries(
        {
            "dtype": st.sampled_from(["F32", "F64", "BF16", "F8_E4M3", "C64", "BOOL", "I64", "U16", "X"]),
            "shape": st.lists(st.integers(-1, 2**64), max_size=3),
            "data_offsets": st.lists(st.integers(-1, 2**64), min_size=1, max_size=3),
        }
    ),
    max_size=3,
)


@st.composite
def damaged(draw):
    """An honest frame with a few bytes changed, left out or put in."""
    data = bytearray(HONEST)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        data[start : start + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(data)


@st.composite
def made_up(draw):
    """A frame of the right form with anything in it."""
    tree = json.dumps(draw(TREES)).encode()
    header = json.dumps(draw(HEADERS)).encode()
    tail = (
        struct.pack("<Q", draw(st.just(len(header)) | st.integers(0, 2**64 - 1)))
        + header
        + draw(st.binary(max_size=64))
    )
    return (
        struct.pack("<I", draw(st.just(len(tree)) | st.integers(0, 2**32 - 1)))
        + tree
        + draw(st.just(NO_TENSORS) | st.just(tail))
    )


@st.composite
def sealed(draw):
    """A reply that bears the seal, with anything beside it."""
    what = draw(st.sampled_from(["value", "problem"]))
    account = st.fixed_dictionaries({"category": TEXTS, "type": TEXTS, "line": st.none() | st.integers() | TEXTS})
    content = draw(TREES | account.map(lambda fields: {"dict": fields}))
    tree = {"dict": {"id": SEAL, what: content, **draw(st.just({}) | st.dictionaries(TEXTS, TREES, max_size=1))}}
    tree = json.dumps(tree).encode()
    return struct.pack("<I", len(tree)) + tree + NO_TENSORS


FRAMES = st.binary(max_size=200) | damaged() | made_up()


def run(examples, things, attempt):
    """Attempt that many: how many were refused, and the seconds that the slowest of them took."""
    count = {"tried": 0, "refused": 0, "slowest": 0.0}

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=[*HealthCheck])
    @given(things)
    def each(thing):
        started = time.perf_counter()
        count["tried"] += 1
        count["refused"] += attempt(thing)
        count["slowest"] = max(count["slowest"], time.perf_counter() - started)

    each()
    return count


def refuses(frame):
    """Whether decoding raises ProtocolError; nothing else may come of it but a value."""
    try:
        decode(frame)
    except ProtocolError:
        return True
    return False


def finds(frame):
    """Whether the reply comes to a finding, and one that can be shown; nothing else may come of it but a value."""
    try:
        read_reply(frame, SEAL, "ch03.py", "kl")
    except Finding as finding:
        return finding.message.isascii()
    return False


def fuzz_frames(examples):
    """Any bytes through protocol.decode."""
    return run(examples, FRAMES, refuses)


def fuzz_replies(examples):
    """Sealed and other replies through all of the grader that reads them."""
    return run(examples, sealed() | FRAMES, finds)


FILES = ("ch03_gaussians.py", "ch04_gradients.py")
NAMES = st.sampled_from(
    [*FILES, "a/ch03_gaussians.py", "../ch04_gradients.py", "x/" * 40 + FILES[0], "\x1b[2J.py", "b\u202e"]
)
OTHERS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


@st.composite
def archives(draw):
    """A zip with pieces overwritten, cut out or put in."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in draw(st.dictionaries(NAMES | OTHERS, st.binary(max_size=99), min_size=1)).items():
            archive.writestr(name, content)
    data = bytearray(stream.getvalue())
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(data)))
        data[start : start + draw(st.integers(0, 12))] = draw(st.binary(max_size=8))
    return bytes(data)


def fuzz_archives(examples):
    """Zips, and bytes that are none, through the intake: each is read, or a printable sentence says why not."""
    with tempfile.TemporaryDirectory() as place:

        def attempt(content):
            Path(place, "ann.zip").write_bytes(content)
            [handed_in] = collect(Path(place), FILES)
            assert handed_in.files or handed_in.notes
            assert all(note.isprintable() for note in handed_in.notes)
            return not handed_in.files

        return run(examples, archives() | st.binary(max_size=200), attempt)


CALL = {"scenario": "def call(function):\n    return callable(function)\n", "name": "call", "inputs": []}
SPLINTERS = ["(", "\n", '"""', "\\", "    ", "def ", ": ", "\0", "@"]
PIECES = st.lists(st.text(max_size=12) | st.sampled_from(SPLINTERS), min_size=1, max_size=6)


def fuzz_sources(examples, catalog, masters, answer):
    """Masters with pieces lost, doubled and strewn with other text: loaded, looked at, and searched for flags.

    `answer` takes requests about them, as a Witness does.
    """
    exercises = [exercise for exercise in load_catalog(catalog).values() if exercise.file in FILES]

    def attempt(damage):
        noise = random.Random(damage["seed"])
        file = noise.choice(FILES)
        text = (masters / file).read_text(encoding="utf-8")
        for piece in damage["pieces"]:
            start = noise.randrange(len(text))
            text = text[:start] + noise.choice([piece, text[start:][:30] * 2]) + text[start + noise.randrange(40) :]
        marks(exercises, lambda name: text, {exercise.id: exercise for exercise in exercises})
        function = noise.choice([exercise.function for exercise in exercises if exercise.file == file])
        try:
            answer({"op": "load", "file": file, "function": file, "source": text})
            scenario = "def call(function):\n    return callable(function)\n"
            answer(
                {"op": "run", "file": file, "function": function, "scenario": scenario, "name": "call", "inputs": []}
            )
        except Finding as finding:
            return finding.message.isprintable()
        return False

    return run(examples, st.fixed_dictionaries({"seed": st.integers(0, 2**32), "pieces": PIECES}), attempt)
