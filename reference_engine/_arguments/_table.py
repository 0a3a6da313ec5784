# ruff: noqa: E501 - a signature is one line, however long
"""The signatures of PyTorch's functions and methods, as its messages about arguments know them.

Names stand above the signatures that they share, one a line, in the order in which they are
tried. `?` allows None, `[1]` a single number, `!` opens one that is deprecated and never shown.
"""

FUNCTIONS = """\
abs absolute acos acosh alias_copy arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan
atanh bitwise_not ceil conj_physical cos cosh deg2rad digamma erf erfc erfinv exp exp2 expm1 fix
floor frac hardsigmoid hardswish i0 inverse isneginf isposinf lgamma log log10 log1p log2
logical_not mish msort neg negative rad2deg reciprocal rsqrt sgn sigmoid sign signbit silu sin
sinc sinh sqrt square t_copy tan tanh trunc
    Tensor input, *, Tensor out=None
adaptive_avg_pool1d adaptive_max_pool1d
    Tensor input, ints[1] output_size
adaptive_avg_pool2d
    Tensor input, ints[2] output_size, *, Tensor out=None
adaptive_avg_pool3d
    Tensor input, ints[3] output_size, *, Tensor out=None
adaptive_max_pool2d
    Tensor input, ints[2] output_size, *, Tensors[2] out=None
adaptive_max_pool3d
    Tensor input, ints[3] output_size, *, Tensors[2] out=None
add sub
    Tensor input, Tensor other, *, Number alpha=1, Tensor out=None
    !Tensor input, Number alpha, Tensor other, *, Tensor out=None
addbmm
    Tensor input, Tensor batch1, Tensor batch2, *, Number beta=1, Number alpha=1, Tensor out=None
addcdiv addcmul
    Tensor input, Tensor tensor1, Tensor tensor2, *, Number value=1, Tensor out=None
    !Tensor input, Number value, Tensor tensor1, Tensor tensor2, *, Tensor out=None
addmm
    Tensor input, Tensor mat1, Tensor mat2, *, Number beta=1, Number alpha=1, Tensor out=None
    Tensor input, Tensor mat1, Tensor mat2, dtype out_dtype, *, Number beta=1, Number alpha=1, Tensor out=None
addmv
    Tensor input, Tensor mat, Tensor vec, *, Number beta=1, Number alpha=1, Tensor out=None
addr
    Tensor input, Tensor vec1, Tensor vec2, *, Number beta=1, Number alpha=1, Tensor out=None
all any
    Tensor input, *, Tensor out=None
    Tensor input, ints? dim=None, bool keepdim=False, *, Tensor out=None
    Tensor input, int dim, bool keepdim=False, *, Tensor out=None
allclose isclose
    Tensor input, Tensor other, float rtol=1e-05, float atol=1e-08, bool equal_nan=False
alpha_dropout dropout feature_alpha_dropout feature_dropout
    Tensor input, float p, bool train
amax amin
    Tensor input, ints[1] dim=None, bool keepdim=False, *, Tensor out=None
aminmax
    Tensor input, *, int? dim=None, bool keepdim=False, Tensors[2] out=None
arange
    Number end, *, Tensor out=None, OPTIONS
    Number start, Number end, *, OPTIONS
    Number start, Number end, Number step=1, *, Tensor out=None, OPTIONS
arctan2 atan2 fmax fmin gcd hypot inner kron lcm ldexp logaddexp logaddexp2 logical_and
logical_or logical_xor matmul maximum minimum mul nextafter vdot
    Tensor input, Tensor other, *, Tensor out=None
argmax argmin
    Tensor input, int? dim=None, bool keepdim=False, *, Tensor out=None
argsort
    Tensor input, *, bool stable, int dim=-1, bool descending=False, Tensor out=None
    Tensor input, int dim=-1, bool descending=False
argwhere conj corrcoef det detach fliplr flipud get_device is_complex is_conj is_floating_point
is_neg is_nonzero is_signed isfinite isinf isnan isreal logdet matrix_exp numel positive ravel
real relu relu6 resolve_conj resolve_neg selu t trace
    Tensor input
as_strided
    Tensor input, ints size, ints stride, int? storage_offset=None
as_strided_copy
    Tensor input, ints size, ints stride, int? storage_offset=None, *, Tensor out=None
as_strided_scatter
    Tensor input, Tensor src, ints size, ints stride, int? storage_offset=None
as_tensor
    object data, *, dtype dtype=None, Device? device=None
asarray
    object obj, *, dtype? dtype=None, Device? device=None, bool? copy=None, bool? requires_grad=None
avg_pool1d
    Tensor input, ints[1] kernel_size, ints[1] stride=None, ints[1] padding=0, bool ceil_mode=False, bool count_include_pad=True
avg_pool2d
    Tensor input, ints[2] kernel_size, ints[2] stride=None, ints[2] padding=0, bool ceil_mode=False, bool count_include_pad=True, int? divisor_override=None, *, Tensor out=None
avg_pool3d
    Tensor input, ints[3] kernel_size, ints[3] stride=None, ints[3] padding=0, bool ceil_mode=False, bool count_include_pad=True, int? divisor_override=None, *, Tensor out=None
baddbmm
    Tensor input, Tensor batch1, Tensor batch2, *, Number beta=1, Number alpha=1, Tensor out=None
    Tensor input, Tensor batch1, Tensor batch2, dtype out_dtype, *, Number beta=1, Number alpha=1, Tensor out=None
batch_norm
    Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool training, float momentum, float eps, bool cudnn_enabled
bernoulli
    Tensor input, *, Generator? generator=None, Tensor out=None
    Tensor input, float p, *, Generator? generator=None
bilinear
    Tensor input1, Tensor input2, Tensor weight, Tensor? bias=None
binary_cross_entropy
    Tensor input, Tensor target, Tensor? weight=None, int reduction=at::Reduction::Mean, *, Tensor out=None
binary_cross_entropy_with_logits
    Tensor input, Tensor target, Tensor? weight=None, Tensor? pos_weight=None, int reduction=at::Reduction::Mean
bincount
    Tensor input, Tensor? weights=None, int minlength=0
bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor remainder
    Tensor input, Tensor other, *, Tensor out=None
    Number self, Tensor other
    Tensor input, Number other, *, Tensor out=None
bmm mm
    Tensor input, Tensor mat2, *, Tensor out=None
    Tensor input, Tensor mat2, dtype out_dtype, *, Tensor out=None
broadcast_to
    Tensor input, ints size
bucketize
    Tensor input, Tensor boundaries, *, bool out_int32=False, bool right=False, Tensor out=None
    Number self, Tensor boundaries, *, bool out_int32=False, bool right=False
can_cast
    dtype from_, dtype to
cat concat concatenate stack
    Tensors tensors, int dim=0, *, Tensor out=None
celu
    Tensor input, Number alpha=1.0
channel_shuffle
    Tensor input, int groups
cholesky cholesky_inverse
    Tensor input, bool upper=False, *, Tensor out=None
cholesky_solve
    Tensor input, Tensor input2, bool upper=False, *, Tensor out=None
chunk unsafe_chunk
    Tensor input, int chunks, int dim=0
clamp clip
    Tensor input, Tensor? min=None, Tensor? max=None, *, Tensor out=None
    Tensor input, Number? min=None, Number? max=None, *, Tensor out=None
clamp_max
    Tensor input, Tensor max, *, Tensor out=None
    Tensor input, Number max, *, Tensor out=None
clamp_min
    Tensor input, Tensor min, *, Tensor out=None
    Tensor input, Number min, *, Tensor out=None
clone
    Tensor input, *, MemoryFormat? memory_format=None
column_stack dstack hstack row_stack vstack
    Tensors tensors, *, Tensor out=None
combinations
    Tensor input, int r=2, bool with_replacement=False
conv1d
    Tensor input, Tensor weight, Tensor? bias=None, ints[1] stride=1, ints[1] padding=0, ints[1] dilation=1, int groups=1
    Tensor input, Tensor weight, Tensor? bias=None, ints[1] stride=1, str padding="valid", ints[1] dilation=1, int groups=1
conv2d
    Tensor input, Tensor weight, Tensor? bias=None, ints[2] stride=1, ints[2] padding=0, ints[2] dilation=1, int groups=1
    Tensor input, Tensor weight, Tensor? bias=None, ints[2] stride=1, str padding="valid", ints[2] dilation=1, int groups=1
conv3d
    Tensor input, Tensor weight, Tensor? bias=None, ints[3] stride=1, ints[3] padding=0, ints[3] dilation=1, int groups=1
    Tensor input, Tensor weight, Tensor? bias=None, ints[3] stride=1, str padding="valid", ints[3] dilation=1, int groups=1
conv_transpose1d
    Tensor input, Tensor weight, Tensor? bias=None, ints[1] stride=1, ints[1] padding=0, ints[1] output_padding=0, int groups=1, ints[1] dilation=1
conv_transpose2d
    Tensor input, Tensor weight, Tensor? bias=None, ints[2] stride=1, ints[2] padding=0, ints[2] output_padding=0, int groups=1, ints[2] dilation=1
conv_transpose3d
    Tensor input, Tensor weight, Tensor? bias=None, ints[3] stride=1, ints[3] padding=0, ints[3] output_padding=0, int groups=1, ints[3] dilation=1
copysign eq fmod ge greater greater_equal gt le less less_equal lt ne not_equal
    Tensor input, Tensor other, *, Tensor out=None
    Tensor input, Number other, *, Tensor out=None
cosine_embedding_loss margin_ranking_loss
    Tensor input1, Tensor input2, Tensor target, float margin=0.0, int reduction=at::Reduction::Mean
cosine_similarity
    Tensor x1, Tensor x2, int dim=1, float eps=1e-08
count_nonzero
    Tensor input, int? dim=None
    Tensor input, ints dim
cov
    Tensor input, *, int correction=1, Tensor? fweights=None, Tensor? aweights=None
cross
    Tensor input, Tensor other, int? dim=None, *, Tensor out=None
cross_entropy_loss
    Tensor input, Tensor target, Tensor? weight=None, int reduction=at::Reduction::Mean, int ignore_index=-100, float label_smoothing=0.0
cummax cummin
    Tensor input, int dim, *, Tensors[2] out=None
cumprod cumsum
    Tensor input, int dim, *, dtype? dtype=None, Tensor out=None
cumulative_trapezoid trapezoid
    Tensor y, Tensor x, *, int dim=-1
    Tensor y, *, Number dx=1, int dim=-1
diag tril triu
    Tensor input, int diagonal=0, *, Tensor out=None
diag_embed
    Tensor input, int offset=0, int dim1=-2, int dim2=-1
diagflat
    Tensor input, int offset=0
diagonal
    Tensor input, int offset=0, int dim1=0, int dim2=1
diagonal_copy
    Tensor input, int offset=0, int dim1=0, int dim2=1, *, Tensor out=None
diagonal_scatter
    Tensor input, Tensor src, int offset=0, int dim1=0, int dim2=1
diff
    Tensor input, int n=1, int dim=-1, Tensor? prepend=None, Tensor? append=None, *, Tensor out=None
dist
    Tensor input, Tensor other, Number p=2
div
    Tensor input, Tensor other, *, Tensor out=None
    Tensor input, Tensor other, *, str? rounding_mode, Tensor out=None
    Tensor input, Number other, *, str? rounding_mode
divide
    Tensor input, Tensor other, *, Tensor out=None
    Tensor input, Tensor other, *, str? rounding_mode, Tensor out=None
    Tensor input, Number other
    Tensor input, Number other, *, str? rounding_mode
dot
    Tensor input, Tensor tensor, *, Tensor out=None
dsplit hsplit vsplit
    Tensor input, int sections
    Tensor input, ints indices
elu
    Tensor input, Number alpha=1, Number scale=1, Number input_scale=1, *, Tensor out=None
embedding
    Tensor weight, Tensor indices, int padding_idx=-1, bool scale_grad_by_freq=False, bool sparse=False
empty
    ints size, *, MemoryFormat? memory_format=None, Tensor out=None, OPTIONS
empty_like ones_like zeros_like
    Tensor input, *, MemoryFormat? memory_format=None, OPTIONS
empty_strided
    ints size, ints stride, *, OPTIONS
equal is_same_size
    Tensor input, Tensor other
expand_copy
    Tensor input, ints size, *, bool implicit=False, Tensor out=None
eye
    int n, *, Tensor out=None, OPTIONS
    int n, int m, *, Tensor out=None, OPTIONS
flatten
    Tensor input, int start_dim=0, int end_dim=-1
flip permute tile
    Tensor input, ints dims
float_power pow
    Tensor input, Tensor exponent, *, Tensor out=None
    Number self, Tensor exponent, *, Tensor out=None
    Tensor input, Number exponent, *, Tensor out=None
floor_divide multiply true_divide
    Tensor input, Tensor other, *, Tensor out=None
    Tensor input, Number other
frexp slogdet
    Tensor input, *, Tensors[2] out=None
frombuffer
    object buffer, *, dtype dtype, int count=-1, int offset=0, bool requires_grad=False
full
    ints size, Number fill_value, *, Tensor out=None, OPTIONS
full_like
    Tensor input, Number fill_value, *, MemoryFormat? memory_format=None, OPTIONS
gather
    Tensor input, int dim, Tensor index, *, bool sparse_grad=False, Tensor out=None
gelu
    Tensor input, *, str approximate="none", Tensor out=None
ger outer
    Tensor input, Tensor vec2, *, Tensor out=None
glu
    Tensor input, int dim=-1, *, Tensor out=None
group_norm
    Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float eps=1e-05, bool cudnn_enabled=True
hardshrink softshrink
    Tensor input, Number lambd=0.5, *, Tensor out=None
hardtanh
    Tensor input, Number min_val=-1, Number max_val=1, *, Tensor out=None
heaviside
    Tensor input, Tensor values, *, Tensor out=None
hinge_embedding_loss
    Tensor input, Tensor target, float margin=1.0, int reduction=at::Reduction::Mean
histc
    Tensor input, int bins=100, Number min=0, Number max=0, *, Tensor out=None
huber_loss
    Tensor input, Tensor target, int reduction=at::Reduction::Mean, float delta=1.0, *, Tensor out=None
index_add
    Tensor input, int dim, Tensor index, Tensor source, *, Number alpha=1, Tensor out=None
index_copy
    Tensor input, int dim, Tensor index, Tensor source, *, Tensor out=None
index_fill
    Tensor input, int dim, Tensor index, Tensor value
    Tensor input, int dim, Tensor index, Number value
index_put
    Tensor input, Tensors indices, Tensor values, bool accumulate=False
index_reduce
    Tensor input, int dim, Tensor index, Tensor source, str reduce, *, bool include_self=True, Tensor out=None
index_select
    Tensor input, int dim, Tensor index, *, Tensor out=None
instance_norm
    Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool use_input_stats, float momentum, float eps, bool cudnn_enabled
isin
    Tensor elements, Tensor test_elements, *, bool assume_unique=False, bool invert=False, Tensor out=None
    Number element, Tensor test_elements, *, bool assume_unique=False, bool invert=False, Tensor out=None
    Tensor elements, Number test_element, *, bool assume_unique=False, bool invert=False, Tensor out=None
kl_div
    Tensor input, Tensor target, int reduction=at::Reduction::Mean, *, bool log_target=False
kthvalue
    Tensor input, int k, int dim=-1, bool keepdim=False, *, Tensors[2] out=None
l1_loss
    Tensor input, Tensor target, int reduction=at::Reduction::Mean
layer_norm
    Tensor input, ints normalized_shape, Tensor? weight=None, Tensor? bias=None, float eps=1e-05, bool cudnn_enable=True
leaky_relu
    Tensor input, Number negative_slope=0.01, *, Tensor out=None
lerp
    Tensor input, Tensor end, Tensor weight, *, Tensor out=None
    Tensor input, Tensor end, Number weight, *, Tensor out=None
linear
    Tensor input, Tensor weight, Tensor? bias=None, *, Tensor out=None
linspace
    Tensor start, Tensor end, int steps, *, Tensor out=None, OPTIONS
    Number start, Tensor end, int steps, *, Tensor out=None, OPTIONS
    Tensor start, Number end, int steps, *, Tensor out=None, OPTIONS
    Number start, Number end, int steps, *, Tensor out=None, OPTIONS
log_softmax softmax
    Tensor input, int dim, dtype? dtype=None, *, Tensor out=None
logcumsumexp unsqueeze_copy
    Tensor input, int dim, *, Tensor out=None
logit
    Tensor input, float? eps=None, *, Tensor out=None
logspace
    Tensor start, Tensor end, int steps, float base=10.0, *, Tensor out=None, OPTIONS
    Number start, Tensor end, int steps, float base=10.0, *, Tensor out=None, OPTIONS
    Tensor start, Number end, int steps, float base=10.0, *, Tensor out=None, OPTIONS
    Number start, Number end, int steps, float base=10.0, *, Tensor out=None, OPTIONS
logsumexp
    Tensor input, ints[1] dim, bool keepdim=False, *, Tensor out=None
masked_fill
    Tensor input, Tensor mask, Tensor value
    Tensor input, Tensor mask, Number value
masked_scatter
    Tensor input, Tensor mask, Tensor source
masked_select
    Tensor input, Tensor mask, *, Tensor out=None
matrix_power
    Tensor input, int n, *, Tensor out=None
max min
    Tensor input, *, Tensor out=None
    Tensor input, Tensor other, *, Tensor out=None
    Tensor input, int dim, bool keepdim=False, *, Tensors[2] out=None
max_pool1d
    Tensor input, ints[1] kernel_size, ints[1] stride=None, ints[1] padding=0, ints[1] dilation=1, bool ceil_mode=False
max_pool2d
    Tensor input, ints[2] kernel_size, ints[2] stride=None, ints[2] padding=0, ints[2] dilation=1, bool ceil_mode=False
max_pool3d
    Tensor input, ints[3] kernel_size, ints[3] stride=None, ints[3] padding=0, ints[3] dilation=1, bool ceil_mode=False
max_unpool2d
    Tensor input, Tensor indices, ints[2] output_size, *, Tensor out=None
max_unpool3d
    Tensor input, Tensor indices, ints[3] output_size, ints[3] stride, ints[3] padding, *, Tensor out=None
mean
    Tensor input, *, dtype? dtype=None, Tensor out=None
    Tensor input, ints[1]? dim, bool keepdim=False, *, dtype? dtype=None, Tensor out=None
median nanmedian
    Tensor input
    Tensor input, int dim, bool keepdim=False, *, Tensors[2] out=None
mode
    Tensor input, int dim=-1, bool keepdim=False, *, Tensors[2] out=None
moveaxis movedim
    Tensor input, int source, int destination
    Tensor input, ints source, ints destination
mse_loss multilabel_margin_loss soft_margin_loss
    Tensor input, Tensor target, int reduction=at::Reduction::Mean, *, Tensor out=None
multi_margin_loss
    Tensor input, Tensor target, Number p=1, Number margin=1, Tensor? weight=None, int reduction=at::Reduction::Mean, *, Tensor out=None
multinomial
    Tensor input, int num_samples, bool replacement=False, *, Generator? generator=None, Tensor out=None
mv
    Tensor input, Tensor vec, *, Tensor out=None
mvlgamma
    Tensor input, int p, *, Tensor out=None
nan_to_num
    Tensor input, float? nan=None, float? posinf=None, float? neginf=None, *, Tensor out=None
nanmean nansum
    Tensor input, ints[1]? dim=None, bool keepdim=False, *, dtype? dtype=None, Tensor out=None
nanquantile quantile
    Tensor input, Tensor q, int? dim=None, bool keepdim=False, *, str interpolation="linear", Tensor out=None
    Tensor input, float q, int? dim=None, bool keepdim=False, *, str interpolation="linear", Tensor out=None
narrow
    Tensor input, int dim, Tensor start, int length
    Tensor input, int dim, int start, int length
narrow_copy
    Tensor input, int dim, int start, int length, *, Tensor out=None
nll_loss
    Tensor input, Tensor target, Tensor? weight=None, int reduction=at::Reduction::Mean, int ignore_index=-100, *, Tensor out=None
nonzero
    Tensor input, *, bool as_tuple=False, Tensor out=None
normal
    Tensor mean, Tensor std, *, Generator? generator=None, Tensor out=None
    Tensor mean, float std=1, *, Generator? generator=None, Tensor out=None
    float mean, Tensor std, *, Generator? generator=None, Tensor out=None
    float mean, float std, ints size, *, Generator? generator=None, Tensor out=None, OPTIONS
one_hot
    Tensor input, int num_classes=-1
ones zeros
    ints size, *, Tensor out=None, OPTIONS
pad
    Tensor input, ints pad, str mode="constant", float? value=None
pairwise_distance
    Tensor x1, Tensor x2, float p=2, float eps=1e-06, bool keepdim=False
pdist
    Tensor input, float p=2
permute_copy
    Tensor input, ints dims, *, Tensor out=None
pinverse
    Tensor input, float rcond=1e-15
pixel_shuffle
    Tensor input, int upscale_factor
pixel_unshuffle
    Tensor input, int downscale_factor
poisson_nll_loss
    Tensor input, Tensor target, bool log_input, bool full, float eps, int reduction
polygamma
    int n, Tensor input, *, Tensor out=None
prelu
    Tensor input, Tensor weight
prod
    Tensor input, *, dtype? dtype=None
    Tensor input, int dim, bool keepdim=False, *, dtype? dtype=None, Tensor out=None
promote_types
    dtype type1, dtype type2
put
    Tensor input, Tensor index, Tensor source, bool accumulate=False
qr
    Tensor input, bool some=True, *, Tensors[2] out=None
rand randn
    ints size, *, Generator? generator, Tensor out=None, OPTIONS
    ints size, *, Tensor out=None, OPTIONS
rand_like randn_like
    Tensor input, *, Generator? generator, MemoryFormat? memory_format=None, OPTIONS
    Tensor input, *, MemoryFormat? memory_format=None, OPTIONS
randint
    int high, ints size, *, Generator? generator, Tensor out=None, OPTIONS
    int high, ints size, *, Tensor out=None, OPTIONS
    int low, int high, ints size, *, Generator? generator, Tensor out=None, OPTIONS
    int low, int high, ints size, *, Tensor out=None, OPTIONS
randint_like
    Tensor input, int low, int high, *, Generator? generator, MemoryFormat? memory_format=None, OPTIONS
    Tensor input, int low, int high, *, MemoryFormat? memory_format=None, OPTIONS
    Tensor input, Tensor high, *, Generator? generator, MemoryFormat? memory_format=None, OPTIONS
    Tensor input, Tensor high, *, MemoryFormat? memory_format=None, OPTIONS
    Tensor input, int high, *, Generator? generator, MemoryFormat? memory_format=None, OPTIONS
    Tensor input, int high, *, MemoryFormat? memory_format=None, OPTIONS
randperm
    int n, *, Generator? generator, Tensor out=None, OPTIONS
    int n, *, Tensor out=None, OPTIONS
range
    Number start, Number end, Number step=1, *, Tensor out=None, dtype dtype=None, Layout layout=torch.strided, Device device=None, bool requires_grad=False
renorm
    Tensor input, Number p, int dim, Number maxnorm, *, Tensor out=None
repeat_interleave
    Tensor input, Tensor repeats, int? dim=None, *, int? output_size=None
    Tensor repeats, *, int? output_size=None
    Tensor input, int repeats, int? dim=None, *, int? output_size=None
reshape
    Tensor input, ints shape
result_type
    Tensor tensor, Tensor other
    Number scalar, Tensor tensor
    Tensor tensor, Number other
    Number scalar1, Number scalar2
rms_norm
    Tensor input, ints normalized_shape, Tensor? weight=None, float? eps=None
roll
    Tensor input, ints[1] shifts, ints[1] dims=None
rot90
    Tensor input, int k=1, ints dims={0,1}
round
    Tensor input, *, Tensor out=None
    Tensor input, *, int decimals, Tensor out=None
rrelu
    Tensor input, Number lower=0.125, Number upper=0.3333333333333333, bool training=False, Generator? generator=None
rsub
    Tensor input, Tensor other, *, Number alpha=1
    Tensor input, Number other, Number alpha=1
scalar_tensor
    Number s, *, OPTIONS
scaled_dot_product_attention
    Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None, float dropout_p=0.0, bool is_causal=False, *, float? scale=None, bool enable_gqa=False
scatter
    Tensor input, int dim, Tensor index, Tensor src, *, Tensor out=None
    Tensor input, int dim, Tensor index, Tensor src, *, str reduce, Tensor out=None
    Tensor input, int dim, Tensor index, Number value, *, Tensor out=None
    Tensor input, int dim, Tensor index, Number value, *, str reduce, Tensor out=None
scatter_add
    Tensor input, int dim, Tensor index, Tensor src, *, Tensor out=None
scatter_reduce
    Tensor input, int dim, Tensor index, Tensor src, str reduce, *, bool include_self=True, Tensor out=None
searchsorted
    Tensor sorted_sequence, Tensor input, *, bool out_int32=False, bool right=False, str? side=None, Tensor? sorter=None, Tensor out=None
    Tensor sorted_sequence, Number self, *, bool out_int32=False, bool right=False, str? side=None, Tensor? sorter=None, Tensor out=None
select
    Tensor input, int dim, int index
select_copy
    Tensor input, int dim, int index, *, Tensor out=None
select_scatter
    Tensor input, Tensor src, int dim, int index
slice_copy
    Tensor input, int dim=0, int? start=None, int? end=None, int step=1, *, Tensor out=None
slice_scatter
    Tensor input, Tensor src, int dim=0, int? start=None, int? end=None, int step=1, *, Tensor out=None
smooth_l1_loss
    Tensor input, Tensor target, int reduction=at::Reduction::Mean, float beta=1.0, *, Tensor out=None
softplus
    Tensor input, Number beta=1, Number threshold=20, *, Tensor out=None
sort
    Tensor input, *, bool? stable, int dim=-1, bool descending=False, Tensors[2] out=None
    Tensor input, int dim=-1, bool descending=False, *, Tensors[2] out=None
split_with_sizes
    Tensor input, ints split_sizes, int dim=0
split_with_sizes_copy
    Tensor input, ints split_sizes, int dim=0, *, Tensors out=None
squeeze
    Tensor input
    Tensor input, int dim
    Tensor input, ints dim
squeeze_copy
    Tensor input, *, Tensor out=None
    Tensor input, int dim, *, Tensor out=None
    Tensor input, ints dim, *, Tensor out=None
std var
    Tensor input, ints[1]? dim, bool unbiased=True, bool keepdim=False, *, Tensor out=None
    Tensor input, ints[1]? dim=None, *, Number? correction=None, bool keepdim=False, Tensor out=None
    Tensor input, bool unbiased=True
std_mean var_mean
    Tensor input, ints[1]? dim, bool unbiased=True, bool keepdim=False
    Tensor input, ints[1]? dim=None, *, Number? correction=None, bool keepdim=False
    Tensor input, bool unbiased=True
subtract
    Tensor input, Tensor other, *, Number alpha=1, Tensor out=None
    Tensor input, Number other, Number alpha=1
sum
    Tensor input, *, dtype? dtype=None
    Tensor input, ints[1]? dim, bool keepdim=False, *, dtype? dtype=None, Tensor out=None
svd
    Tensor input, bool some=True, bool compute_uv=True, *, Tensors[3] out=None
swapaxes
    Tensor input, int axis0, int axis1
swapdims transpose
    Tensor input, int dim0, int dim1
take
    Tensor input, Tensor index, *, Tensor out=None
take_along_dim
    Tensor input, Tensor indices, int? dim=None, *, Tensor out=None
tensor
    object data, *, dtype dtype=None, Device? device=None, bool pin_memory=False, bool requires_grad=False
tensor_split
    Tensor input, ints indices, int dim=0
    Tensor input, Tensor tensor_indices_or_sections, int dim=0
    Tensor input, int sections, int dim=0
threshold
    Tensor input, Number threshold, Number value, *, Tensor out=None
topk
    Tensor input, int k, int dim=-1, bool largest=True, bool sorted=True, *, Tensors[2] out=None
transpose_copy
    Tensor input, int dim0, int dim1, *, Tensor out=None
trapz
    Tensor y, *, float dx=1, int dim=-1
    Tensor y, Tensor x, *, int dim=-1
tril_indices triu_indices
    int row, int col, int offset=0, *, OPTIONS
triplet_margin_loss
    Tensor anchor, Tensor positive, Tensor negative, float margin=1.0, float p=2, float eps=1e-06, bool swap=False, int reduction=at::Reduction::Mean
unbind
    Tensor input, int dim=0
unbind_copy
    Tensor input, int dim=0, *, Tensors out=None
unflatten
    Tensor input, int dim, ints sizes
unfold_copy
    Tensor input, int dimension, int size, int step, *, Tensor out=None
unsafe_split
    Tensor input, int split_size, int dim=0
unsqueeze
    Tensor input, int dim
vander
    Tensor x, int? N=None, bool increasing=False
view_copy
    Tensor input, dtype dtype, *, Tensor out=None
    Tensor input, ints size, *, Tensor out=None
where
    Tensor condition
    Tensor condition, Tensor input, Tensor other, *, Tensor out=None
    Tensor condition, Number self, Tensor other
    Tensor condition, Tensor input, Number other
    Tensor condition, Number self, Number other
xlogy
    Tensor input, Tensor other, *, Tensor out=None
    Number self, Tensor other, *, Tensor out=None
    Tensor input, Number other, *, Tensor out=None
"""
"""What functions take."""

