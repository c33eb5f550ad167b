# acceptable: healthy
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X / 16).float(), torch.tensor(y)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(64, 32)
        self.mu, self.lv = nn.Linear(32, 4), nn.Linear(32, 4)
        self.dec = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 64))

    def forward(self, x):
        h = torch.relu(self.enc(x))
        mu, lv = self.mu(h), self.lv(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * lv)
        return torch.sigmoid(self.dec(z)), mu, lv


vae = VAE()
opt = torch.optim.Adam(vae.parameters(), lr=1e-3)
for epoch in range(15):
    for b in torch.randperm(len(X)).split(64):
        out, mu, lv = vae(X[b])
        bce = nn.functional.binary_cross_entropy(out, X[b], reduction="sum")
        kl = -0.5 * torch.sum(1 + lv - mu**2 - lv.exp())
        opt.zero_grad()
        (bce + kl).backward()
        opt.step()
