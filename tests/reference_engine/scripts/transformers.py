import torch
from torch import nn

torch.manual_seed(0)
layer = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, dropout=0.0, batch_first=True)
print(layer)
encoder = nn.TransformerEncoder(layer, num_layers=2)
x = torch.randn(5, 3, 8)
print(encoder(x)[0])
later = nn.Transformer.generate_square_subsequent_mask(3)
print(later, encoder(x, mask=later)[0])
decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16, 0.0, batch_first=True), 2)
print(decoder(x, torch.randn(5, 4, 8), tgt_mask=later)[0])
first = nn.TransformerEncoderLayer(8, 2, 16, 0.0, activation="gelu", norm_first=True)
print(first(x)[0])
both = nn.Transformer(8, 2, 1, 1, 16, 0.0)
print(both(x, torch.randn(4, 3, 8)).shape, sum(one.numel() for one in both.parameters()))
encoder.eval()
absent = torch.tensor([[False, False, True]] * 5)
with torch.no_grad():
    print(encoder(x, src_key_padding_mask=absent)[0])
optimizer = torch.optim.Adam(encoder.parameters(), lr=0.01)
for _ in range(3):
    loss = (encoder(x) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(round(loss.item(), 3))
