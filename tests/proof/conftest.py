from tests.evidence.conftest import sealed, tsa

__all__ = ["sealed", "tsa"]
