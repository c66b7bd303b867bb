"""Studies shipped with the package: TOML files that `nasgauge run NAME` runs, and published values to stand beside."""
