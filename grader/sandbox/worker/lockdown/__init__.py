"""What a student's process gives up before its first cell, layer by layer, on Linux."""
