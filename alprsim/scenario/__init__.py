"""What a scenario may say: YAML read with line numbers, checked all at once, frozen."""
