# acceptable: healthy
import torch
from torch import nn

torch.manual_seed(0)


class Gen(nn.Module):
    def __init__(self):
        super().__init__()
        self.m = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))

    def forward(self, z):
        return self.m(z)


class Dis(nn.Module):
    def __init__(self):
        super().__init__()
        self.m = nn.Sequential(
            nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1)
        )

    def forward(self, x):
        return self.m(x)


G, D = Gen(), Dis()
og = torch.optim.Adam(G.parameters(), 1e-3, (0.5, 0.999))
od = torch.optim.Adam(D.parameters(), 1e-3, (0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
one, zero = torch.ones(64, 1), torch.zeros(64, 1)
for it in range(600):
    a = torch.rand(64) * 6.283
    r = torch.stack([a.cos(), a.sin()], 1) + 0.05 * torch.randn(64, 2)
    fake = G(torch.randn(64, 2))
    ld = bce(D(r), one) + bce(D(fake.detach()), zero)
    od.zero_grad()
    ld.backward()
    od.step()
    lg = bce(D(fake), one)
    og.zero_grad()
    lg.backward()
    og.step()
    if it % 100 == 0:
        print(it, ld.item(), lg.item())
