"""The bundler: modules in, one script out, and no form of the language that it does not understand."""

import json
import re

import pytest

from vae_edu.widgets import bundle


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Writes modules into a folder of their own, from name=source."""
    monkeypatch.setattr(bundle, "JS", tmp_path)

    def write(**sources: str) -> None:
        for name, source in sources.items():
            (tmp_path / f"{name}.js").write_text(source, encoding="utf-8")

    return write


def test_imports_come_first_and_once(modules):
    modules(
        a='import {b} from "./b.js";\nimport {c} from "./c.js";\nexport function a() {}\n',
        b='import {c} from "./c.js";\nexport class b {}\n',
        c="export const c = 1;\n",
    )
    script = bundle.inlined("a")
    assert re.findall(r"^const (\w+)_js", script, re.MULTILINE) == ["c", "b", "a"]
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    assert "const {b} = b_js;" in script
    assert "return {a};" in script


def test_a_module_keeps_its_private_names_to_itself(modules):
    modules(a='import {b} from "./b.js";\nconst secret = b;\n', b="const secret = 1;\nexport const b = secret;\n")
    assert bundle.inlined("a").count("const secret") == 2
    assert bundle.inlined("a").count("(() => {") == 2


@pytest.mark.parametrize(
    "source",
    ['import a from "./a.js";\n', 'import * as a from "./a.js";\n', "export let a = 1;\n", "export {a};\n"],
)
def test_an_unknown_form_is_refused(modules, source):
    modules(odd=source, a="")
    with pytest.raises(ValueError, match=r"odd\.js: the bundler does not know this form"):
        bundle.inlined("odd")


def test_a_circle_is_refused(modules):
    modules(a='import {b} from "./b.js";\n', b='import {a} from "./a.js";\n')
    with pytest.raises(ValueError, match="a → b → a"):
        bundle.inlined("a")


def test_several_modules_share_what_they_import(modules):
    modules(
        a='import {c} from "./c.js";\nexport const a = c;\n',
        b='import {c} from "./c.js";\nexport const b = c;\n',
        c="export const c = 1;\n",
    )
    assert re.findall(r"^const (\w+)_js", bundle.inlined("a", "b"), re.MULTILINE) == ["c", "a", "b"]


def test_a_module_comes_as_text_with_what_it_imports_for_a_worker(modules):
    modules(
        a='import text from "./b.js" with {type: "text"};\nimport {c} from "./c.js";\nexport const a = text;\n',
        b='import {c} from "./c.js";\nexport const b = `${c}\\n`;\n',
        c="export const c = 1;\n",
    )
    script = bundle.inlined("a")
    (text,) = re.findall(r"^const text = (.*);$", script, re.MULTILINE)
    assert json.loads(text) == bundle.inlined("b")
    assert re.findall(r"^const (\w+)_js", script, re.MULTILINE) == ["c", "a"]  # the text is not run here


def test_widgets_are_the_modules_with_a_default_export(modules):
    modules(shared="export const a = 1;\n", one="export default {};\n", another="export default {};\n")
    assert bundle.widget_names() == ["another", "one"]


def test_a_widget_needs_no_style_of_its_own(modules, tmp_path):
    modules(plain="export default {};\n")
    (tmp_path / "base.css").write_text("a {}")
    assert bundle.stylesheet("plain") == "a {}"


def test_jupyter_gets_a_module_and_a_page_a_classic_script():
    module, script = bundle.module_for_jupyter("latent-plane"), bundle.script_for_page("latent-plane")
    assert re.findall(r"^export .*", module, re.MULTILINE) == ["export default latent_plane_js.default;"]
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    assert 'vaeEdu.register("latent-plane"' in script
