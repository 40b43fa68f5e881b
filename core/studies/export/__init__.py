"""What leaves: masks, pictures, surfaces, parcels of errors."""
