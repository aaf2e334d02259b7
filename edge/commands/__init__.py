"""The device's commands, one file each; `edgevl.py` mounts them."""
