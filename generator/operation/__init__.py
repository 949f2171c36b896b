"""Paths of the document and the types of their schemas come in; the methods of the client go out."""
