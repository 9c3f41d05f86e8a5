"""Chapter 6: The variational auto-encoder.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. All results are in nats, one number per data point; `log_var` is the logarithm of the
variance, log σ².
"""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn


def log_bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    """Log-likelihood of a picture under the Bernoulli decoder: K13 (11).

    Return the sum over the pixels of x log y + (1 - x) log(1 - y), where y = 1/(1 + exp(-logits)). A pixel
    is 0, 1 or a grey value between. The value has to be right however large the logits are, and so has its
    gradient with respect to them, which training follows: a decoder that is sure and mistaken must hear of it.

    Shapes: x and logits are (batch, pixels), the result is (batch,) in the same dtype. A batch may be empty.

    By hand: x = [[1, 0]], logits = [[log 4, log 4]]. Both pixels have y = 4/5, so the first costs log(4/5),
    the second log(1/5), and the sum is log(4/25) = -1.8326.
    """
    raise NotImplementedError("Replace this line with your answer.")


class VAE(nn.Module):
    """A variational auto-encoder, networks and bound: K13 (10), K13 (11), K13 (12).

    VAE(pixels, hidden, latent) has five layers torch.nn.Linear and no other parameters. The encoder's are
    encoder_hidden (pixels to hidden), encoder_mean and encoder_log_var (both hidden to latent); the decoder's are
    decoder_hidden (latent to hidden) and decoder_logits (hidden to pixels). Hidden units are tanh of their layer.

    Methods and shapes: encode(x) returns mean and log_var of q(z|x), each (batch, latent), for x of shape
    (batch, pixels). decode(z) returns the pixels' logits, (..., pixels), for z of shape (..., latent).
    bound(x, eps) returns the estimate K13 (10) of each data point's bound, (batch,), for noise eps of shape
    (samples, batch, latent): the divergence in closed form, and the mean over the samples of log p(x|z) at
    z = mean + σ eps. All weights have to be reached by its gradient. It draws no noise of its own.

    By hand: one hidden unit, one latent, x = [[1, 0]]. The encoder's weights are 0 but for the biases of its
    heads, mean 0.5 and log_var log 0.64, so σ = 0.8, and eps = [[[0.25]]] gives z = 0.7. With decoder weights
    [[1]] and [[2], [-2]] and biases 0 the logits are ±2 tanh 0.7 = ±1.2087, so log p(x|z) = -2 log(1 +
    exp(-1.2087)) = -0.5225. The divergence is (0.25 + 0.64 - 1 - log 0.64)/2 = 0.1681, the bound -0.6907.
    """

    def __init__(self, pixels: int, hidden: int, latent: int) -> None:
        raise NotImplementedError("Replace this line with your answer.")

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        raise NotImplementedError("Replace this line with your answer.")

    def decode(self, z: Tensor) -> Tensor:
        raise NotImplementedError("Replace this line with your answer.")

    def bound(self, x: Tensor, eps: Tensor) -> Tensor:
        raise NotImplementedError("Replace this line with your answer.")


def train_vae(x: Tensor, generator: Generator) -> dict[str, Tensor]:
    """A project, from pictures to a trained VAE: K13 (10), K13 algorithm 1.

    x holds about 1,200 black-and-white pictures of 64 pixels, (n, 64), each pixel 0 or 1; where a check does not look
    at what was learned, only 60. Train on them a VAE with 100 tanh hidden units on each side and 8 latents, and
    return the weights of its five layers: a dictionary of ten tensors under the names that they have in the
    exercise VAE, encoder_hidden.weight of shape (100, 64), encoder_hidden.bias of shape (100,), and so on. A
    trained module's state_dict() is such a dictionary. First weights, optimizer, learning rate, minibatches and
    the number of steps are yours to choose.

    The grader computes from your weights the two terms of K13 (10), and asks two things where x holds handwritten
    digits of 8 by 8 pixels, cut at half their brightness, the pixels in an order of its own. First, on digits
    that you were not given, the mean of the bound is above -21 nats per picture. Second, your loss really was
    the bound: multiply all σ by a factor c, then at c = 1 the derivatives of the mean reconstruction term and of
    the mean divergence balance, their ratio lies between 0.7 and 1.4 on x. A loss that weighs the divergence by β
    settles at the ratio β.

    A call may take 5 seconds; one is enough. Leave x as it is. Let all chance come from generator: the same state
    of it gives the same weights, another state others. (First weights that nn.Linear draws do not come from it.)

    By hand: with all weights 0, q(z|x) is the prior and every pixel has probability 1/2, so the bound of any
    picture is -64 log 2 = -44.4. The best that can be done without a latent variable, each pixel white with its
    share among the pictures, is about -25 on the digits. What is above that, the latents have learned.
    """
    raise NotImplementedError("Replace this line with your answer.")
