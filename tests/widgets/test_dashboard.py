"""The dashboard shows what the history and the model say, and what is asked of it happens to the training."""

import re

import numpy as np
import pytest
import torch
from matplotlib.image import AxesImage

from vae_edu.errors import UserError
from vae_edu.learning import fit
from vae_edu.models import LinearGaussian, mlp_vae
from vae_edu.widgets import live_dashboard

SMALL = {"epochs": 4, "batch_size": 100, "progress": False, "device": "cpu"}


def vae(latent: int = 3, pixels: int = 64):
    torch.manual_seed(0)
    return mlp_vae(pixels, (16,), latent)


def test_it_shows_the_history_samples_and_the_plane(digits):
    board, model, x = live_dashboard(digits.labels[:300]), vae(), digits.x[:300]
    history = fit(model, x, callbacks=[board], x_test=digits.x[300:400], **SMALL)
    bound, terms, samples, plane = board.figure(history).axes
    drawn = {line.get_label(): list(line.get_ydata()) for axes in (bound, terms) for line in axes.lines}
    assert drawn == {name: history[name] for name in ("bound", "test bound", "reconstruction", "-KL")}
    assert {line.get_label() for line in bound.lines} == {"bound", "test bound"}
    (picture,) = samples.findobj(AxesImage)
    assert np.allclose(picture.get_array()[:8, :8], model.images(board.z)[0].detach().reshape(8, 8))
    with torch.no_grad():
        mean, log_var = model.encode(x)
    nats = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).mean(0)
    shown = np.delete(np.arange(3), nats.argmin())  # all but the quietest
    assert np.allclose(plane.collections[0].get_offsets(), mean[:, shown])
    assert [plane.get_xlabel(), plane.get_ylabel()] == [f"$z_{{{i + 1}}}$" for i in shown]


def test_it_says_what_it_shows(digits):
    board = live_dashboard()
    history = fit(vae(), digits.x[:300], callbacks=[board], **SMALL)
    assert board.words.value.startswith(f"Epoch 4 of 4: bound {history['bound'][-1]:.2f}, reconstruction")
    assert re.match(
        r'<img alt="Training curves\. Epoch 4 of 4: .*" .*src="data:image/png;base64,iVBOR', board.picture.value
    )
    assert board.stop.disabled
    assert board.rate.disabled


def test_the_button_stops_after_the_epoch(digits):
    board = live_dashboard()

    def press(history):
        if len(history) == 2:
            board.stop.click()

    history = fit(vae(), digits.x[:300], callbacks=[press, board], **SMALL)
    assert len(history) == 2
    assert history.interrupted
    assert board.words.value.startswith("Epoch 2 of 4")
    assert len(fit(vae(), digits.x[:300], callbacks=[board], **SMALL)) == 4  # and the next training begins afresh


def test_the_slider_changes_the_rate_from_the_next_epoch_on(digits):
    board, rates, optimizers = live_dashboard(), [], []

    def make(parameters, lr):
        optimizers.append(torch.optim.Adam(parameters, lr=lr))
        return optimizers[0]

    def move(history):
        rates.append(optimizers[0].param_groups[0]["lr"])
        if len(history) == 2:
            board.rate.value = 0.01

    fit(vae(), digits.x[:300], callbacks=[move, board], make_optimizer=make, learning_rate=2e-3, **SMALL)
    assert rates == [2e-3, 2e-3, 0.01, 0.01]


def test_models_without_pictures_or_without_a_plane_have_their_curves(digits):
    linear = LinearGaussian(torch.randn(64, 2), torch.zeros(64), 1.0)
    for model, panels in ((linear, 2), (vae(1), 3)):
        board = live_dashboard()
        history = fit(model, digits.x[:200], callbacks=[board], **SMALL)
        assert len(board.figure(history).axes) == panels


def test_labels_belong_to_the_images(digits):
    with pytest.raises(UserError, match="1500 labels for 300 images"):
        fit(vae(), digits.x[:300], callbacks=[live_dashboard(digits.labels)], **SMALL)


def test_images_that_are_not_square_need_a_shape():
    x = torch.rand(20, 12)
    with pytest.raises(UserError, match="not square"):
        fit(vae(2, 12), x, callbacks=[live_dashboard()], **SMALL)
    assert len(fit(vae(2, 12), x, callbacks=[live_dashboard(image_shape=(3, 4))], **SMALL)) == 4
