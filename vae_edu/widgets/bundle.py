"""One self-contained script from the ES modules in js/: a module for Jupyter, a classic script for a page.

The modules keep to a small subset of the language, so that no JavaScript tool is needed: imports are
`import {a, b} from "./module.js";` on one line, exports are `export function`, `export class`, `export const`
and one `export default`. `import text from "./module.js" with {type: "text"};` is the module and all it imports
as text, for a worker.
"""

import json
import re
from pathlib import Path

JS = Path(__file__).parent / "js"

_IMPORT = re.compile(r'^import \{([\w, ]+)\} from "\./([\w-]+)\.js";$', re.MULTILINE)
_TEXT = re.compile(r'^import (\w+) from "\./([\w-]+)\.js" with \{type: "text"\};$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:function|class|const) (\w+)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)


def widget_names() -> list[str]:
    """The widgets there are: modules with a default export."""
    return sorted(path.stem for path in JS.glob("*.js") if _DEFAULT.search(path.read_text(encoding="utf-8")))


def module_for_jupyter(widget: str) -> str:
    """The widget as one ES module, as anywidget's `_esm` wants it."""
    return f"{inlined(widget)}\nexport default {_variable(widget)}.default;\n"


def script_for_page(widget: str) -> str:
    """The widget as one classic script that registers itself with the page's runtime."""
    return _closed(f'{inlined(widget)}\nvaeEdu.register("{widget}", {_variable(widget)}.default);')


def runtime_for_page() -> str:
    """The script that finds a page's widgets and loads them when a reader comes near."""
    return _closed(inlined("runtime"))


def stylesheet(*widgets: str) -> str:
    """The style shared by all widgets, and what the given ones add to it."""
    files = [JS / f"{name}.css" for name in ("base", *widgets)]
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.exists())


def inlined(*names: str) -> str:
    """The modules and all they import, each once, as `const module = (() => {…})();`, imports first."""
    return "\n".join(_as_variable(module) for module in dict.fromkeys(m for name in names for m in _in_order(name)))


def _in_order(name: str, above: tuple[str, ...] = ()) -> list[str]:
    if name in above:
        raise ValueError(f"modules import each other in a circle: {' → '.join((*above, name))}")
    imported = [module for _, module in _IMPORT.findall(_source(name))]
    order = [module for child in imported for module in _in_order(child, (*above, name))]
    return list(dict.fromkeys([*order, name]))


def _as_variable(name: str) -> str:
    source = _source(name)
    exported = _EXPORT.findall(source)
    body = _IMPORT.sub(lambda match: f"const {{{match[1]}}} = {_variable(match[2])};", source)
    body = _TEXT.sub(lambda match: f"const {match[1]} = {json.dumps(inlined(match[2]))};", body)
    body = _EXPORT.sub(lambda match: match[0].removeprefix("export "), body)
    if _DEFAULT.search(body):
        body = _DEFAULT.sub("const widget = ", body)
        exported.append("default: widget")
    if left := re.search(r"^(import|export)\b.*", body, re.MULTILINE):
        raise ValueError(f"{name}.js: the bundler does not know this form: {left[0]}")
    return f"const {_variable(name)} = (() => {{\n{body}return {{{', '.join(exported)}}};\n}})();\n"


def _source(name: str) -> str:
    return (JS / f"{name}.js").read_text(encoding="utf-8")


def _variable(name: str) -> str:
    return name.replace("-", "_") + "_js"


def _closed(script: str) -> str:
    return f'"use strict";\n(() => {{\n{script}\n}})();\n'
