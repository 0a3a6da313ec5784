"""Texts about dimensions, sizes, views, joining, and elements at places."""

# -- dimensions and broadcasting ------------------------------------------------------------------

DIM_RANGE = "Dimension out of range (expected to be in range of [{low}, {high}], but got {dim})"
DIM_TWICE = "dim {dim} appears multiple times in the list of dims"
BROADCAST = (
    "The size of tensor a ({a}) must match the size of tensor b ({b}) at non-singleton dimension "
    "{dim}"
)
EXPAND = (
    "The expanded size of the tensor ({target}) must match the existing size ({size}) at "
    "non-singleton dimension {dim}.  Target sizes: {targets}.  Tensor sizes: {sizes}"
)
EXPAND_LEADING = (
    "The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension "
    "{place}"
)
VIEW_DIMENSION = "invalid shape dimension {size} at index {place} of shape {shape}"
INDEX_ADD_COUNT = (
    "index_add_(): Number of indices ({indices}) should be equal to source.size(dim): ({slices}), "
    "for dim: {dim}"
)
INDEX_COPY_COUNT = (
    "index_copy_(): Number of indices ({indices}) should be equal to source.size(dim) ({slices})"
)
SCATTER_SOURCE_DTYPE = "{name}(): Expected self.dtype to be equal to src.dtype"
PUT_COUNT = (
    "put_(): Expected source and index to have the same number of elements, but got source.numel() "
    "= {source}, index.numel() = {index}"
)
SLICE_STEP_ZERO = "slice step cannot be zero"
INDEX_BYTE = (
    "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead."
)
EXPAND_DIMS = (
    "expand(torch.{legacy}Tensor{{{sizes}}}, size={size}): the number of sizes provided ({count}) "
    "must be greater or equal to the number of dimensions in the tensor ({dim})"
)
REPEAT_DIMS = (
    "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
)

# -- views ----------------------------------------------------------------------------------------

MESHGRID_EMPTY = "meshgrid expects a non-empty TensorList"
CARTESIAN_DIMS = "Expect a 1D vector, but got shape {shape}"
UNBIND_SCALAR = "Dimension specified as {dim} but tensor has no dimensions"
SPLIT_SCALAR = "split expects at least a 1-dimensional tensor"
SPLIT_SIZES_TYPE = (
    "split_with_sizes(): argument 'split_sizes' (position 2) must be tuple of ints, not {type}"
)
REPEATS_NEGATIVE = "Repeats must be non-negative"
REPEATS_SIZE = (
    "repeats must have the same size as input along dim, but got repeats.size(0) = {repeats} and "
    "input.size(0) = {size}"
)
MOVEDIM_REPEATED = "movedim: repeated dim in `{name}` ({dims})"
HSTACK_EMPTY = "hstack expects a non-empty TensorList"
VIEW_AMBIGUOUS = (
    "cannot reshape tensor of 0 elements into shape {shape} because the unspecified dimension size "
    "-1 can be any value and is ambiguous"
)
VIEW_SIZE = "shape '{shape}' is invalid for input of size {count}"
VIEW_STRIDE = (
    "view size is not compatible with input tensor's size and stride (at least one dimension spans "
    "across two contiguous subspaces). Use .reshape(...) instead."
)
TWO_INFERRED = "only one dimension can be inferred"
PERMUTE = (
    "permute(sparse_coo): number of dimensions in the tensor input does not match the length of "
    "the desired ordering of dimensions i.e. input.dim() = {dim} is not equal to len(dims) = "
    "{count}"
)
PERMUTE_TWICE = "permute(): duplicate dims are not allowed."
T_DEPRECATED = (
    "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated "
    "and it will throw an error in a future release. Consider `x.mT` to transpose batches of "
    "matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a "
    "tensor."
)
T_SCALAR = "Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases."
T_DIMS = "t() expects a tensor with <= 2 dimensions, but self is {dim}D"
MT_DIMS = "tensor.mT is only supported on matrices or batches of matrices. Got {dim}-D tensor."
SELECT_BOUNDS = "select(): index {index} out of range for tensor of size {sizes} at dimension {dim}"
NARROW_START = "start out of range (expected to be in range of [{low}, {high}], but got {start})"
NARROW_LENGTH = "narrow(): length must be non-negative."
NARROW_END = "start ({start}) + length ({length}) exceeds dimension size ({size})."

# -- joining and taking apart ---------------------------------------------------------------------

