"""Every service of an installation, declared once; the renderers derive all files from it."""
