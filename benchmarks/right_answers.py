"""Every right answer under many seeds: how often a hidden check fails one, and how long the checks take.

Run by hand from the repository's root:

    python benchmarks/right_answers.py             # every exercise that has changed since it was recorded
    python benchmarks/right_answers.py ch03        # one chapter or exercise

The right answers are the masters and those that tests/mutants writes in another way. Each exercise is recorded in
book/results/exercises/right-answers when it is done; the projects, which train, take an hour of processor time each.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import torch
from exercise_record import ExerciseRecord
from tqdm.auto import tqdm

from vae_edu.course.catalog import Exercise, load_catalog
from vae_edu.course.checks import checks_of, outcome, spoken
from vae_edu.course.other_answers import other_answers
from vae_edu.course.student import AnswerHere, Student

ROOT = Path(__file__).resolve().parents[1]
SEEDS = 200


def right_answers(exercise: Exercise) -> Iterator[tuple[str, str]]:
    """(name, source of the file) of the master and of every alternative, which has no docstring."""
    yield "master", (ROOT / "solutions" / exercise.file).read_text(encoding="utf-8")
    for answer in other_answers(exercise, ROOT / "tests/mutants"):
        if not answer.says:
            yield answer.name, answer.source


def trials(exercise: Exercise) -> dict[str, object]:
    """Seeds, failures with what they said, and the master's median processor time, of the slowest check and of all."""
    failures, seconds = [], {}
    answers = dict(right_answers(exercise))
    for answer, source in answers.items():
        for seed in tqdm(range(SEEDS), desc=f"{exercise.id} {answer}", leave=False):
            for name, check in checks_of(exercise, ROOT / "tests/hidden").items():
                started = time.process_time()
                student = Student(exercise, lambda file, source=source: source, AnswerHere(Path("submitted")))
                if finding := outcome(check, student, torch.Generator().manual_seed(seed)):
                    failures.append(f"{answer}, seed {seed}, {spoken(name)}: {finding}")
                if answer == "master":
                    seconds.setdefault(name, []).append(time.process_time() - started)
    slowest = max(seconds, key=lambda name: median(seconds[name]))
    return {
        "answers": len(answers), "seeds": SEEDS, "checks": len(seconds), "failures": failures,
        "slowest check": spoken(slowest), "its median processor seconds": round(median(seconds[slowest]), 3),
        "median processor seconds of all": round(sum(map(median, seconds.values())), 3),
    }  # fmt: skip


def main() -> None:
    """Try what is asked for, or what is not recorded; print and record it."""
    torch.set_num_threads(1)
    asked, record = sys.argv[1:], ExerciseRecord("right-answers", "python benchmarks/right_answers.py")
    for exercise in load_catalog(ROOT / "exercises/catalog.yml").values():
        if any(exercise.id.startswith(name) for name in asked) if asked else not record.holds(exercise):
            found = trials(exercise)
            tried = f"{found['answers']} answers × {SEEDS} seeds × {found['checks']} checks"
            seconds = found["median processor seconds of all"]
            print(f"{exercise.id}: {tried}: {len(found['failures'])} failures; {seconds} s")
            print("".join(f"    {failure}\n" for failure in found["failures"][:3]), end="", flush=True)
            record.add(exercise, found)


if __name__ == "__main__":
    main()
