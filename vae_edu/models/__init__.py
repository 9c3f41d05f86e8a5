"""The models: one decoder and one encoder each, and nothing about how they are trained."""

from vae_edu.models.bayesian import BayesianVAE, WeightPosterior
from vae_edu.models.conditional import CVAE, Regressor, mlp_cvae, mlp_regressor
from vae_edu.models.conditional_linear import ConditionalLinearGaussian
from vae_edu.models.conjugate import ConjugateGaussian
from vae_edu.models.conv import conv_vae
from vae_edu.models.hierarchical import TwoLayerVAE, two_layer_vae
from vae_edu.models.linear import LinearGaussian
from vae_edu.models.networks import BernoulliMLP, GaussianMLP
from vae_edu.models.ppca import fixed_noise_ppca, ppca_log_evidence, principal_axes, probabilistic_pca
from vae_edu.models.ring import ring
from vae_edu.models.vae import VAE, gaussian_mlp_vae, mlp_vae

__all__ = [
    "CVAE",
    "VAE",
    "BayesianVAE",
    "BernoulliMLP",
    "ConditionalLinearGaussian",
    "ConjugateGaussian",
    "GaussianMLP",
    "LinearGaussian",
    "Regressor",
    "TwoLayerVAE",
    "WeightPosterior",
    "conv_vae",
    "fixed_noise_ppca",
    "gaussian_mlp_vae",
    "mlp_cvae",
    "mlp_regressor",
    "mlp_vae",
    "ppca_log_evidence",
    "principal_axes",
    "probabilistic_pca",
    "ring",
    "two_layer_vae",
]
