"""Chapter 12: Wake-sleep and Monte Carlo EM.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. All results are in nats; `log_var` is the logarithm of the variance, log σ².
"""

import math

import torch
from torch import Tensor


def wake_and_sleep(
    model: torch.nn.Module, x: Tensor, eps: Tensor, dreamed_z: Tensor, dream_noise: Tensor
) -> tuple[Tensor, Tensor]:
    """The two objectives of wake-sleep for one minibatch, each for one network alone: K13 (2).

    Awake: for each data point guess z = mean + σ·eps from q(z|x), and return log p(x, z) = log p(z) + log p(x|z).
    Asleep: for each z of dreamed_z, which is a draw of the prior, dream an image, x = mean + σ·dream_noise from
    p(x|z), and return log q(z|x) of that z. Both are to be made larger. One optimizer will climb the sum of both, so
    each has to send its gradient to the network that it teaches and to nothing else: the first to the decoder, the
    second to the encoder. Leave the model as it is.

    The model has two methods: encode(x) returns mean and log_var of q(z|x), each (batch, latent); decode(z) returns
    mean and log_var of p(x|z), each (batch, pixels). Both are Gaussians with diagonal covariance, the prior is
    N(0, I).

    Shapes: x is (batch, pixels), eps is (batch, latent), dreamed_z is (dreams, latent), dream_noise is
    (dreams, pixels). The result is a tuple (wake, sleep), (batch,) and (dreams,), in the dtype of x. A batch may be
    empty.

    By hand: one pixel, one latent, q(z|x) = N(x/2, 1), p(x|z) = N(2z, 1). Awake with x = 2 and eps = 1: z = 2 and
    log p(x, z) = -log 2π - 2²/2 - (2 - 4)²/2 = -5.8379. Asleep with dreamed_z = 1 and dream_noise = 2: the dream is
    x = 4, the guess N(2, 1), and log q = -(log 2π)/2 - (1 - 2)²/2 = -1.4189.
    """

    # answer
    def log_normal(value: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
        return -0.5 * (math.log(2 * math.pi) + log_var + (value - mean) ** 2 * torch.exp(-log_var)).sum(-1)

    with torch.no_grad():
        mean, log_var = model.encode(x)
        z = mean + torch.exp(0.5 * log_var) * eps
        dream_mean, dream_log_var = model.decode(dreamed_z)
        dream = dream_mean + torch.exp(0.5 * dream_log_var) * dream_noise
    standard = torch.zeros_like(z)
    wake = log_normal(z, standard, standard) + log_normal(x, *model.decode(z))
    return wake, log_normal(dreamed_z, *model.encode(dream))
    # end


def three_pulls(x: Tensor, weight: Tensor, noise_var: float) -> tuple[Tensor, Tensor, Tensor]:
    """How a decoder is pulled by three beliefs about z: K13 (1), K13 App. E.

    The model is z ~ N(0, I), x|z ~ N(weight · z, noise_var · I). A learner that believes in a density of z for each
    data point moves weight along the average of the derivative of log p(x, z) with respect to weight, over the z that
    it believes in (held still) and over the data points of x. Return this average for three beliefs:

    - the posterior p(z|x) itself, as in EM;
    - the Gaussian q with diagonal covariance for which the divergence of q from the posterior,
      KL(q || p(z|x)), is smallest: the best guess by the bound;
    - the Gaussian q with diagonal covariance for which KL(p(z|x) || q) is smallest: where the sleep phase of
      wake-sleep goes.

    All three have the posterior's mean, so that they differ in covariance only.

    Shapes: x is (batch, pixels) with at least one data point, weight is (pixels, latent), with more or fewer latent
    dimensions than pixels, noise_var is the variance of every pixel. The result is a tuple of three tensors of the
    shape and dtype of weight.

    By hand: the pair of the chapter, x = [[3]], weight = [[1, 1]], noise_var = 1. The posterior has mean (1, 1) and
    covariance [[2, -1], [-1, 2]]/3, the best diagonal guesses have the variances 1/2 and 2/3. The derivative of
    log p(x, z) with respect to the first weight is (3 - z₁ - z₂)·z₁, with the average 3 - E[z₁²] - E[z₁z₂]:
    3 - 5/3 - 2/3 = 2/3 for the posterior, 3 - 3/2 - 1 = 1/2 for the bound, 3 - 5/3 - 1 = 1/3 for the sleeper. The
    second weight has the same.
    """
    # answer
    identity = torch.eye(weight.shape[1], dtype=weight.dtype)
    precision = identity + weight.mT @ weight / noise_var
    covariance = torch.linalg.inv(precision)
    mean = x @ weight @ covariance / noise_var

    def pull(covariance: Tensor) -> Tensor:
        second_moment = covariance + mean.mT @ mean / len(x)
        return (x.mT @ mean / len(x) - weight @ second_moment) / noise_var

    return pull(covariance), pull(torch.diag(1 / precision.diagonal())), pull(torch.diag(covariance.diagonal()))
    # end


def learn_binary_codes(x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
    """A project: learn a code of eight bits, through which no gradient can pass: K13 (1), K13 (2).

    x holds about a thousand black-and-white pictures, (n, pixels), each pixel 0 or 1, float32. The latent z is eight
    bits, 0 or 1. Given the logits on the right, all bits and all pixels are independent Bernoulli variables:

    - the prior p(z) has the logits prior, (8,);
    - the decoder p(x|z) has the logits z · weightᵀ + bias, with weight (pixels, 8) and bias (pixels,);
    - the encoder q(z|x) has the logits x · encoder_weightᵀ + encoder_bias, with encoder_weight (8, pixels) and
      encoder_bias (8,).

    Return a dictionary of these five tensors, float32, learned from x. Bits cannot be reparameterized, but wake-sleep
    never differentiates through a draw: this is where it comes from. Any other way is as good. All randomness comes
    from the generator: the same state of it gives the same weights.

    The grader adds up all 256 codes and asks two things where x holds 1000 handwritten digits of 8 by 8 pixels, cut
    at half their brightness, the pixels in an order of its own. On digits that you were not given, the mean of the
    evidence log p(x) is above -22 nats per picture, and the mean of the bound K13 (2) with your encoder is above
    -22.5. A call should take a second on one core at most, and may not take five; leave x as it is.

    By hand: with all weights 0 every pixel is a fair coin, log p(x) = -64 log 2 = -44.4, and the bound is the same.
    With no use of z, each pixel white with its share among the pictures, about -25 is reached: what is above that, the
    bits have learned. In logistic regression the gradient with respect to a logit is the target minus its probability:
    both phases are such regressions, so that each needs only a line or two.
    """
    # answer
    pixels, rate = x.shape[1], 0.01
    prior, bias, encoder_bias = torch.zeros(8), torch.zeros(pixels), torch.zeros(8)
    weight = 0.1 * torch.randn(pixels, 8, generator=generator)
    encoder_weight = torch.zeros(8, pixels)
    for _ in range(1000):
        # Awake: the encoder's codes of real pictures teach the decoder and the prior.
        seen = x[torch.randint(len(x), (50,), generator=generator)]
        z = torch.bernoulli(torch.sigmoid(seen @ encoder_weight.mT + encoder_bias), generator=generator)
        error = seen - torch.sigmoid(z @ weight.mT + bias)
        weight += rate * error.mT @ z
        bias += rate * error.sum(0)
        prior += rate * (z - torch.sigmoid(prior)).sum(0)
        # Asleep: codes of the prior, and the pictures dreamed from them, teach the encoder.
        z = torch.bernoulli(torch.sigmoid(prior).expand(50, 8), generator=generator)
        dream = torch.bernoulli(torch.sigmoid(z @ weight.mT + bias), generator=generator)
        error = z - torch.sigmoid(dream @ encoder_weight.mT + encoder_bias)
        encoder_weight += rate * error.mT @ dream
        encoder_bias += rate * error.sum(0)
    return {
        "prior": prior,
        "weight": weight,
        "bias": bias,
        "encoder_weight": encoder_weight,
        "encoder_bias": encoder_bias,
    }
    # end
