"""What is asked: the plan of each study and the register of its exports, as typed, closed models."""
