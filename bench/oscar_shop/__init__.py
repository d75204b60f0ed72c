"""A django-oscar shop with a Chinese catalogue; runs in an environment of its own."""
