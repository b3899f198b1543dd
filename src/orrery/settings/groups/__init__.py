"""The groups of settings, one file each. A feature is handed its group and no other."""
