"""Mixed models, and mixed models for repeated measures."""
