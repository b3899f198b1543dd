"""The Service API (``/v1``): programs that hold an app's key act for the app's end users."""
