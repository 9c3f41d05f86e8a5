"""The loop learns, repeats itself, survives being stopped and killed, and says what broke."""

import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest
import torch

from vae_edu.bounds import elbo_terms
from vae_edu.errors import UserError
from vae_edu.learning import evaluate, fit, monte_carlo_em
from vae_edu.learning.interrupt import StopLearning, stop_on_interrupt
from vae_edu.learning.loop import Loop, minibatches
from vae_edu.models import LinearGaussian, mlp_vae

SMALL = {"epochs": 3, "batch_size": 50, "progress": False}


def small_vae():
    torch.manual_seed(0)
    return mlp_vae(64, (16,), 2)


@pytest.mark.equation("K13 (8)")
def test_minibatches_are_a_partition_so_their_sums_are_the_full_data_bound(digits):
    """Algorithm 1 sees each point once an epoch: the N/M-scaled minibatch bounds average to the whole one."""
    x, model = digits.x[:230].double(), small_vae().double()
    eps = torch.zeros(1, 1, 2, dtype=torch.float64)

    def bound(batch):
        return sum(elbo_terms(model, batch, eps=eps.expand(1, len(batch), 2)).values()).sum()

    batches = list(minibatches(x, 100, torch.Generator().manual_seed(3)))
    assert [len(batch) for batch in batches] == [100, 100, 30]
    assert torch.isclose(sum(bound(batch) for batch in batches), bound(x))


@pytest.mark.equation("K13 (8)")
def test_one_step_is_one_ascent_of_the_mean_bound(digits):
    """With plain SGD and one full batch, the parameters move by the learning rate times the gradient of the mean."""
    x, model = digits.x[:40].double(), small_vae().double()
    before = [p.detach().clone() for p in model.parameters()]
    eps = torch.randn(1, 40, 2, dtype=torch.float64)

    def fixed_noise(model, x, *, generator=None):
        return elbo_terms(model, x, eps=eps[:, _rank(x)])

    order = {row.numpy().tobytes(): i for i, row in enumerate(x)}

    def _rank(batch):
        return torch.tensor([order[row.numpy().tobytes()] for row in batch])

    gradients = torch.autograd.grad(sum(fixed_noise(model, x).values()).mean(), list(model.parameters()))
    fit(
        model,
        x,
        fixed_noise,
        epochs=1,
        batch_size=40,
        learning_rate=0.1,
        make_optimizer=torch.optim.SGD,
        progress=False,
    )
    for parameter, start, gradient in zip(model.parameters(), before, gradients, strict=True):
        torch.testing.assert_close(parameter.detach(), start + 0.1 * gradient)


