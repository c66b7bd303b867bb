"""How is a tabular benchmark made? Every architecture of a recipe is trained from scratch.

Rule: needs torch; the readers of tables beside it do not, and never import it.
"""
