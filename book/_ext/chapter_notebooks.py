"""Chapters as notebooks that read well anywhere: `python book/_ext/chapter_notebooks.py FOLDER` writes one for each.

Pages are MyST, which Jupyter shows raw: here directives become Markdown, roles the numbers and words they stand for,
and a widget the Python call that shows it alive. As a Sphinx extension it puts the notebooks beside the pages and a
link to download one at the top of its page.
"""

import hashlib
import shutil
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from equations import chapter_number, read_pages
from myst_to_markdown import Converter
from page_numbers import page_numbers
from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
FOLDER = "notebooks"
SETUP = """# In a clone of the project everything is here; elsewhere, for example in Colab, it is fetched.
import os
from pathlib import Path

if not Path("../book/results").is_dir():
    repository = "{repository}"
    assert repository, "Open this notebook in the folder notebooks/ of a clone of the project (`make lab` does)."
    os.system(f"git clone --quiet --depth 1 {{repository}} vae_edu_project")
    os.system("pip install --quiet ./vae_edu_project")
    os.chdir("vae_edu_project/book")"""


def write_notebooks(root: Path, folder: Path, repository: str = "", only_changed_pages: bool = False) -> list[Path]:
    """Write every chapter of the table of contents below `root` as a notebook into `folder`.

    A notebook there that its reader has changed is left alone; those are returned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers, kept = page_numbers(root), []
    for page in filter(chapter_number, read_pages(root / "book/_toc.yml")):
        path = folder / f"{page}.ipynb"
        if only_changed_pages and path.exists() and path.stat().st_mtime > page_path(root, page).stat().st_mtime:
            continue
        if path.exists() and changed(nbformat.read(path, 4)):
            kept.append(path)
        else:
            nbformat.write(as_notebook(root, page, Converter(root, page, numbers), repository), path)
    return kept


def page_path(root: Path, page: str) -> Path:
    return root / f"book/{page}.md"


def changed(notebook: Any) -> bool:
    """Whether somebody has written into a notebook; running it does not count."""
    return notebook.metadata.get("written") != fingerprint(notebook)


def fingerprint(notebook: Any) -> str:
    return hashlib.sha256("\0".join(cell.source for cell in notebook.cells).encode()).hexdigest()[:16]


def as_notebook(root: Path, page: str, converter: Converter, repository: str) -> Any:
    source = jupytext.read(page_path(root, page), fmt="md:myst")
    cells = [cell for old in source.cells for cell in new_cells(old, converter)]
    setup = nbformat.v4.new_code_cell(
        SETUP.format(repository=repository), metadata={"jupyter": {"source_hidden": True}}
    )
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook = nbformat.v4.new_notebook(cells=[cells[0], setup, *cells[1:]], metadata=kernel)
    notebook.metadata["written"] = fingerprint(notebook)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"{page}-{number}".replace("_", "-")[:64]  # the same file from the same page
    return notebook


def new_cells(cell: Any, converter: Converter) -> list[Any]:
    """The cell as plain Markdown, a widget in it as a cell of code; a figure's caption follows its code."""
    if cell.cell_type == "markdown":
        return [
            nbformat.v4.new_code_cell(text) if is_code else nbformat.v4.new_markdown_cell(text)
            for is_code, text in converter.blocks(cell.source)
        ]
    hidden = "hide-input" in cell.metadata.get("tags", [])
    code = nbformat.v4.new_code_cell(cell.source, metadata={"jupyter": {"source_hidden": True}} if hidden else {})
    figure = cell.metadata.get("mystnb", {}).get("figure")
    return [code, nbformat.v4.new_markdown_cell(converter.caption(figure))] if figure else [code]


def write_beside_pages(app: Sphinx, error: Exception | None) -> None:
    """Write the notebooks of pages changed since the last build; all, if numbers, code or settings changed."""
    if error is not None or app.builder.format != "html":
        return
    folder, repository = Path(app.outdir) / FOLDER, app.config.notebook_repository
    code = sorted((str(path), path.stat().st_mtime_ns) for path in (ROOT / "vae_edu").rglob("*.py"))
    state = hashlib.sha256(repr((page_numbers(ROOT), code, repository)).encode()).hexdigest()
    stamp = folder / ".state"
    if not stamp.exists() or stamp.read_text() != state:
        shutil.rmtree(folder, ignore_errors=True)
    write_notebooks(ROOT, folder, repository, only_changed_pages=True)
    stamp.write_text(state)


def add_buttons(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """At the top of a chapter: download it; with a public repository also open it in Binder or Colab."""
    if chapter_number(page):
        buttons = context.setdefault("header_buttons", [])
        buttons.append(button("Download this chapter as a notebook", f"{FOLDER}/{page}.ipynb", "fas fa-download"))
        if name := app.config.notebook_repository.partition("github.com/")[2].strip("/"):
            colab = f"https://colab.research.google.com/github/{name}/blob/gh-pages/{FOLDER}/{page}.ipynb"
            binder = f"https://mybinder.org/v2/gh/{name}/HEAD?urlpath=lab/tree/{FOLDER}/{page}.ipynb"
            buttons.append(button("Open this chapter in Colab", colab, "fas fa-rocket"))
            buttons.append(button("Open this chapter in Binder", binder, "fas fa-flask"))


def button(tooltip: str, url: str, icon: str) -> dict[str, str]:
    return {"type": "link", "url": url, "tooltip": tooltip, "icon": icon, "label": tooltip.lower().replace(" ", "-")}


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("notebook_repository", "", "html")
    app.connect("html-page-context", add_buttons, priority=600)  # after the theme has made its own buttons
    app.connect("build-finished", write_beside_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    for path in write_notebooks(ROOT, Path(sys.argv[1])):
        print(f"{path} was changed and is left as it is; delete it to get the book's anew.")
