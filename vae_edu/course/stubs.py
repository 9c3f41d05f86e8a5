"""Students' files from the masters: `python -m vae_edu.course.stubs` writes `exercises/` from `solutions/`.

It also writes causes.json, the numbers by which visible checks recognize the usual slips.

A master is a stub with its answers between the lines `# answer` and `# end`; a stub has one statement in
each such place. A function `broken_...` is given whole: it is what an exercise asks to mend.
"""

import argparse
import ast
import re
import sys
import textwrap
from pathlib import Path

from vae_edu.course.catalog import load_catalog
from vae_edu.course.causes import record
from vae_edu.course.findings import Finding
from vae_edu.errors import UserError
from vae_edu.files import written_atomically

ANSWER = re.compile(r"^( *)# answer\n(?:(?! *# answer$).*\n)*?\1# end\n", re.MULTILINE)
MARKERS = ("# answer", "# end")
BROKEN = "broken_"
NOT_ANSWERED = 'raise NotImplementedError("Replace this line with your answer.")'


def stub(master: str, name: str = "the master") -> str:
    """The stub of a master's text. Raises UserError when its markers do not pair up."""
    text = ANSWER.sub(rf"\1{NOT_ANSWERED}\n", master)
    for line in map(str.strip, text.splitlines()):
        if line in MARKERS:
            raise UserError(f"{name}: a line {line!r} lacks its partner; answers stand between '# answer' and '# end'.")
    return text


def answers(master: str) -> list[str]:
    """The answers of a master's text, one for each pair of markers."""
    return [textwrap.dedent("\n".join(found[0].splitlines()[1:-1])) for found in ANSWER.finditer(master)]


def solution(master: str, function: str) -> str:
    """A function or class of a master as a solution is shown: without markers, and without the task."""
    node = next(node for node in ast.parse(master).body if getattr(node, "name", "") == function)
    assert isinstance(node, (ast.FunctionDef, ast.ClassDef))
    lines = master.splitlines()[node.lineno - 1 : node.end_lineno]
    if ast.get_docstring(node) is not None:
        task = node.body[0]
        del lines[task.lineno - node.lineno : (task.end_lineno or task.lineno) - node.lineno + 1]
    return "\n".join(line for line in lines if line.strip() not in MARKERS).rstrip()


def answered(text: str) -> list[str]:
    """The functions of a student's file that are more than their stub."""
    untouched = ast.unparse(ast.parse(NOT_ANSWERED))
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return [
        node.name
        for node in functions
        if untouched not in map(ast.unparse, node.body) and not node.name.startswith(BROKEN)
    ]


def write_stubs(solutions: Path, exercises: Path, force: bool = False) -> list[Path]:
    """Write the stub of every master and return the paths.

    Raises UserError where an existing file holds somebody's answers, unless `force` is given.
    """
    masters = sorted(solutions.glob("ch*.py"))
    if not masters:
        raise UserError(f"{solutions} has no masters ch*.py; run this from the project's top folder.")
    written = []
    for master in masters:
        target = exercises / master.name
        if target.exists() and not force and (names := _answers_in(target)):
            raise UserError(f"{target} has answers in it ({names}) that would be lost; move it away, or give --force.")
        text = stub(master.read_text(encoding="utf-8"), str(master))
        with written_atomically(target) as temporary:
            temporary.write_text(text, encoding="utf-8")
        written.append(target)
    return written


def _answers_in(target: Path) -> str:
    try:
        return ", ".join(answered(target.read_text(encoding="utf-8")))
    except SyntaxError:
        return "it does not parse, so it may be half-way"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m vae_edu.course.stubs", description="Write exercises/ from solutions/."
    )
    parser.add_argument("--force", action="store_true", help="overwrite files that hold answers")
    try:
        for path in write_stubs(Path("solutions"), Path("exercises"), parser.parse_args().force):
            print(path)
        record(load_catalog(Path("exercises/catalog.yml")), Path("exercises"), Path("solutions"), Path("tests"))
    except Finding as finding:
        sys.exit(f"a visible check fails on its own master, so causes.json was not written: {finding}")
    except UserError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
