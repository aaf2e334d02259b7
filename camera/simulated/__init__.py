"""The simulated line's drawing: turned steel flanges, their defects, and the belt they travel on."""
