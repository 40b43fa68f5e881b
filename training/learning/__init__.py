"""What happens in a step: batches, augmentation, losses, and the network that learns."""
