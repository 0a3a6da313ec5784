"""Texts about the functions that networks are made of."""

# -- activations ----------------------------------------------------------------------------------

SOFTMAX_DIM = (
    "Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as "
    "an argument."
)
GELU_APPROXIMATE = "approximate argument must be either none or tanh."
HARDTANH_BOUNDS = "min_val cannot be greater than max_val"
SOFTSHRINK_LAMBDA = "lambda must be greater or equal to 0, but found to be {lambd:g}."
PRELU_WEIGHT = "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {dim}"
PRELU_SCALAR = "Not allow zero-dim input tensor."
PRELU_CHANNELS = (
    "Mismatch of parameter numbers and input channel size. Found parameter numbers = {weights} "
    "and channel size = {channels}."
)
GLU_SCALAR = "glu does not support 0-dimensional tensors"
GLU_ODD = "Halving dimension must be even, but dimension {dim} is size {size}"

# -- dropout, lookups and distances ---------------------------------------------------------------

DROPOUT_PROBABILITY = "dropout probability has to be between 0 and 1, but got {p}"
PADDING_INDEX = "Padding_idx must be within num_embeddings"
ONE_HOT_DTYPE = "one_hot is only applicable to index tensor of type LongTensor."
ONE_HOT_NEGATIVE = "Class values must be non-negative."
PDIST_DIMS = "pdist only supports 2D tensors, got: {dim}D"
ONE_HOT_CLASSES = "Class values must be smaller than num_classes."

# -- normalization --------------------------------------------------------------------------------

NORMALIZED_WEIGHT = (
    "Expected weight to be of same shape as normalized_shape, but got weight of shape {weight} "
    "and normalized_shape = {shape}"
)
NORMALIZED_SHAPE = (
    "Given normalized_shape={shape}, expected input with shape [*, {sizes}], but got input of "
    "size{found}"
)
GROUPS = (
    "Expected number of channels in input to be divisible by num_groups, but got input of shape "
    "{shape} and num_groups={groups}"
)
RESPONSE_NORM_DIMS = "Expected 3D or higher dimensionality input (got {dim} dimensions)"
INSTANCE_NORM_SIZE = "Expected more than 1 spatial element when training, got input size {shape!r}"
BATCH_NORM_SIZE = "Expected more than 1 value per channel when training, got input size {shape!r}"
BATCH_NORM_STATISTICS = "{name} must be defined in evaluation mode"
BATCH_NORM_LENGTH = "{name} should contain {expected} elements not {found}"

# -- attention ------------------------------------------------------------------------------------

ATTENTION_MASKS = (
    "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
)

# -- losses ---------------------------------------------------------------------------------------

REDUCTION = "{reduction} is not a valid value for reduction"
REDUCTION_LEGACY = (
    "size_average and reduce args will be deprecated, please use reduction='{reduction}' instead."
)
NO_SIZE = "'{type}' object has no attribute 'size'"
LOSS_SIZES = (
    "Using a target size ({target!r}) that is different to the input size ({input!r}). This will "
    "likely lead to incorrect results due to broadcasting. Please ensure they have the same size."
)
LOSS_SIZES_REFUSED = (
    "Using a target size ({target!r}) that is different to the input size ({input!r}) is "
    "deprecated. Please ensure they have the same size."
)
KL_MEAN = (
    "reduction: 'mean' divides the total loss by both the batch size and the support size."
    "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
    "'mean' will be changed to behave the same as 'batchmean' in the next major release."
)
CLASSES_SCALAR = "Expected 1 or more dimensions (got 0)"
CLASS_WEIGHTS = (
    "weight tensor should be defined either for all {classes} classes or no classes but got weight "
    "tensor of shape: {shape}"
)
LOSS_DTYPE = "Found dtype {found} but expected {expected}"
TARGETS = "all elements of target should be between 0 and 1"
ONE_HOT_EMPTY = "Can not infer total number of classes from empty tensor."
WEIGHT_SIZE = "Weights and input must have the same size."
SMOOTH_L1_BETA = "smooth_l1_loss does not support negative values for beta."
HUBER_DELTA = "huber_loss does not support non-positive values for delta."
BATCH_MISMATCH = "Expected input batch_size ({input}) to match target batch_size ({target})."
TARGET_DTYPE = "expected target dtype to be Long or Byte, but got {dtype}"
TARGET_DIMS = "0D or 1D target tensor expected, multi-target not supported"
ONE_TARGET = "For 1D input, 1D target must have size 1, but got target size: {size}"
TARGET_SIZE = "Expected target size {expected}, got {found}"
LABEL_SMOOTHING = "label_smoothing must be between 0.0 and 1.0. Got: {found:g}"
TARGET_PROBABILITIES = (
    "Expected floating point type for target with class probabilities, got {dtype}"
)
LOGITS_SIZE = "Target size ({target!r}) must be the same as input size ({input!r})"
VARIANCE_NEGATIVE = "var has negative entry/entries"
GAUSSIAN_REDUCTION = "{reduction} is not valid"
RANKING_SIZES = (
    "margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: "
    "{first!r}, input2: {second!r}, target: {target!r} "
)
MARGIN_POWER = "only p == 1 and p == 2 supported"
TRIPLET_DIMS = (
    "The anchor, positive, and negative tensors are expected to have the same number of "
    "dimensions, but got: anchor {anchor}D, positive {positive}D, and negative {negative}D inputs"
)
VARIANCE_SIZE = "var is of incorrect size"
TARGET_BOUNDS = "Target {target} is out of bounds."
PROBABILITIES = "all elements of input should be between 0 and 1"