@pytest.mark.equation("K13 algorithm 1")
def test_fit_is_the_algorithm_written_out(digits):
    """Minibatch, noise, gradient of the mean bound, step of plain SGD, by hand with the same generator."""
    fitted, by_hand = small_vae().double(), small_vae().double()
    x = digits.x[:130].double()
    options = SMALL | {"learning_rate": 0.02, "make_optimizer": torch.optim.SGD, "seed": 7}
    history = fit(fitted, x, **options)
    generator, parameters, curve = torch.Generator().manual_seed(7), list(by_hand.parameters()), []
    for _ in range(3):
        total = 0.0
        for rows in torch.randperm(130, generator=generator).split(50):
            eps = torch.randn(1, len(rows), 2, generator=generator, dtype=torch.float64)
            bounds = sum(elbo_terms(by_hand, x[rows], eps=eps).values())
            gradients = torch.autograd.grad(bounds.sum() / len(rows), parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter += 0.02 * gradient
            total += bounds.sum().item()
        curve.append(total / 130)
    assert history["bound"] == pytest.approx(curve, rel=1e-9)
    for one, other in zip(fitted.parameters(), parameters, strict=True):
        torch.testing.assert_close(one, other)


def test_learning_reaches_the_exact_maximum_of_a_linear_model(line):
    model = line.new_model()
    fit(model, line.x, epochs=60, batch_size=100, learning_rate=1e-2, progress=False)
    # Adam's steps jitter each of 13 parameters by about the learning rate; the evidence is quadratic around its top.
    assert line.best - 0.05 < model.log_marginal(line.x).mean() <= line.best + 1e-4


def test_the_bound_rises_and_its_terms_add_up(digits):
    history = fit(small_vae(), digits.x, x_test=digits.x[:100], **SMALL | {"epochs": 8})
    assert history["bound"][-1] > history["bound"][0] + 5
    for record in history.records:
        assert record["bound"] == pytest.approx(record["reconstruction"] + record["-KL"])
        assert record["-KL"] <= 0
    assert len(history["test bound"]) == 8


def test_one_seed_gives_one_run_whatever_the_global_stream(digits):
    runs = []
    for noise in (1, 2):
        model = small_vae()
        torch.manual_seed(noise)
        state = torch.get_rng_state()
        history = fit(model, digits.x, binarization="dynamic", **SMALL)
        assert torch.equal(state, torch.get_rng_state())
        runs.append((history["bound"], torch.cat([p.flatten() for p in model.parameters()])))
    assert runs[0][0] == runs[1][0]
    assert torch.equal(runs[0][1], runs[1][1])
    other = fit(small_vae(), digits.x, binarization="dynamic", seed=1, **SMALL)
    assert other["bound"] != runs[0][0]


@pytest.mark.equation("D16 (8)")
def test_evaluation_is_the_objective_averaged_over_the_data_set():
    """Of a linear model, with the noise vectors ±√J·e_j in place of draws: the mean of log p(x) − gap, exactly."""
    torch.manual_seed(2)
    model = LinearGaussian(torch.randn(5, 3), torch.randn(5), 0.6).double()
    with torch.no_grad():
        model.encoder_weight.normal_()
    x = torch.randn(23, 5, dtype=torch.float64)
    points = 3**0.5 * torch.cat([torch.eye(3), -torch.eye(3)]).double().unsqueeze(1)

    def exact(model, x, *, generator=None):
        return elbo_terms(model, x, eps=points.expand(-1, len(x), -1))

    expected = (model.log_marginal(x) - model.gap(x)).mean().item()
    for batch_size in (7, 1000):
        assert evaluate(model, x, exact, batch_size=batch_size) == pytest.approx(expected, rel=1e-9)


def test_evaluation_samples_z_and_leaves_training_as_it_was(digits):
    """Scoring a test set every epoch must not change what is learned; and it is not the bound at the mean."""
    with_test, without = small_vae(), small_vae()
    fit(with_test, digits.x, x_test=digits.x[:50], **SMALL)
    fit(without, digits.x, **SMALL)
    for a, b in zip(with_test.parameters(), without.parameters(), strict=True):
        assert torch.equal(a, b)

    def at_the_mean(model, x, *, generator=None):
        return elbo_terms(model, x, eps=torch.zeros(1, len(x), 2))

    assert evaluate(with_test, digits.x) != evaluate(with_test, digits.x, at_the_mean)


def falling(epoch):
    """A learning rate that two epochs share."""
    return 0.01 / (1 + (epoch + 1) // 2)


def test_a_learning_rate_that_is_a_function_is_asked_before_each_epoch(digits):
    rates = []

    class Told(torch.optim.SGD):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    fit(small_vae(), digits.x[:100], make_optimizer=Told, **SMALL | {"epochs": 4, "learning_rate": falling})
    assert rates == [0.01] * 2 + [0.005] * 4 + [0.01 / 3] * 2


@pytest.mark.parametrize("rate", [1e-3, falling])
def test_a_run_resumed_is_the_run_never_stopped(digits, tmp_path, rate):
    """Two epochs end where the rate that falls still stays the same: what to go on with is not in the optimizer."""
    whole, parts, options = small_vae(), small_vae(), SMALL | {"learning_rate": rate}
    expected = fit(whole, digits.x, **options | {"epochs": 4})
    state = tmp_path / "state.pt"
    fit(parts, digits.x, resume=state, **options | {"epochs": 3})
    fresh = small_vae()  # a new process would have one
    history = fit(fresh, digits.x, resume=state, **options | {"epochs": 4})
    assert history["bound"] == expected["bound"]
    for a, b in zip(whole.parameters(), fresh.parameters(), strict=True):
        assert torch.equal(a, b)


KILLED = """
import sys, torch
torch.set_num_threads(1)
from vae_edu.data import load
from vae_edu.learning import fit
from vae_edu.models import LinearGaussian, mlp_vae
torch.manual_seed(0)
model = mlp_vae(64, (16,), 2)
print("ready", flush=True)
history = fit(model, load("digits").x, epochs=int(sys.argv[2]), batch_size=10, resume=sys.argv[1], progress=False)
print(repr(history["bound"]), flush=True)
"""


def test_a_run_killed_outright_goes_on_from_its_last_epoch(tmp_path):
    epochs, environment = "12", os.environ | {"OMP_NUM_THREADS": "1"}

    def start(state):
        command = [sys.executable, "-c", KILLED, str(state), epochs]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    undisturbed = start(tmp_path / "a.pt")
    expected = undisturbed.communicate()[0].splitlines()[-1]
    state = tmp_path / "b.pt"
    victim = start(state)
    assert victim.stdout.readline() == "ready\n"
    while not state.exists():
        time.sleep(0.01)
    time.sleep(0.05 + time.time() % 0.3)  # a moment nobody chose
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert start(state).communicate()[0].splitlines()[-1] == expected
    leftovers = [path.name for path in tmp_path.iterdir() if path.suffix == ".partial"]
    assert len(leftovers) <= 1  # SIGKILL runs no clean-up: the state is whole, a temporary file may remain


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "damaged"), (b"PK\x03\x04 not a state", "damaged"), (None, "other settings .*seed was 0 and is now 7")],
)
def test_a_damaged_or_foreign_state_is_refused(digits, tmp_path, content, message):
    state = tmp_path / "state.pt"
    fit(small_vae(), digits.x, resume=state, **SMALL)
    if content is not None:
        state.write_bytes(content)
    with pytest.raises(UserError, match=message):
        fit(small_vae(), digits.x, resume=state, seed=7, **SMALL)


