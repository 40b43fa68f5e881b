"""Windows of their own: each asks for something and is gone."""
