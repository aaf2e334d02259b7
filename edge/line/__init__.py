"""The line at work, thread by thread: capture, triggers, inspection, answers, writer. `edge.runtime` wires them."""
