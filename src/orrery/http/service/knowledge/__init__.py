"""Knowledge bases over the Service API: routes for holders of a ``dataset-`` key, and shapes that the console shares."""
