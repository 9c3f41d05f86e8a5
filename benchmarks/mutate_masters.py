"""Small changes of every master, and which of them the hidden checks let pass.

Run by hand from the repository's root:

    python benchmarks/mutate_masters.py            # every exercise that has changed since it was recorded
    python benchmarks/mutate_masters.py ch03       # one chapter or exercise

Each exercise is recorded in book/results/exercises/mutants when it is done. A change that leaves the answer right
cannot be seen by any check. Each such change is listed with its reason in tests/mutants/equivalent.yml; a survivor that
is not listed there is a hole in the checks.
"""

import ast
import copy
import signal
import sys
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import torch
import yaml
from exercise_record import ExerciseRecord

from vae_edu.course.catalog import Exercise, load_catalog
from vae_edu.course.checks import checks_of, outcome
from vae_edu.course.student import AnswerHere, Student

ROOT = Path(__file__).resolve().parents[1]
SEEDS = (0, 1)
SECONDS = 120  # of processor time, for all checks of one changed answer; a right one takes 30 at most
OTHER_OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.And: ast.Or, ast.Or: ast.And, ast.FloorDiv: ast.Div,
}  # fmt: skip
OTHER_NAMES = {
    "sum": "mean", "mean": "sum", "exp": "log", "log": "exp", "zeros": "ones", "ones": "zeros", "logsumexp": "sum",
    "zeros_like": "ones_like", "softplus": "relu", "sigmoid": "tanh", "tanh": "sigmoid", "log_softmax": "softmax",
    "softmax": "log_softmax", "max": "min", "min": "max", "var": "std", "std": "var", "cumsum": "cumprod",
    "rand": "randn",
}  # fmt: skip


def changes(node: ast.AST, parameters: list[str]) -> Iterator[ast.AST]:
    """What may stand in the place of one node."""
    if isinstance(node, ast.BinOp):
        if type(node.op) in OTHER_OPERATORS:
            yield ast.BinOp(node.left, OTHER_OPERATORS[type(node.op)](), node.right)
        yield node.left
        if not isinstance(node.op, ast.Pow):
            yield node.right
    elif isinstance(node, ast.UnaryOp):
        # The last axis is often axis 1 as well, so -1 becomes 0 and -2, not 1.
        last_axis = isinstance(node.operand, ast.Constant) and node.operand.value == 1
        yield from (ast.Constant(0), ast.Constant(-2)) if last_axis else (node.operand,)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER_OPERATORS:
        yield ast.Compare(node.left, [OTHER_OPERATORS[type(node.ops[0])](), *node.ops[1:]], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(OTHER_OPERATORS[type(node.op)](), node.values)
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.Constant):
        yield from map(ast.Constant, _other_constants(node.value))
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in parameters:
        yield from (ast.Name(name, ast.Load()) for name in parameters if name not in (node.id, "self"))
    elif isinstance(node, ast.Attribute) and node.attr in OTHER_NAMES:
        yield ast.Attribute(node.value, OTHER_NAMES[node.attr], node.ctx)
    elif isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield node.value
    elif isinstance(node, ast.Call):
        yield from _other_calls(node)


def _other_constants(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    return [2 * value, value + 1] if isinstance(value, float) else []


def _other_calls(node: ast.Call) -> Iterator[ast.AST]:
    """The call left out, two arguments swapped, an argument left out."""
    if isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id in ("torch", "math", "F", "nn", "np")
    ):
        yield node.func.value
    elif node.args:
        yield node.args[0]
    if len(node.args) > 1:
        yield ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)
    for index in range(len(node.args)):
        yield ast.Call(node.func, node.args[:index] + node.args[index + 1 :], node.keywords)
    for index in range(len(node.keywords)):
        yield ast.Call(node.func, node.args, node.keywords[:index] + node.keywords[index + 1 :])


def mutants(source: str, function: str) -> Iterator[tuple[str, str]]:
    """(the change, the changed file) for every small change inside the answers of one function or class."""
    tree = ast.parse(source)
    answers = list(_answer_lines(source))
    inside = [node for node in ast.walk(tree) if getattr(node, "name", None) == function]
    for definition in [node for node in ast.walk(inside[0]) if isinstance(node, ast.FunctionDef)]:
        parameters = [argument.arg for argument in definition.args.args]
        for number, statement in enumerate(definition.body):
            if statement.lineno in answers:
                for change, changed in _of_statement(statement, parameters):
                    definition.body[number] = changed
                    yield change, ast.unparse(ast.fix_missing_locations(tree))
                definition.body[number] = statement


