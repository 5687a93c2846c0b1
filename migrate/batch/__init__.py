"""Running the notebooks: parameters, manifest, resume."""