def test_a_state_of_more_epochs_than_asked_for_is_refused(digits, tmp_path):
    state = tmp_path / "state.pt"
    fit(small_vae(), digits.x, resume=state, **SMALL | {"epochs": 2})
    with pytest.raises(UserError, match="has learned for 2 epochs already and was asked for 1; ask for 2 or more"):
        fit(small_vae(), digits.x, resume=state, **SMALL | {"epochs": 1})


def test_a_state_learned_in_another_precision_is_refused(digits, tmp_path):
    state = tmp_path / "state.pt"
    fit(small_vae(), digits.x, resume=state, **SMALL)
    with pytest.raises(UserError, match="precision was float32 and is now bfloat16"):
        fit(small_vae(), digits.x, resume=state, precision="bfloat16", **SMALL)


def test_the_state_of_another_model_is_refused(digits, tmp_path):
    fit(small_vae(), digits.x, resume=tmp_path / "state.pt", **SMALL)
    with pytest.raises(UserError, match="another model"):
        fit(mlp_vae(64, (8,), 2), digits.x, resume=tmp_path / "state.pt", **SMALL)


def test_the_state_of_another_device_is_refused_as_that(digits, tmp_path):
    state = tmp_path / "state.pt"
    fit(small_vae(), digits.x, resume=state, **SMALL)
    saved = torch.load(state)
    saved["generator"] = torch.zeros(16, dtype=torch.uint8)  # the size of a GPU generator's state
    torch.save(saved, state)
    with pytest.raises(UserError, match=r"another kind of device.*this one \(cpu\)"):
        fit(small_vae(), digits.x, resume=state, **SMALL)


def test_control_c_finishes_the_step_and_keeps_what_was_learned(digits):
    model, start = small_vae(), small_vae()
    before = signal.getsignal(signal.SIGINT)
    threading.Timer(0.6, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    history = fit(model, digits.x, epochs=100_000, progress=False)
    assert history.interrupted
    assert 1 <= len(history) < 100_000
    assert evaluate(model, digits.x) > evaluate(start, digits.x)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("broken", ["reconstruction", "-KL"])
def test_a_number_that_breaks_is_named_with_its_step(digits, broken):
    steps = 0

    def objective(model, x, *, generator=None):
        nonlocal steps
        steps += 1
        terms = elbo_terms(model, x, generator=generator)
        return terms | ({broken: terms[broken] * float("nan")} if steps == 42 else {})

    with pytest.raises(UserError, match=f"epoch 2, step 12, the term {broken} of the bound was no longer finite"):
        fit(small_vae(), digits.x, objective, **SMALL)


@pytest.mark.parametrize("shape", [(), (5, 50)])
def test_terms_that_are_not_a_value_per_data_point_are_refused(digits, shape):
    """A mean over the batch, or a value for each sample, would give a history of wrong means without a word."""
    with pytest.raises(UserError, match=rf"'bound' has shape {re.escape(str(shape))} on a minibatch of 50; expected"):
        Loop(1, 50, 0, progress=False).run(lambda _batch, _generator: {"bound": torch.zeros(shape)}, digits.x, {})


def test_shapes_that_cannot_be_images_are_refused():
    with pytest.raises(UserError, match=r"got shape \(0, 64\)"):
        fit(small_vae(), torch.zeros(0, 64), progress=False)


@pytest.mark.parametrize("learn", [fit, monte_carlo_em])
@pytest.mark.parametrize("value", [-0.5, 255.0, float("nan")])
def test_pixels_that_are_no_probabilities_are_not_drawn(learn, value):
    with pytest.raises(UserError, match=r"from 0 to 1; got .*: scale x"):
        learn(small_vae(), torch.full((3, 64), value), binarization="dynamic", progress=False)


def test_the_progress_bar_shows_bound_and_speed(digits, capsys):
    fit(small_vae(), digits.x, epochs=1, batch_size=10)
    bar = capsys.readouterr().err
    assert "images/s" in bar
    assert "bound=-" in bar


def test_bfloat16_learns_about_as_much(digits):
    full, half = small_vae(), small_vae()
    fit(full, digits.x, **SMALL | {"epochs": 6})
    fit(half, digits.x, precision="bfloat16", **SMALL | {"epochs": 6})
    assert abs(evaluate(full, digits.x) - evaluate(half, digits.x)) < 1  # of about 15 nats gained
    assert next(half.parameters()).dtype == torch.float32


def test_callbacks_see_the_history_after_each_epoch(digits):
    seen = []
    fit(small_vae(), digits.x, callbacks=[lambda history: seen.append(len(history))], **SMALL)
    assert seen == [1, 2, 3]


def test_a_callback_that_has_seen_enough_stops_its_own_loop_alone(digits):
    """A loop inside another is no Ctrl-C: what goes on around it goes on."""

    def enough(history):
        if len(history) == 2:
            raise StopLearning

    with stop_on_interrupt(whole_only=True) as stop:
        history = fit(small_vae(), digits.x, callbacks=[enough], **SMALL)
    assert len(history) == 2
    assert history.interrupted
    assert not stop
