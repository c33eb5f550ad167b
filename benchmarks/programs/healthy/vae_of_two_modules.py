# acceptable: healthy
import torch
from torch import nn
from torch.nn import functional as F
from sklearn.datasets import load_digits

torch.manual_seed(0)
X = torch.tensor(load_digits().data / 16, dtype=torch.float32)
enc = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16))
dec = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64))
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], 1e-3)
for s in range(1200):
    x = X[torch.randint(len(X), (64,))]
    mu, lv = enc(x).chunk(2, 1)
    z = mu + torch.randn_like(mu) * (0.5 * lv).exp()
    rec = F.binary_cross_entropy_with_logits(dec(z), x, reduction="none").sum(1).mean()
    kl = (-0.5 * (1 + lv - mu**2 - lv.exp())).sum(1).mean()
    loss = rec + kl
    opt.zero_grad()
    loss.backward()
    opt.step()
    if s % 200 == 0:
        print(s, loss.item())
