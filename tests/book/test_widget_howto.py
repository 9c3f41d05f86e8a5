"""The example of vae_edu/widgets/README.md, done as it says."""

import re
import shutil
from pathlib import Path

import pytest
from torch.distributions import Normal, kl_divergence
from widget_page import drag, numbers

from vae_edu import widgets
from vae_edu.widgets import bundle, faces

README = Path(faces.__file__).with_name("README.md").read_text(encoding="utf-8")


def test_the_example_works_as_written(tmp_path, monkeypatch, open_widget):
    module, face, test = re.findall(r"```(?:js|python)\n(.*?)```", README, re.DOTALL)
    shutil.copytree(bundle.JS, tmp_path / "js")
    (tmp_path / "js/spring.js").write_text(module, encoding="utf-8")
    monkeypatch.setattr(bundle, "JS", tmp_path / "js")
    names = {**vars(faces), "__name__": "example"}
    exec(face, names)
    monkeypatch.setattr(widgets, "spring", names["spring"], raising=False)
    names = {"drag": drag, "numbers": numbers, "pytest": pytest, "kl_divergence": kl_divergence, "Normal": Normal}
    exec(test, names)
    names["test_the_price_is_that_of_torch"](open_widget)