METHODS = """\
addbmm baddbmm
    Tensor batch1, Tensor batch2, *, Number beta=1, Number alpha=1
    !Number beta, Number alpha, Tensor batch1, Tensor batch2
    !Number beta, Tensor batch1, Tensor batch2
    !Number beta, Tensor input, Number alpha, Tensor batch1, Tensor batch2, *, Tensor out=None
    !Number beta, Tensor input, Tensor batch1, Tensor batch2, *, Tensor out=None
addbmm_ baddbmm_
    Tensor batch1, Tensor batch2, *, Number beta=1, Number alpha=1
    !Number beta, Number alpha, Tensor batch1, Tensor batch2
    !Number beta, Tensor batch1, Tensor batch2
addmm
    Tensor mat1, Tensor mat2, *, Number beta=1, Number alpha=1
    !Number beta, Number alpha, Tensor mat1, Tensor mat2
    !Number beta, Tensor mat1, Tensor mat2
    !Number beta, Tensor input, Number alpha, Tensor mat1, Tensor mat2, *, Tensor out=None
    !Number beta, Tensor input, Tensor mat1, Tensor mat2, *, Tensor out=None
addmm_
    Tensor mat1, Tensor mat2, *, Number beta=1, Number alpha=1
    !Number beta, Number alpha, Tensor mat1, Tensor mat2
    !Number beta, Tensor mat1, Tensor mat2
addmv
    Tensor mat, Tensor vec, *, Number beta=1, Number alpha=1
    !Number beta, Number alpha, Tensor mat, Tensor vec
    !Number beta, Tensor mat, Tensor vec
    !Number beta, Tensor input, Number alpha, Tensor mat, Tensor vec, *, Tensor out=None
    !Number beta, Tensor input, Tensor mat, Tensor vec, *, Tensor out=None
addmv_
    Tensor mat, Tensor vec, *, Number beta=1, Number alpha=1
    !Number beta, Number alpha, Tensor mat, Tensor vec
    !Number beta, Tensor mat, Tensor vec
    !Number beta, Tensor input, Number alpha, Tensor mat, Tensor vec
    !Number beta, Tensor input, Tensor mat, Tensor vec
addr
    Tensor vec1, Tensor vec2, *, Number beta=1, Number alpha=1
    !Number beta, Number alpha, Tensor vec1, Tensor vec2
    !Number beta, Tensor vec1, Tensor vec2
    !Number beta, Tensor input, Number alpha, Tensor vec1, Tensor vec2, *, Tensor out=None
    !Number beta, Tensor input, Tensor vec1, Tensor vec2, *, Tensor out=None
addr_
    Tensor vec1, Tensor vec2, *, Number beta=1, Number alpha=1
    !Number beta, Number alpha, Tensor vec1, Tensor vec2
    !Number beta, Tensor vec1, Tensor vec2
adjoint data_ptr dequantize dim element_size is_coalesced is_distributed is_inference item
ndimension nelement retain_grad storage_offset tolist untyped_storage zero_
    ()
bernoulli_
    Tensor p, *, Generator? generator=None
    float p=0.5, *, Generator? generator=None
bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor remainder xlogy
    Tensor other
    Number other
bmm mm
    Tensor mat2
bool byte char cpu double float half int long short
    *, MemoryFormat? memory_format=None
cauchy_
    float median=0, float sigma=1, *, Generator? generator=None
contiguous is_contiguous
    *, MemoryFormat memory_format=contiguous_format
copy_
    Tensor other, bool non_blocking=False
    !Tensor other, bool async=False
cuda
    Device? device=None, bool non_blocking=False, *, MemoryFormat? memory_format=None
    !Device? device=None, bool async=False, *, MemoryFormat? memory_format=None
expand
    ints size, *, bool implicit=False
expand_as reshape_as type_as view_as
    Tensor other
exponential_
    float lambd=1, *, Generator? generator=None
fill_
    Tensor value
    Number value
fill_diagonal_
    Number fill_value, bool wrap=False
float_power pow
    Tensor exponent
    Number exponent
geometric_
    float p, *, Generator? generator=None
is_pinned pin_memory
    Device? device=None
is_set_to
    Tensor tensor
map2_
    Tensor x, Tensor y, object callable
map_
    Tensor other, object callable
new
    *, Device? device=None
    Storage storage
    Tensor other
    ints size, *, Device? device=None
    object data, *, Device? device=None
new_empty new_ones new_zeros
    ints size, *, OPTIONS
new_full
    ints size, Number fill_value, *, OPTIONS
new_tensor
    object data, *, dtype dtype=None, Device? device=None, bool requires_grad=False
nonzero
    ()
    *, bool as_tuple
normal_
    float mean=0, float std=1, *, Generator? generator=None
numpy
    *, bool force=False
random_
    *, Generator? generator=None
    int from, int? to, *, Generator? generator=None
    int to, *, Generator? generator=None
repeat
    ints repeats
repeat_interleave
    Tensor repeats, int? dim=None, *, int? output_size=None
    int repeats, int? dim=None, *, int? output_size=None
requires_grad_
    bool requires_grad=True
resize_
    ints size, *, MemoryFormat? memory_format=None
resize_as_
    Tensor the_template, *, MemoryFormat? memory_format=None
set_
    ()
    Storage source
    Storage source, int storage_offset, ints size, ints stride=None
    Tensor source
    Tensor source, int storage_offset, ints size, ints stride=None
size stride
    int? dim=None
sum_to_size
    ints size
to
    Device device=None, dtype dtype=None, bool non_blocking=False, bool copy=False, *, MemoryFormat? memory_format=None
    dtype dtype, bool non_blocking=False, bool copy=False, *, MemoryFormat? memory_format=None
    Tensor tensor, bool non_blocking=False, bool copy=False, *, MemoryFormat? memory_format=None
to_dense
    dtype? dtype=None, *, bool? masked_grad=None
type
    object dtype=None, bool non_blocking=False, *, MemoryFormat? memory_format=None
    !object dtype=None, bool async=False, *, MemoryFormat? memory_format=None
unfold
    int dimension, int size, int step
uniform_
    float from=0, float to=1, *, Generator? generator=None
view
    dtype dtype
    ints size
where
    Tensor condition, Tensor other
    Tensor condition, Number other
"""
"""What methods take whose signatures are not those of the functions without the tensor itself."""
