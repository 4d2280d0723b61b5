"""Pure numerics: arrays and frames in, named numbers out; no files, no keys, no studies."""