STACK_SIZES = (
    "stack expects each tensor to be equal size, but got {first} at entry 0 and {other} at entry "
    "{index}"
)
STACK_EMPTY = "stack expects a non-empty TensorList"
CAT_SCALAR = "zero-dimensional tensor (at position {index}) cannot be concatenated"
CAT_EMPTY = "torch.cat(): expected a non-empty list of Tensors"
CAT_DIMS = "Tensors must have same number of dimensions: got {first} and {other}"
CAT_SIZES = (
    "Sizes of tensors must match except in dimension {dim}. Expected size {expected} but got size "
    "{found} for tensor number {index} in the list."
)
SPLIT_SIZES = (
    "split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at "
    "dimension {dim}), but got split_sizes={sizes}"
)
SPLIT_ZERO = "split_size can only be 0 if dimension size is 0, but got dimension size of {size}"
SPLIT_NEGATIVE = "split expects split_size be non-negative, but got split_size={size}"
SPLIT_NEGATIVE_SIZES = (
    "split_with_sizes expects split_sizes have only non-negative entries, but got "
    "split_sizes={sizes}"
)
CHUNK_COUNT = "chunk expects `chunks` to be greater than 0, got: {count}"
FLATTEN_ORDER = "flatten() has invalid args: start_dim cannot come after end_dim"
VIEW_ARGUMENTS = (
    "view() received an invalid combination of arguments - got ({kinds}), but expected one of:\n"
    " * (torch.dtype dtype){wrong}\n"
    " * (tuple of ints size){wrong}"
)
VIEW_ARGUMENTS_WRONG = (
    "\n      didn't match because some of the arguments have invalid types: (!{kinds}!)"
)
BROADCAST_SHAPES = (
    "Attempting to broadcast a dimension of length {size} at {dim}! Mismatching argument at index "
    "{index} had {shape}; but expected shape should be broadcastable to {expected}"
)
MESHGRID_WITHOUT_INDEXING = (
    "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument."
)
SPLIT_DIVISIBLE = (
    "torch.{name} attempted to split along dimension {dim}, but the size of the dimension {size} "
    "is not divisible by the split_size {parts}!"
)
SPLIT_DIMS = (
    "torch.{name} requires a tensor with at least {least} dimension, but got a tensor "
    "with {dim} dimensions!"
)
SECTIONS = "number of sections must be larger than 0, got {count}"

# -- elements at places ---------------------------------------------------------------------------

