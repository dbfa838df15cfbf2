"""The Dash application; the only package that imports dash."""
