"""A student's module on the bench: load it, run its functions, and say in plain data what happened.

The worker process loads this file where the course is not installed, so it needs nothing but the standard
library.
"""

import ast
import sys
import traceback
import types
from typing import Any

ALLOWED_IMPORTS = ("torch", "numpy", "math", "__future__")


class ImportNotAllowed(ImportError):
    """The student's file imports something else than torch, numpy and math."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}: only torch, numpy and math may be imported")
        self.lineno = line


class FunctionMissing(LookupError):
    """The student's file does not define the function asked for."""


class Bench:
    """Answers the requests of one check about one file; every check gets a fresh bench."""

    def __init__(self) -> None:
        self.file = ""
        self.source = ""
        self.module = types.ModuleType("nothing_loaded")
        self.error: BaseException | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """{"value": ...} or {"problem": {"category", "type", "line"}}; `error` keeps the exception itself."""
        act, category = {"load": (self._load, "import error"), "run": (self._run, "exception")}[request["op"]]
        try:
            return {"value": act(request)}
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.error = error
            return {"problem": self._describe(error, category)}

    def _load(self, request: dict[str, Any]) -> None:
        self.file, self.source = request["file"], request["source"]
        tree = ast.parse(self.source, self.file)
        refuse_other_imports(tree)
        self.module = types.ModuleType("submission")
        sys.modules["submission"] = self.module  # dataclasses look their module up by name
        exec(compile(tree, self.file, "exec"), self.module.__dict__)

    def _run(self, request: dict[str, Any]) -> Any:
        if not hasattr(self.module, request["function"]):
            raise FunctionMissing(request["function"])
        namespace: dict[str, Any] = {}
        exec(request["scenario"], namespace)
        return namespace[request["name"]](getattr(self.module, request["function"]), *request["inputs"])

    def _describe(self, error: BaseException, category: str) -> dict[str, Any]:
        line = own_line(error, self.file)
        if isinstance(error, FunctionMissing) or self._raises_not_implemented(line):
            category = "not attempted"
        return {"category": category, "type": type(error).__name__, "line": line}

    def _raises_not_implemented(self, line: int | None) -> bool:
        # torch raises NotImplementedError of its own, so the type alone does not mean an untouched stub.
        lines = code_lines(self.source)[line - 1 : line] if line else []
        return any(text.strip().startswith("raise NotImplementedError") for text in lines)


def code_lines(source: str) -> list[str]:
    """Lines as Python counts them: `splitlines` also ends one at a form feed, or at a character pasted from a page."""
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def refuse_other_imports(tree: ast.Module) -> None:
    """Raise ImportNotAllowed at the first import that is not of torch, numpy or math."""
    for node in ast.walk(tree):
        if other_imports(node):
            raise ImportNotAllowed(getattr(node, "lineno", 1))


def other_imports(node: ast.AST) -> list[str]:
    """The modules that a statement imports and that are not of torch, numpy or math."""
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = ["." * node.level + (node.module or "")]
    return [name for name in names if name.split(".")[0] not in ALLOWED_IMPORTS]


def own_line(error: BaseException, file: str) -> int | None:
    """The innermost line of the student's file that an exception passed through."""
    if isinstance(error, ImportNotAllowed) or (isinstance(error, SyntaxError) and error.filename == file):
        return error.lineno
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == file]
    return lines[-1] if lines else None
