"""What vouches for requests to object storages: one signature scheme in each file, none knows what is stored."""
