"""The commands, by what they are for, and the steps that they are made of."""
