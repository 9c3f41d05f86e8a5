"""The exercises of chapter 3 as assignments of otter-grader and nbgrader, and files handed in as their notebooks.

The test cells hold the hidden tests' own source. Points are the same, and so are the fresh random inputs of every run.
"""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, v4

from vae_edu.course import scenarios

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FUNCTIONS = ("log_normal", "kl_standard_normal", "kl_full")
FILE = "ch03_gaussians.py"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
BEFORE, AFTER = "### BEGIN HIDDEN TESTS\n", "\n### END HIDDEN TESTS"

SCENARIOS = (scenarios.strided, scenarios.gradients, scenarios.side_effects)
HEAD = "import types\nfrom typing import Any\nFunction = Any"
NAMED = ", ".join(f"{scenario.__name__}={scenario.__name__}" for scenario in SCENARIOS)
TAIL = f"scenarios = types.SimpleNamespace({NAMED})\ngenerator = torch.Generator()\nseed = generator.seed()"

# In a notebook `__builtins__` is a module; the submissions expect the dictionary that imported files have.
AS_IF_IMPORTED = "__builtins__ = vars(__import__('builtins'))\n"


def answers() -> dict[str, str]:
    """The source of each function of the master, its answer between `# answer` and `# end`."""
    text = (ROOT / "solutions" / FILE).read_text(encoding="utf-8")
    lines = text.splitlines()
    nodes = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    starts = {name: node.lineno - 1 for name, node in nodes.items()}
    ends = [*sorted(starts.values())[1:], len(lines)]
    return {name: "\n".join(lines[starts[name] : end]).strip() for name, end in zip(starts, ends, strict=True)}


def tests(function: str) -> Iterator[tuple[str, int, str]]:
    """(name, points, source of a cell) of every hidden test of a function."""
    tree = ast.parse((ROOT / "tests/hidden" / f"test_{FILE}").read_text(encoding="utf-8"))
    helpers = [node for node in tree.body if isinstance(node, ast.FunctionDef) or _imports_torch(node)]
    group = next(node for node in tree.body if getattr(node, "name", "") == f"Test_{function}")
    group.decorator_list = []
    points = {node.name: _without_marks(node) for node in group.body if isinstance(node, ast.FunctionDef)}
    parts = [*ast.parse((HERE / "in_process.py").read_text(encoding="utf-8")).body[1:]]  # no docstring
    parts += [ast.parse(inspect.getsource(scenario)).body[0] for scenario in SCENARIOS]
    common = ast.unparse(ast.Module([*parts, *helpers, group], []))
    for name in filter(points.get, points):
        run = f"Test_{function}().{name}(Student({function}), generator)"
        yield name, points[name], f"{HEAD}\n{common}\n{TAIL}\n{run}"


def _imports_torch(node: ast.stmt) -> bool:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "")]
    return isinstance(node, ast.Import | ast.ImportFrom) and str(names[0]).startswith("torch")


def _without_marks(node: ast.FunctionDef) -> int:
    """Take pytest's marks off a method; the points that one of them gave, or 0."""
    marks = [mark for mark in node.decorator_list if isinstance(mark, ast.Call)]
    node.decorator_list = [mark for mark in node.decorator_list if mark not in marks]
    return sum(ast.literal_eval(mark.args[0]) for mark in marks)


def otter_master() -> NotebookNode:
    """The notebook for `otter assign`: tests in the default (OK) format, all of them hidden."""
    cells = [raw("# ASSIGNMENT CONFIG\nexport_cell: false"), v4.new_code_cell(imports())]
    for function, answer in answers().items():
        solution = answer.replace("# answer", "# BEGIN SOLUTION").replace("# end", "# END SOLUTION")
        cells += [raw(f"# BEGIN QUESTION\nname: {function}"), raw("# BEGIN SOLUTION"), v4.new_code_cell(solution)]
        cells += [raw("# END SOLUTION"), raw("# BEGIN TESTS")]
        for _, points, source in tests(function):
            config = f'""" # BEGIN TEST CONFIG\nhidden: true\npoints: {points}\n""" # END TEST CONFIG\n'
            cells.append(v4.new_code_cell(config + source))
        cells += [raw("# END TESTS"), raw("# END QUESTION")]
    return v4.new_notebook(cells=cells, metadata=KERNEL)


def nbgrader_source() -> NotebookNode:
    """The notebook for `nbgrader generate_assignment`: one answer cell a function, one graded cell a test."""
    cells = [v4.new_code_cell(imports())]
    for function, answer in answers().items():
        solution = answer.replace("# answer", "### BEGIN SOLUTION").replace("# end", "### END SOLUTION")
        cells.append(graded(solution, function, solution=True))
        for name, points, source in tests(function):
            cells.append(graded(BEFORE + source + AFTER, f"{function}-{name}", grade=True, locked=True, points=points))
    return v4.new_notebook(cells=cells, metadata=KERNEL)


def raw(text: str) -> NotebookNode:
    """A cell that delimits a part of otter's assignment."""
    return v4.new_raw_cell(text)


def graded(source: str, name: str, **what: Any) -> NotebookNode:
    """A cell with nbgrader's metadata."""
    nothing = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    return v4.new_code_cell(source, metadata={"nbgrader": {**nothing, "grade_id": name, **what}})


def imports() -> str:
    """What stands before the first function of the master."""
    nodes = ast.parse((ROOT / "solutions" / FILE).read_text(encoding="utf-8")).body
    return ast.unparse([node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)])


def hand_in(released: NotebookNode, source: str) -> NotebookNode:
    """The student's notebook with a whole file in its first answer cell and nothing in the others."""
    texts = [AS_IF_IMPORTED + source, *["# see above"] * (len(FUNCTIONS) - 1)]
    cells = [cell for cell in released.cells if cell.source.startswith("def ")]
    for cell, text in zip(cells, texts, strict=True):
        cell.source = text
    return released
