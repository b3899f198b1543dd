"""The API of apps' pages (``/api``): visitors with passports use one app."""
