"""Linear and generalised linear models: design matrices, fits, robust covariance."""
