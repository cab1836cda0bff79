"""What detectors share: boxes, points, assignment, losses, suppression, and the average precision of what they find."""
