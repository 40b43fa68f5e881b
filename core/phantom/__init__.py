"""Digital head phantoms: volumes that look like MR, with known lesions, made by code alone."""
