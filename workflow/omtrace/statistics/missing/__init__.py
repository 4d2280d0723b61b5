"""Multiple imputation, and analyses of imputed data sets."""
