"""Celery around docai: one process that is woken, claims documents, and works on them."""
