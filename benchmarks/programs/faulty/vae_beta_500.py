# acceptable: over-regularised
import torch
from torch import nn
from torch.nn import functional as F
from sklearn.datasets import load_digits

torch.manual_seed(0)
X = torch.tensor(load_digits().data / 16, dtype=torch.float32)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Linear(64, 64)
        self.mu = nn.Linear(64, 8)
        self.lv = nn.Linear(64, 8)
        self.d = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.Sigmoid())

    def forward(self, x):
        h = F.relu(self.e(x))
        mu, lv = self.mu(h), self.lv(h)
        return self.d(mu + torch.randn_like(mu) * (lv / 2).exp()), mu, lv


vae = VAE()
opt = torch.optim.Adam(vae.parameters(), lr=1e-3)
for step in range(900):
    x = X[torch.randint(len(X), (64,))]
    r, mu, lv = vae(x)
    kl = -0.5 * (1 + lv - mu**2 - lv.exp()).sum(1).mean()
    loss = F.binary_cross_entropy(r, x, reduction="sum") / 64 + 500 * kl
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 0:
        print(step, loss.item(), kl.item())
