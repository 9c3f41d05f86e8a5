"""How live cells run: told that a book is being built, and run anew when what they import or plot changed.

jupyter-cache compares the cells alone. Its folder is therefore named by a hash of everything else that
outputs depend on; a new name is a changed setting, and Sphinx then reads every page again.
"""

import gc
import hashlib
import logging
import os
import shutil
from importlib.metadata import version
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor
from myst_nb.core.read import is_myst_markdown_notebook
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

SOURCES = ("vae_edu/**/*.py", "vae_edu/checkpoints/*", "book/results/**/*")
LIBRARIES = ("torch", "numpy", "scikit-learn", "matplotlib")
QUIET = logging.getLogger(__name__)
QUIET.setLevel(logging.WARNING)


def fingerprint(root: Path) -> str:
    """A hash of the package, its weights, the recorded runs and the versions of the libraries beneath."""
    digest = hashlib.sha256(repr([version(library) for library in LIBRARIES]).encode())
    for path in sorted(path for pattern in SOURCES for path in root.glob(pattern) if path.is_file()):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def choose_cache(app: Sphinx, config: Config) -> None:
    """Point myst-nb at the cache of this state of the project and remove those of former states."""
    caches = Path(app.outdir).parent / ".jupyter_cache"
    current = caches / fingerprint(Path(app.srcdir).parent)
    for former in caches.glob("*"):
        if former != current:
            shutil.rmtree(former, ignore_errors=True)
    config.nb_execution_cache_path = str(current)


def use_own_ipython(app: Sphinx) -> None:
    """Kernels read no settings of whoever builds, and do not warn in every page that they talk over local sockets."""
    folder = Path(app.outdir).parent / ".ipython"
    (folder / "profile_default").mkdir(parents=True, exist_ok=True)
    (folder / "profile_default/ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 40\n", encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(folder)


def run_cells(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Execute the pages that are not in the cache side by side, one a core; myst-nb then finds their outputs."""
    cache = get_cache(app.config.nb_execution_cache_path)
    pages = [Path(env.doc2path(name)) for name in docnames]
    notebooks = [str(page) for page in pages if is_myst_markdown_notebook(page.read_text(encoding="utf-8"))]
    for notebook in notebooks:
        cache.add_nb_to_project(notebook, read_data={"name": "myst_nb_md", "type": "plugin"})
    executor = load_executor("local-parallel", cache, logger=QUIET)
    if executor.get_records(filter_uris=notebooks):
        result = executor.run_and_cache(filter_uris=notebooks, timeout=app.config.nb_execution_timeout)
        if result.excepted:
            raise ExtensionError("a cell failed, see above, in " + ", ".join(result.excepted))


def forget_warned_build(app: Sphinx, error: Exception | None) -> None:
    """After a build with warnings, let the next one read every page: those already read would be silent."""
    if app._warncount:
        (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, bool]:
    gc.disable()  # pages are trees of a hundred thousand nodes that all stay: looking for garbage doubles a build
    os.environ["VAE_EDU_BOOK"] = "1"
    # Live cells train small models: threads would cost ten times what they gain, and tie results to the machine.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    app.connect("config-inited", choose_cache)
    app.connect("builder-inited", use_own_ipython)
    app.connect("env-before-read-docs", run_cells)
    app.connect("build-finished", forget_warned_build)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
