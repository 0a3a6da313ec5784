"""Texts about products and other linear algebra."""

# -- products -------------------------------------------------------------------------------------

MATMUL_SCALAR = "both arguments to matmul need to be at least 1D, but they are {a}D and {b}D"
LINEAR_SCALAR = "both arguments to linear need to be at least 1D, but they are {a}D and {b}D"
PRODUCT_DTYPE = "{name} and {other} must have the same dtype, but got {a} and {b}"
MATMUL_DTYPE = "expected m1 and m2 to have the same dtype, but got: {a} != {b}"
MATMUL_SHAPES = "mat1 and mat2 shapes cannot be multiplied ({a} and {b})"
ADDMV_DTYPE = "addmv input tensors must have the same dtype, but got {vec}, {mat}, and {vec}"
DOT_DIMS = "1D tensors expected, but got {a}D and {b}D tensors"
DOT_DTYPE = "dot : expected both vectors to have same dtype, but found {a} and {b}"
DOT_SIZE = (
    "inconsistent tensor size, expected tensor [{a}] and src [{b}] to have the same number of "
    "elements, but got {a} and {b} elements respectively"
)
MATRIX_VECTOR = "size mismatch, got input ({rows}), mat ({a}), vec ({b})"
MATRIX_VECTOR_DIMS = "vector + matrix @ vector expected, got 1, {a}, {b}"
ADDMV_DIMS = "vector + matrix @ vector expected, got {added}, {a}, {b}"
ADDMV_DTYPES = "addmv input tensors must have the same dtype, but got {first}, {mat}, and {vec}"
ADDR_DIMS = "addr: Expected 1-D argument {name}, but got {dim}-D"
BATCH_COUNTS = "batch1 and batch2 must have same number of batches, got {a} and {b}"
BATCH_DTYPE = "expected scalar type {expected} but found {found}"
BATCH_DTYPES = "Input dtypes must be the same, got: input {a}, batch1: {b}, batch2: {c}"
BATCH_SHAPES = "Incompatible matrix sizes for bmm ({a} and {b})"
BATCH_SIZES = (
    "Expected size for first two dimensions of batch2 tensor to be: [{batch}, {inner}] but got: "
    "[{found_batch}, {found_inner}]."
)
MUST_BE_BATCHED = "{name} must be a 3D tensor"
MUST_BE_MATRIX = "{name} must be a matrix"
INNER_SHAPES = (
    "inner() the last dimension must match on both input tensors but got shapes {first} and "
    "{second}"
)
EINSUM_SUBSCRIPT = (
    "einsum(): invalid subscript given at index {place} in the equation string, subscripts must be "
    "in [a-zA-Z]"
)
EINSUM_RESULT = (
    "einsum(): output subscript {name} does not appear in the equation for any input operand"
)
EINSUM_OPERANDS = (
    "einsum(): must specify the equation string and at least one operand, or at least one operand "
    "and its subscripts list"
)
EINSUM_COUNT = "einsum(): {kind} operands were provided than specified in the equation"
OUTER_DIMS = "outer: Expected 1-D argument {name}, but got {dim}-D"
EINSUM_SIZES = (
    "einsum(): subscript {name} has size {found} for operand {operand} which does not broadcast "
    "with previously seen size {former}"
)
EINSUM_REPEATED = (
    "einsum(): subscript {name} is repeated for operand {operand} but the sizes don't match, "
    "{found} != {former}"
)
EINSUM_ELLIPSIS = (
    "einsum(): dimension {dim} covered by ellipsis in operand {operand}has size {found} which does "
    "not broadcast with previously seen ellipsis with size {former} for the respective dimension"
)
CHAIN_DEPRECATED = (
    "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use "
    "torch.linalg.multi_dot instead, which accepts a list of two or more tensors rather than "
    "multiple parameters."
)
CROSS_DEPRECATED = (
    "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim "
    "explicitly or simply use torch.linalg.cross.\nThe default value of dim will change to agree "
    "with that of linalg.cross in a future release."
)
CROSS_NO_DIM = "no dimension of size 3 in input"
EINSUM_DIMS = (
    "einsum(): the number of subscripts in the equation ({subscripts}) does not match the number "
    "of dimensions ({dim}) for operand {operand} and no ellipsis was given"
)
CONTRACTED_SIZES = (
    "contracted dimensions need to match, but first has size {first} in dim {first_dim} and "
    "second has size {second} in dim {second_dim}"
)
CROSS_SIZE = "linalg.cross: inputs dimension {dim} must have length 3. Got {first} and {second}"
MATRIX_EXPECTED = "{name} must be a matrix, got {dim}-D tensor"

VECTOR_NORM_NARROWING = (
    "linalg.vector_norm: the dtype of the input ({found}) should be convertible without narrowing "
    "to the specified dtype ({wanted})"
)
MATRIX_NORM_PAIR = "linalg.matrix_norm: dim must be a 2-tuple. Got {dim}"

# -- linalg ---------------------------------------------------------------------------------------

MATRIX_NORM_DIMS = "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."
MATRIX_NORM_ORDER = "linalg.matrix_norm: Order {order} not supported."
QR_WITHOUT_Q = (
    "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
    "linalg.qr(A, mode='reduced') if you are going to require gradients for A."
)
QR_COMPLETE = "The QR decomposition is not differentiable when mode='complete' and nrows > ncols"
SINGULAR_SOLVE = "torch.{name}: {place}The solver failed because the input matrix is singular."
SINGULAR_INVERSE = (
    "{name}: {place}The diagonal element {side} is zero, the inversion could not be completed "
    "because the input matrix is singular."
)
BATCH_ELEMENT = "(Batch element {number}): "
NOT_POSITIVE_DEFINITE = (
    "linalg.cholesky: {place}The factorization could not be completed because the input is not "
    "positive-definite (the leading minor of order {order} is not positive-definite)."
)
CDIST_ORDER = "cdist only supports non-negative p values"
CDIST_COLUMNS = "X1 and X2 must have the same number of columns. X1: {first} X2: {second}"
MATRIX_DIMS = "{name}: The input tensor A must have at least 2 dimensions."
MATRIX_SQUARE = (
    "{name}: A must be batches of square matrices, but they are {rows} by {columns} matrices"
)
MATRIX_DTYPE = "{name}: Expected a floating point or complex tensor as input. Got {dtype}"


class LinAlgError(RuntimeError):
    """What PyTorch raises where a matrix does not allow an operation."""

    __module__ = "torch._C"


LinAlgError.__name__ = LinAlgError.__qualname__ = "_LinAlgError"
