"""Named wrong answers fail with the diagnosis meant for them; right ones written differently pass."""

RIGHT_SEEDS, WRONG_SEEDS = range(20), range(2)


def test_a_wrong_answer_gets_its_own_diagnosis(wrong_answer, findings):
    exercise, _, source, expected = wrong_answer
    for seed in WRONG_SEEDS:
        found = [str(finding) for finding in findings(exercise, source, seed).values() if finding]
        category, _, phrase = expected.partition(": ")
        assert any(message.startswith(f"{category}: ") and phrase in message for message in found), found


def test_a_right_answer_passes_for_every_seed(right_answer, findings):
    exercise, _, source, _ = right_answer
    for seed in RIGHT_SEEDS:
        found = {name: str(finding) for name, finding in findings(exercise, source, seed).items() if finding}
        assert not found, f"seed {seed}"
