"""Screens that cover the dashboard: help, log, palette; imported when they are first opened."""
