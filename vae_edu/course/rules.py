"""What an exercise asks to do without, found in the source of an answer. A flag for a person, never a verdict."""

import ast
import warnings

from vae_edu.course.bench import other_imports

# By these a file reaches modules without an import statement, or code that nobody reads.
WAYS_ROUND = (
    *("exec", "eval", "compile", "open"),
    *("__import__", "__builtins__", "__loader__", "__subclasses__", "__globals__", "__dict__"),
)
# What torch and numpy have imported themselves is theirs to give, as in torch.os.
LENT = ("os", "sys", "importlib", "builtins", "inspect", "ctypes", "gc", "subprocess")


def parsed(source: str) -> ast.Module | None:
    """A file's syntax tree, None where it does not parse, whatever was done to it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a student's invalid escapes
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def forbidden_uses(source: str, forbidden: tuple[str, ...]) -> dict[str, int]:
    """Each forbidden module or function that `source` names, with the first line that does.

    Aliases are followed (`import torch.distributions as d`, `from torch import distributions`); a name built at run
    time is not found. A file that does not parse names nothing.
    """
    tree = parsed(source) or ast.Module([], [])
    aliases = _aliases(tree)
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        for used in _names(node, aliases):
            for name in forbidden:
                if f".{name}." in f".{used}.":
                    found[name] = min(getattr(node, "lineno", 1), found.get(name, 10**9))
    return found


def unusual(source: str) -> dict[str, int]:
    """What no answer needs, with its first line: imports outside the list, and the ways round an import."""
    tree = parsed(source) or ast.Module([], [])
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        for name in other_imports(node) + _spelled(node):
            found[name] = min(getattr(node, "lineno", 1), found.get(name, 10**9))
    return found


def _spelled(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id] if node.id in WAYS_ROUND else []
    if not isinstance(node, ast.Attribute):
        return []
    # torch.compile and Module.eval are no ways round; __subclasses__ is one on whatever it is called.
    return [node.attr] if node.attr in LENT or (node.attr in WAYS_ROUND and "__" in node.attr) else []


def _aliases(tree: ast.Module) -> dict[str, str]:
    """The full name behind each name that an import gives."""
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            aliases |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return aliases


def _names(node: ast.AST, aliases: dict[str, str]) -> list[str]:
    """The full names of modules and functions that a node stands for."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Name):
        return [aliases[node.id]] if node.id in aliases else []
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return [".".join([aliases.get(node.id, node.id), *parts])] if isinstance(node, ast.Name) and parts else []
