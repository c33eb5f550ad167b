"""How Sphinx builds these pages: `make docs`."""

import sys
from pathlib import Path

import descentry

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "descentry"
author = "The descentry authors"
project_copyright = "The descentry authors, Apache License 2.0"
version = release = descentry.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "entries"]
exclude_patterns = ["_build", "_ext"]
html_theme = "furo"
html_title = f"descentry {release}"
html_show_sphinx = False

myst_heading_anchors = 3
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_use_ivar = True
