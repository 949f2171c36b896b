"""Models and methods come in; the Python files that the templates make of them go out."""
