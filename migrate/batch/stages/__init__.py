"""One module a stage: what its notebook calls, and what a reader of the notebook is shown.

Each ``run`` reads the artefacts of earlier stages from the batch's folder, writes its own, and
records them in the manifest. It gives a frozen dataclass of pandas DataFrames for the notebook.
"""
