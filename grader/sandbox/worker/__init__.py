"""The student's side of the sandbox: it imports nothing of the grader but the protocol."""