INDEX_SELECT_BOUNDS = "index out of range in self"
INDEX_SELECT_DTYPE = "index_select(): Expected dtype int32 or int64 for index"
INDEX_SELECT_DIMS = "index_select(): Index is supposed to be a vector"
GATHER_DTYPE = "gather(): Expected dtype int32/int64 for index"
GATHER_SIZES = (
    "Size does not match at dimension {place} expected index {index} to be no larger than self "
    "{self} apart from dimension {dim}"
)
GATHER_DIMS = "Index tensor must have the same number of dimensions as input tensor"
MASK_DTYPE = "masked_fill_ only supports boolean masks, but got mask with dtype {dtype}"
MASKED_FILL_DIMS = (
    "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {dim} "
    "dimension(s)."
)
FILL_DIMS = "fill_ only supports 0-dimension value tensor but got tensor with {dim} dimensions."
INDEX_DTYPE = "tensors used as indices must be long, int, byte or bool tensors"
CHUNK_SCALAR = "chunk expects at least a 1-dimensional tensor"
SELECT_SCALAR = "select() cannot be applied to a 0-dim tensor."
REINTERPRETED_SCALAR = (
    "self.dim() cannot be 0 to view {former} as {wanted} (different element sizes)"
)
REINTERPRETED_STRIDE = (
    "self.stride(-1) must be 1 to view {former} as {wanted} (different element sizes), but got "
    "{step}"
)
REINTERPRETED_SIZE = (
    "self.size(-1) must be divisible by {ratio} to view {former} as {wanted} (different element "
    "sizes), but got {size}"
)
UNFLATTEN_EMPTY = "unflatten: sizes must be non-empty"
UNFLATTEN_INFERRED = "unflatten got an unexpected error:\nonly one dimension can be inferred"
NEGATIVE_STRIDES = (
    "as_strided: Negative strides are not supported at the moment, got strides: {strides}"
)
STRIDES_LENGTH = "mismatch in length of strides and shape"
DIM_REPEATED = "dim {dim} appears multiple times in the list of dims"
INDEX_PUT_DTYPES = (
    "Index put requires the source and destination dtypes match, got {expected} for the "
    "destination and {found} for the source."
)
IMAGINARY = "imag is not implemented for tensors with non-complex dtypes."
SCATTER_REDUCE_NAME = "reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
SCATTER_REDUCE_TWICE = (
    "{name}(): Double backward is unsupported for {source} when >1 zeros in {source} are scattered "
    "to the same position in self"
)
INDEX_REDUCE_NAME = (
    "index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}."
)
INDEX_REDUCE_BETA = "index_reduce() is in beta and the API may change at any time."
MASKED_SELECT_DTYPE = "masked_select: expected BoolTensor for mask"
MASKED_SCATTER_MASK = "masked_scatter_ only supports boolean masks, but got mask with dtype {dtype}"
MASKED_SCATTER_DTYPES = (
    "masked_scatter: expected self and source to have same dtypes but got {first} and {second}"
)
MASKED_SCATTER_COUNT = "Number of elements of source < number of ones in mask"
TAKE_DTYPE = "take(): Expected a long tensor for index, but got {dtype}"
TAKE_BOUNDS = "out of range: tried to access index {index} on a tensor of {count} elements."
INDEX_COPY_DIMS = "index_copy_(): Index should have dimension 1 or 0 (got 2)"
INDEX_FILL_DIMS = (
    "index_fill_ only supports a 0-dimensional value tensor, but got tensor with {dim} "
    "dimension(s)."
)
SCATTER_DTYPE = "scatter(): Expected dtype int32/int64 for index"
SCATTER_DIMS = "Index tensor must have the same number of dimensions as self tensor"
SCATTER_BOUNDS = "index {index} is out of bounds for dimension {dim} with size {size}"
SCATTER_SIZES = (
    "Expected index {index} to be no larger than self {self} apart from dimension {dim} and to be "
    "no larger size than src {src}"
)
TAKE_ALONG_DIMS = (
    "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
    "{input} dimensions for input, and {indices} dimensions for indices"
)
SCATTER_SOURCE_DIMS = "Index tensor must have the same number of dimensions as src tensor"

# -- diagonals and slices -------------------------------------------------------------------------

DIAG_DIMS = "diag(): Supports 1D or 2D tensors. Got {dim}D"
TRACE_DIMS = "trace: expected a matrix, but got tensor with dim {dim}"
DIAGONAL_SAME = "diagonal dimensions cannot be identical {first}, {second}"
SLICE_SIZE = (
    "expected {name} to have a size equal to the slice of self. {name} size = {found}, slice "
    "size = {expected}"
)

# -- rearranging ----------------------------------------------------------------------------------

MOVEDIM = (
    "movedim: Invalid source or destination dims: source ({source} dims) should contain the same "
    "number of dims as destination ({destination} dims)"
)
UNFLATTEN = (
    "unflatten: Provided sizes {sizes} don't multiply up to the size of dim {dim} ({size}) in "
    "the input tensor"
)
FLIPLR_DIMS = "Input must be >= 2-d."
FLIPUD_DIMS = "Input must be >= 1-d."
STORAGE_BOUNDS = (
    "setStorage: sizes {sizes}, strides {strides}, storage offset {offset}, and itemsize "
    "{itemsize} requiring a storage size of {needed} are out of bounds for storage of size {size}"
)
MESHGRID_INDEXING = 'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
ROLL_SHIFTS = "`shifts` required"
ROLL_COUNTS = "shifts and dimensions must align. shifts: {shifts}, dims:{dims}"
ROTATION_DIMS = "expected total rotation dims == 2, but got dims = {count}"
ROTATION_INPUT = "expected total dims >= 2, but got total dims = {dim}"
ROTATION_SAME = "expected rotation dims to be different, but got dim0 = {first} and dim1 = {second}"
UNFOLD_SIZE = "maximum size for tensor at dimension {dim} is {length} but size is {size}"
UNFOLD_STEP = "step is {step} but must be > 0"
BLOCK_DIMS = (
    "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input 0 has {dim} dimensions"
)
TRIANGLE_DIMS = "{name}: input tensor must have at least 2 dimensions"
INDEX_SEQUENCE = (
    "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in "
    "pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as "
    "tensor index, x[torch.tensor(seq)], which will result either in an error or a different result"
)
