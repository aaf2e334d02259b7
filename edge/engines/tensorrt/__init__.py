"""TensorRT: engines built on the device, kept only where the golden frames agree. Not run on a GPU yet."""
