"""Axes, layouts and masks: how the architectures of one space share weights, stated without PyTorch."""
