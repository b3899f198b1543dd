"""The S3 protocol and the vendors that speak it: one client, told apart by address and signature."""