# -- windows over space ---------------------------------------------------------------------------

POOL_SIZE = (
    "Given input size: ({input}). Calculated output size: ({output}). Output size is too small"
)
POOL_STRIDE = "stride should not be zero"
GROUP_NORM_SIZES = (
    "Expected {name} to be a vector of size equal to the number of channels in input, but got "
    "{name} of shape {found} and input of shape {input}"
)
CONVOLUTION_STRIDE = "non-positive stride is not supported"
CONVOLUTION_PADDING = "negative padding is not supported"
CONVOLUTION_BIAS = (
    "Given weight of size {weight}, expected bias to be 1-dimensional with {count} elements, but "
    "got bias of size {bias} instead"
)
POOL_DIVISOR = "divisor must be not zero"
POOL_PADDING = (
    "pad should be at most half of effective kernel size, but got pad={pad}, kernel_size={size} "
    "and dilation=1"
)
CONVOLUTION_DIMS = (
    "Expected {unbatched}D (unbatched) or {batched}D (batched) input to {name}, but got input of "
    "size: {found}"
)
CONVOLUTION_DTYPES = "Input type ({input}) and bias type ({weight}) should be the same"
EMBEDDING_INDICES = (
    "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, "
    "Int; but got torch.{legacy}Tensor instead (while checking arguments for embedding)"
)
EMBEDDING_WEIGHT = "'weight' must be 2-D"
NOT_DIFFERENTIABLE_ARGUMENT = (
    "The function '{function}' is not differentiable with respect to argument '{name}'. This input "
    "cannot have requires_grad True."
)
CONVOLUTION_CHANNELS = (
    "Given {which}, weight of size {weight}, expected input{input} to have {expected} "
    "channels, but got {found} channels instead"
)
CONVOLUTION_KERNEL = (
    "Calculated padded input size per channel: ({input}). Kernel size: ({kernel}). Kernel size "
    "can't be greater than actual input size"
)
PIXEL_SHUFFLE = (
    "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
    "upscale_factor, but input.size(-3)={channels} is not divisible by {square}"
)

# -- padding and resampling -----------------------------------------------------------------------

PADDING_LENGTH = "Padding length must be divisible by 2"
PADDING_TOO_LONG = (
    "Padding length should be less than or equal to two times the input dimension but got padding "
    "length {length} and input of dimension {dim}"
)
PADDING_VALUE = 'Padding mode "{mode}" doesn\'t take in value argument'
PADDING_MODE = "Unrecognised padding mode {mode}"
PADDING_DIMS = "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
SIZE_AND_SCALE = "only one of size or scale_factor should be defined"
SIZE_OR_SCALE = "either size or scale_factor should be defined"
ANTIALIAS = "antialias is not covered by the reference engine"
ALIGN_CORNERS = (
    "align_corners option can only be set with the interpolating modes: linear | bilinear | "
    "bicubic | trilinear"
)
RESAMPLING_DIMS = "Got {dim}D input, but {mode} mode needs {needed}D input"
PADDING_SIZE = (
    "Argument #{argument}: Padding size should be less than the corresponding input dimension, "
    "but got: padding {padding} at dimension {dim} of input {sizes}"
)
PADDING_CIRCULAR = "Padding value causes wrapping around more than once."

# -- sequences of labels --------------------------------------------------------------------------

POOL_DIMS = "non-empty {least}D or {most}D (batch mode) tensor expected for input"
POOL_EMPTY = (
    "Expected {least}D or {most}D (batch mode) tensor with optional 0 dim batch size for input, "
    "but got:{shape}"
)
POOL_DIMS_OF_ONE = "{name}: " + POOL_EMPTY
POOL_DIMS_CHECKED = (
    "Expected {least} to {most} dimensions, but got {dims}-dimensional tensor for argument #1 "
    "'self' (while checking arguments for {name})"
)
POOL_DIMS_ADAPTIVE = "{name}(): Expected {least}D or {most}D tensor, but got{colon} {shape}"
SAME_PADDING = (
    "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded "
    "copy of the input be created"
)
CTC_BLANK = "blank must be in label range"
CTC_LENGTHS = "{name}_lengths must be of size batch_size"
CTC_STEPS = (
    "Expected input_lengths to have value at most {steps}, but got value {found} (while checking "
    "arguments for ctc_loss_allocate_outputs)"
)
CTC_PADDED = (
    "Expected tensor to have size at least {expected} at dimension 1, but got size {found} for "
    "argument #2 'targets' (while checking arguments for ctc_loss_allocate_outputs)"
)
CTC_CONCATENATED = (
    "Expected tensor to have size {expected} at dimension 0, but got size {found} for argument #2 "
    "'targets' (while checking arguments for ctc_loss_allocate_outputs)"
)
