"""omtrace: analyses of trial and preclinical data in which every number knows its raw cells."""
