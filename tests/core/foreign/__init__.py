"""Files as other programs write them, made by code without any case; see `make_nnunet.py`."""
