"""Helpers for both libraries of arrays."""
