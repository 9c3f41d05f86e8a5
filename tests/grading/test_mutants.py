"""Named wrong answers fail with the diagnosis meant for them; right ones written differently pass.

Here for a few seeds; benchmarks/right_answers.py tries every right answer under 200.
"""

RIGHT_SEEDS, PROJECT_SEEDS, WRONG_SEED = range(3), range(1), 0  # a project trains for seconds


def test_a_wrong_answer_gets_its_own_diagnosis(wrong_answer, findings):
    exercise, _, source, expected = wrong_answer
    category, _, phrase = expected.partition(": ")
    seen = []
    for _, finding in findings(exercise, source, WRONG_SEED):
        seen.append(str(finding or "passed"))
        if seen[-1].startswith(f"{category}: ") and phrase in seen[-1]:
            return
    raise AssertionError(f"expected {expected!r}, found {seen}")


def test_a_right_answer_passes_for_every_seed(right_answer, findings, projects):
    exercise, _, source, _ = right_answer
    for seed in PROJECT_SEEDS if exercise in projects else RIGHT_SEEDS:
        found = {name: str(finding) for name, finding in findings(exercise, source, seed) if finding}
        assert not found, f"seed {seed}"
