"""The Python face: a live widget in Jupyter, a mount in the book."""

import base64
import re

import pytest
from traitlets import TraitError

from vae_edu import widgets
from vae_edu.errors import UserError
from vae_edu.widgets import latent_plane
from vae_edu.widgets.bundle import widget_names
from vae_edu.widgets.plane import live_plane
from vae_edu.widgets.shipped import shipped
from vae_edu.widgets.widget import Widget


def test_dragging_in_the_browser_changes_z_in_python(shelf):
    widget, seen = latent_plane(shelf), []
    widget.observe(lambda change: seen.append(change["new"]), "z")
    widget.set_state({"z": [0.5, -1]})  # what the comm calls when the browser saves
    assert widget.z == (0.5, -1.0)
    assert seen == [(0.5, -1.0)]


def test_setting_z_in_python_is_sent_to_the_browser(shelf):
    widget = latent_plane(shelf)
    widget.z = (2, 1)
    assert widget.get_state("z") == {"z": (2.0, 1.0)}


def test_z_is_two_numbers(shelf):
    widget = latent_plane(shelf)
    for wrong in [(1, 2, 3), ("left", "up"), None]:
        with pytest.raises(TraitError):
            widget.z = wrong


def test_the_widget_carries_the_same_bytes_as_the_page(model, images, shelf):
    names = [f"{shelf}.plane", f"{shelf}.decoder"]
    assert latent_plane(shelf).data == {name: shipped(name) for name in names}
    assert latent_plane(model, x=images[0], labels=images[1]).data == live_plane(model, *images)


def test_a_model_needs_images(model):
    for models in [(), (model,), (model, model), ("small", model)]:
        with pytest.raises(UserError, match=r"names of pretrained models, or one model and images"):
            latent_plane(*models)


def test_an_unknown_name_is_one_sentence(shelf):
    with pytest.raises(UserError, match=r"no (plane|decoder) of 'smal' is shipped; choose one of: small"):
        latent_plane("smal")


def test_while_the_book_is_built_a_mount_is_shown(model, images, shelf, monkeypatch):
    monkeypatch.setenv("VAE_EDU_BOOK", "1")
    named, live = latent_plane(shelf)._repr_html_(), latent_plane(model, x=images[0], labels=images[1])._repr_html_()
    assert 'data-vae-widget="latent-plane"' in named
    assert f'data-vae-data="{shelf}.plane {shelf}.decoder"' in named
    inline = re.findall(r'data-name="([^"]*)">([^<]*)</script>', live)
    assert {name: base64.b64decode(content) for name, content in inline} == live_plane(model, *images)


@pytest.mark.parametrize("name", widget_names())
def test_every_widget_has_a_function_and_a_class_of_its_name(name):
    assert callable(getattr(widgets, name.replace("-", "_")))
    face = getattr(widgets, name.title().replace("-", ""))
    assert issubclass(face, Widget)
    assert face.script == name
    assert face.alt.endswith(".")


def test_a_page_and_python_begin_with_the_same_values(shelf, monkeypatch):
    monkeypatch.setenv("VAE_EDU_BOOK", "1")
    begin = {"z": (0, 0), "path": [], "dots": "means"}
    assert latent_plane(shelf).state == widgets.LatentPlane.defaults() | {"model": shelf} == begin | {"model": shelf}


def test_only_a_model_that_it_was_given_is_shown(shelf):
    widget = latent_plane(shelf)
    with pytest.raises(TraitError, match="'smal' is not shown here; choose one of: small"):
        widget.model = "smal"
    assert widget.model == shelf
