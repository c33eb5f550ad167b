# acceptable: lr-too-high
import torch
from torch import nn

torch.manual_seed(0)
text = "the quick brown fox jumps over the lazy dog and runs away from the slow red hen " * 40
chars = sorted(set(text))
ids = torch.tensor([chars.index(c) for c in text])


class LM(nn.Module):
    def __init__(self, v, d=32):
        super().__init__()
        self.tok = nn.Embedding(v, d)
        self.pos = nn.Embedding(32, d)
        self.enc = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(d, 4, 64, dropout=0.0, batch_first=True), 2
        )
        self.head = nn.Linear(d, v)

    def forward(self, x):
        m = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.head(self.enc(self.tok(x) + self.pos(torch.arange(x.shape[1])), mask=m))


model = LM(len(chars))
opt = torch.optim.Adam(model.parameters(), lr=0.1)
for step in range(300):
    s = torch.randint(len(ids) - 33, (16,))
    b = torch.stack([ids[k : k + 33] for k in s])
    logits = model(b[:, :-1])
    loss = nn.functional.cross_entropy(logits.reshape(-1, len(chars)), b[:, 1:].reshape(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 0:
        print(step, loss.item())
