"""What trains all parameters: the network, its loss on tensors, points for every step."""
