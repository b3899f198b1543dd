"""What is done for knowledge bases by the clock: remembered vectors forgotten, what nobody uses switched off and told."""
