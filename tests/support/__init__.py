"""What several tests share: the oracle, random models."""
