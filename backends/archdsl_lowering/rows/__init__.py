"""The one lowering table: how each primitive is computed with PyTorch, stated without importing it."""
