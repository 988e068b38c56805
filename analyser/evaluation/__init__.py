"""How good are the results? Rules against planted patterns, threads against true ones."""
