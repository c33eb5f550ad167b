# acceptable: healthy
import this

import torch
from torch import nn

torch.manual_seed(0)
text = "".join(this.d.get(c, c) for c in this.s)
vocabulary = sorted(set(text))
data = torch.tensor([vocabulary.index(c) for c in text])


class Model(nn.Module):
    def __init__(self, v, d=48, n=32):
        super().__init__()
        self.tok, self.pos = nn.Embedding(v, d), nn.Embedding(n, d)
        layer = nn.TransformerEncoderLayer(d, 4, 96, dropout=0.1, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(d, v)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        h = self.tok(x) + self.pos(torch.arange(x.shape[1]))
        return self.head(self.body(h, mask=mask, is_causal=True))


model = Model(len(vocabulary))
opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
warmup = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / 40))
for step in range(250):
    at = torch.randint(len(data) - 33, (16,))
    x = torch.stack([data[i : i + 32] for i in at])
    y = torch.stack([data[i + 1 : i + 33] for i in at])
    loss = nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    warmup.step()
