"""Thousands of frames, replies, zips and sources that nobody would send, through all of the grader that reads them.

Run by hand from the repository's root, with bubblewrap installed; a few minutes:

    python benchmarks/fuzz.py

Records how many were tried, how many refused with a sentence, and the slowest of each. A traceback ends the run.
"""

import time
from pathlib import Path

from of_the_tests import load

from vae_edu.course import sandbox
from vae_edu.course.witness import Witness
from vae_edu.course.workers import Workers
from vae_edu.recording import results_folder, write_record

ROOT = Path(__file__).resolve().parents[1]
FRAMES, SUBMISSIONS = 10_000, 1000


def main() -> None:
    """Fuzz, print and record."""
    started, tests = time.perf_counter(), load("fuzz")
    witness = Witness(Workers(sandbox.start), 10.0, budget=3600.0)
    results = {
        "frames": tests.fuzz_frames(FRAMES),
        "replies": tests.fuzz_replies(FRAMES),
        "zips": tests.fuzz_archives(SUBMISSIONS),
        "sources, loaded in a sandbox": tests.fuzz_sources(
            SUBMISSIONS, ROOT / "exercises/catalog.yml", ROOT / "solutions", witness.answer
        ),
    }
    witness.close()
    path = write_record(
        results_folder("grading"), results, command="python benchmarks/fuzz.py", seed=0, data={},
        duration=time.perf_counter() - started, name="fuzz",
    )  # fmt: skip
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
