"""What a trained model is worth: how likely it makes the data, and what its latent space looks like."""
