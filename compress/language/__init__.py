"""The language half of a bundle: what it takes to write reports, learnt at a desk."""
