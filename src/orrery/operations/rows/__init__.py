"""Rows of every table as plain values: read in one consistent view, written in one transaction, compared by digest."""
