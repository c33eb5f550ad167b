# acceptable: healthy
import torch
from torch import nn

torch.manual_seed(0)
V, T = 40, 12
trans = torch.softmax(2.5 * torch.randn(V, V), 1)


def batch(n=32):
    s = [torch.randint(V, (n,))]
    for _ in range(T):
        s.append(torch.multinomial(trans[s[-1]], 1)[:, 0])
    return torch.stack(s, 1)


class Tied(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.emb = nn.Embedding(V, d)
        self.rnn = nn.LSTM(d, d, batch_first=True)
        self.dec = nn.Linear(d, V)
        self.dec.weight = self.emb.weight
        nn.init.normal_(self.emb.weight, std=0.1)

    def forward(self, x):
        return self.dec(self.rnn(self.emb(x))[0])


m = Tied()
opt = torch.optim.Adam(m.parameters(), lr=5e-3)
for step in range(600):
    b = batch()
    l = nn.functional.cross_entropy(m(b[:, :-1]).transpose(1, 2), b[:, 1:])
    opt.zero_grad()
    l.backward()
    opt.step()
    if step % 100 == 0:
        print(step, l.item())
