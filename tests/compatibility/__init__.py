"""Tells what a change of the fragment breaks: clients that were built to the old one, or servers."""
