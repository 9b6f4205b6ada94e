"""Drawing the products of the sample: flat pictures in the colours of each."""
