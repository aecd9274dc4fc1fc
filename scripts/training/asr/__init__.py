"""Training of the recogniser: features, augmentation, the transducer, its loss and its export."""
