"""What is known now of each machine: who it is, whether it is there, which of its reports were taken."""
