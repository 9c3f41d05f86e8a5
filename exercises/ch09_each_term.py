"""Chapter 9: What each term does.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. All results are in nats; `log_var` is the logarithm of the variance, log σ².
"""

import math

import torch
from torch import Generator, Tensor


def linear_vae_optimum(
    eigenvalues: Tensor, latent: int, noise_var: float, beta: float
) -> tuple[Tensor, Tensor, Tensor]:
    """What training a linear VAE comes to: D16 §2.4.3, K13 (3).

    The decoder is x|z ~ N(Wz + b, noise_var · I) with W and b to be learned, the encoder N(V(x - b), diag(s²)), and the
    loss weighs the divergence by beta: the objective is the mean reconstruction term minus beta times the mean
    divergence. noise_var stays as it is. The covariance matrix of the data has these eigenvalues. Return what holds
    at the maximum of this objective, a tuple of three tensors:

    - the activity of each latent, the variance of its posterior mean over the data, 0 if it has collapsed; the latents
      in the order of the eigenvalues that they keep, largest first;
    - the mean divergence (weight 1);
    - the mean bound, that is with weight 1 again, with noise_var and with all constants.

    Shapes: eigenvalues is (pixels,), sorted, the largest first; some may be 0. latent is from 1 to pixels, noise_var
    and beta are positive. The activities are (latent,), the other two are single numbers, (); all in the dtype of
    eigenvalues.

    By hand: eigenvalues = [4, 2, 1/2], latent = 2, noise_var = 1/2, beta = 2. Activities [3/4, 1/2]. The divergence is
    (log 4 + log 2)/2 = 1.0397. Two axes are left with a squared error of 1 each, the third with 1/2, so the bound is
    -(3/2) log π - 2.5 - 1.0397 = -5.2568.
    """
    raise NotImplementedError("Replace this line with your answer.")


def kl_split(mean: Tensor, log_var: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
    """What the divergence pays for: K13 (3).

    Row i of mean and log_var is the posterior q_i(z) = q(z|x_i) of image i, one of n. The aggregate posterior q(z)
    is the mean of these n densities, the prior p(z) is N(0, I). The mean divergence of the q_i from p has two parts:
    the information that z holds about which of the n images it was made from, and the divergence of q from p, which
    informs about nothing. Estimate both with the draws z = mean + σ·eps. Return a tuple of two tensors, each with one
    number per image, an average over the draws of that image:

    - of log q_i(z) - log q(z), the information;
    - of log q(z) - log p(z), the mismatch.

    Both have to be right where the images are so far apart that all densities but one are 0 in floating point, and with
    so many latents that all are. Training may weigh the two parts differently, so the gradients have to reach mean and
    log_var, through the draws as well.

    Shapes: mean and log_var are (n, latent), eps is (samples, n, latent), with at least one image and one draw. Both
    results are (n,) in the same dtype.

    By hand: mean = [[-1], [1]], log_var = [[0], [0]], eps = [[[0], [1]]], so that the draws are -1 and 2. With
    φ(z) = exp(-z²/2)/√(2π), q(-1) = (φ(0) + φ(2))/2 and q(2) = (φ(3) + φ(1))/2. The information is
    [log 2 - log(1 + e⁻²), log 2 - log(1 + e⁻⁴)] = [0.5662, 0.6750], the mismatch [1/2 - 0.5662, 3/2 - 0.6750].
    """
    raise NotImplementedError("Replace this line with your answer.")


def train_linear_vae(x: Tensor, latent: int, noise_var: float, generator: Generator) -> dict[str, Tensor]:
    """A project, from pictures to a linear VAE that is as good as any can be: K13 (3), D16 §2.4.3.

    Train on the rows of x a VAE with decoder x|z ~ N(Wz + b, noise_var · I) and encoder N(Vx + c, diag(exp(log_var))),
    where log_var is the same for every picture and noise_var stays as given. Return its weights, a dictionary of five
    tensors in the dtype of x: `"decoder.weight"` (W, of shape (pixels, latent)), `"decoder.bias"` (b, (pixels,)),
    `"encoder.weight"` (V, (latent, pixels)), `"encoder.bias"` (c, (latent,)) and `"log_var"` ((latent,)).

    First weights, optimizer, learning rate and number of steps are yours, and whether the expectation over z is
    sampled, as in any VAE, or carried out, as a linear decoder allows. The chapter's theorem tells what you should
    get to, and the grader knows it: from your weights it computes the mean of the bound over x, exactly, and asks that

    - the bound is at most 0.4 nats below the largest there is, the mean log-evidence of probabilistic PCA with this
      noise_var;
    - latents collapse if they should, and only then: the variance over x of the latent's posterior mean, its
      activity, is above 0.2 for as many latents as there are eigenvalues of the covariance of x above noise_var
      (but at most for all). This is asked where no eigenvalue is within a factor of 2 of noise_var.

    The theorem would also allow to write the weights down, with eigenvectors. Do not: here the gradient has to find
    them.

    x holds 500 to 2,000 pictures of 16 to 64 pixels with values around 0 to 1, eigenvalues of their covariance are
    below 2, and noise_var is from 0.1 to 0.5. A call may take 5 seconds; one is enough. Leave x as it is. Let all
    chance come from generator, so that the same state of it gives the same weights.

    By hand: for the handwritten digits of 8 by 8 pixels the eigenvalues begin with 0.70, 0.64, 0.55, 0.39, 0.27. A
    latent that keeps the eigenvalue λ gains (λ/noise_var - 1 - log(λ/noise_var))/2. With noise_var = 0.33 four latents
    stay, and all together bring 0.4 nats; with 0.12 the first four alone bring 4.5.
    """
    raise NotImplementedError("Replace this line with your answer.")
