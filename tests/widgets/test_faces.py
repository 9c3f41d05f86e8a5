"""The Python face: a live widget in Jupyter, a mount in the book."""

import base64
import re

import pytest
from traitlets import TraitError

from vae_edu.errors import UserError
from vae_edu.widgets import latent_plane
from vae_edu.widgets.plane import live_plane, recorded_plane


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
    assert latent_plane(shelf).data == recorded_plane(shelf)
    assert latent_plane(model, *images).data == live_plane(model, *images)


def test_a_model_needs_images(model):
    with pytest.raises(UserError, match="images to encode"):
        latent_plane(model)


def test_while_the_book_is_built_a_mount_is_shown(model, images, shelf, monkeypatch):
    monkeypatch.setenv("VAE_EDU_BOOK", "1")
    named, live = latent_plane(shelf)._repr_html_(), latent_plane(model, *images)._repr_html_()
    assert 'data-vae-widget="latent-plane"' in named
    assert f'data-vae-data="{shelf}"' in named
    inline = re.search(r'class="vae-data">([^<]*)</script>', live)[1]
    assert base64.b64decode(inline) == live_plane(model, *images)
