"""Programs that measure and print tables of ratios; never run as tests."""
