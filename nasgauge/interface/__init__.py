"""How is it used from Python?

`import nasgauge as ng` offers what stands here: judging of tables, estimators on a space, studies in a folder. Rule:
names and tables of the user become objects of the packages below, which do the work; nothing is computed here.
"""
