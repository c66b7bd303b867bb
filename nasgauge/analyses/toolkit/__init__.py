"""What analyses share: the contract of an entry, vectors and pairs read off tables, drawing.

Rule: no analysis stands here.
"""
