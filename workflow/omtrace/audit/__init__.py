"""Reading back what was recorded: trace, verify, differences between versions."""
