"""The services of a fleet as plain processes of one machine: started in order, watched, restarted, stopped."""
