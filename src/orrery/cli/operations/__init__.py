"""The operator's commands on a whole installation. Each file holds one command, or one pair."""
