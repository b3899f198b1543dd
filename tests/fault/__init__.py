"""Parts of the running system are killed, cut and filled; what was promised must still hold."""
