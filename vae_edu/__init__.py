"""The variational auto-encoder as Kingma & Welling (K13) and Doersch (D16) derive it, in readable PyTorch.

Read top to bottom with the book: `gaussians`, `likelihoods`, `bounds`, `models`, `learning`, `evaluation`, `recipes`.
Everything is summed over dimensions, averaged over the batch once and outermost, and measured in nats.
"""

__version__ = "0.1.0"
