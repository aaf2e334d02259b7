"""What this machine has for running a line, what it lacks, and the command that helps. Looks only; changes nothing."""
