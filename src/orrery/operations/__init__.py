"""What operators do with a whole installation: back it up, restore it, move it, tidy it.

Stands beside the faces: it knows tables and storage, but no HTTP and no command line. Nothing here runs by itself.
"""
