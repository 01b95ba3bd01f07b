"""How a model of docai is made: labelled and synthetic documents, and what learns from them."""
