"""What every room stands on.

Errors, the tables between rooms, registries, plugins, the folder of a study, workers and progress. Rule: nothing here
knows what an architecture is; no torch.
"""
