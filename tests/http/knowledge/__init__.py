"""Knowledge bases over HTTP: the Service API for holders of a knowledge key, and the console."""
