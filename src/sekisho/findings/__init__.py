"""What an assessment finds, in Amazon Inspector Classic's vocabulary."""
