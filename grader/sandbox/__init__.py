"""Running students' code: the grader's side, the worker's side, and the protocol between them."""