def _of_statement(statement: ast.stmt, parameters: list[str]) -> Iterator[tuple[str, ast.stmt]]:
    before = ast.unparse(statement)
    if not isinstance(statement, (ast.Return, ast.FunctionDef)):
        yield f"{before} → nothing", ast.Pass()
    for place, node in enumerate(ast.walk(statement)):
        for number in range(len(list(changes(node, parameters)))):
            changed = copy.deepcopy(statement)
            target = list(ast.walk(changed))[place]
            replacement = list(changes(target, parameters))[number]
            for parent in ast.walk(changed):
                if parent is not replacement:
                    _replace(parent, target, replacement)
            yield _shortest(before, ast.unparse(ast.fix_missing_locations(changed))), changed


def _replace(parent: ast.AST, target: ast.AST, replacement: ast.AST) -> None:
    for field, value in ast.iter_fields(parent):
        if value is target:
            setattr(parent, field, replacement)
        elif isinstance(value, list):
            setattr(parent, field, [replacement if item is target else item for item in value])


def _shortest(before: str, after: str) -> str:
    """The lines that differ."""
    old, new = before.splitlines(), after.splitlines()
    pairs = [(a, b) for a, b in zip(old, new, strict=False) if a != b] or [(before, after)]
    return f"{pairs[0][0].strip()} → {pairs[0][1].strip()}"


def _answer_lines(source: str) -> Iterator[int]:
    inside = False
    for number, line in enumerate(source.splitlines(), 1):
        inside = line.strip() == "# answer" or (inside and line.strip() != "# end")
        if inside:
            yield number


def fate(exercise: Exercise, source: str) -> str:
    """What becomes of a changed file: caught by a check, late, or alive when every check has passed for every seed."""
    signal.signal(signal.SIGPROF, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        for seed in SEEDS:
            for check in checks_of(exercise, ROOT / "tests/hidden").values():
                student = Student(exercise, lambda file: source, AnswerHere(Path("changed")))
                if outcome(check, student, torch.Generator().manual_seed(seed)):
                    return "caught"
        return "alive"
    except KeyboardInterrupt:
        return "late"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def fates(exercise: Exercise) -> dict[str, str]:
    """The changes of an exercise's master, and what becomes of each."""
    source = (ROOT / "solutions" / exercise.file).read_text(encoding="utf-8")
    changed = {text: change for change, text in mutants(source, exercise.function) if _compiles(text)}
    checks_of(exercise, ROOT / "tests/hidden")  # loaded before the clock runs
    with get_context("fork").Pool(1, maxtasksperchild=200) as pool:
        found = pool.starmap(fate, [(exercise, text) for text in changed], chunksize=1)
    return dict(zip((f"{n}: {change}" for n, change in enumerate(changed.values())), found, strict=True))


def _compiles(text: str) -> bool:
    try:
        compile(text, "changed", "exec")
    except SyntaxError:
        return False
    return True


def main() -> None:
    """Mutate what is asked for, or what is not recorded; print what survives, and record it."""
    torch.set_num_threads(1)
    asked, record = sys.argv[1:], ExerciseRecord("mutants", "python benchmarks/mutate_masters.py")
    equivalent = yaml.safe_load((ROOT / "tests/mutants/equivalent.yml").read_text(encoding="utf-8")) or {}
    for exercise in load_catalog(ROOT / "exercises/catalog.yml").values():
        if any(exercise.id.startswith(name) for name in asked) if asked else not record.holds(exercise):
            found = fates(exercise)
            known = {entry["change"] for entry in equivalent.get(exercise.id, [])}
            alive = [change.partition(": ")[2] for change, end in found.items() if end == "alive"]
            late = [change.partition(": ")[2] for change, end in found.items() if end == "late"]
            holes = [change for change in alive if change not in known]
            equal = len(alive) - len(holes)
            print(f"{exercise.id}: {len(found)} changes, {equal} equivalent, {len(holes)} survive, {len(late)} late")
            print("".join(f"    {change}\n" for change in holes), end="", flush=True)
            entry = {"changes": len(found), "equivalent": equal, "survivors": holes, "late": late, "seeds": SEEDS}
            record.add(exercise, entry)


if __name__ == "__main__":
    main()
